"""Refusal of a command whose output would overwrite one of its inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

BESIDE = {
    "convert": (".zip",),
    "predict": (".images.json",),
    "table": (".md", ".tex"),
    "compare": (".md",),
}
"""Suffixes of the files that a verb writes beside the file that ``--out`` names."""


class Verb(TyperCommand):
    """A verb that refuses to overwrite the files that its options and arguments name."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb.

        Raises:
            ValueError: ``--out``, or a file that is written beside it, is also an input.
        """
        out = ctx.params.get("out")
        if isinstance(out, Path):
            refuse_overwriting(self.name or "", out, _inputs(ctx.params))
        return super().invoke(ctx)


def refuse_overwriting(verb: str, out: Path, inputs: Iterable[Path], folders: bool = False) -> None:
    """Refuse an output that is also an input.

    Args:
        verb: name of the verb, which tells the files that it writes beside ``out``.
        out: file to write.
        inputs: files and folders to read.
        folders: whether every file in such a folder is read.

    Raises:
        ValueError: a file that would be written is an input; the message names it.
    """
    stem = out.with_name(out.name.removesuffix(".gz")).with_suffix("")
    written = [out, *(Path(f"{stem}{suffix}") for suffix in BESIDE.get(verb, ()))]
    for file in written:
        for path in inputs:
            if _same(file, path) or (folders and file.exists() and _holds(path, file)):
                raise ValueError(
                    f"{file}: this file would be overwritten, but the command also reads it; name "
                    "another file with --out"
                )


def _inputs(params: Mapping[str, Any]) -> list[Path]:
    values = [value for name, value in params.items() if name != "out"]
    lists = [value if isinstance(value, list | tuple) else [value] for value in values]
    return [Path(v) for found in lists for v in found if isinstance(v, Path)]


def _same(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return a.absolute() == b.absolute()


def _holds(folder: Path, file: Path) -> bool:
    return folder.is_dir() and file.resolve().is_relative_to(folder.resolve())
