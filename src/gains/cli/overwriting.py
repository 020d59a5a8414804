"""The outputs of a verb: it overwrites none of its inputs, and nothing of a later call."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

BESIDE = {
    "convert": (".zip",),
    "predict": (".images.json",),
    "import-predictions": (".images.json",),
    "table": (".md", ".tex", ".certainty.csv", ".certainty.md", ".contact.csv", ".contact.md"),
    "validation-table": (".md", ".tex"),
    "certainty": (".md",),
    "compare": (".md",),
    "thresholds": (".md",),
}
"""Suffixes of the files that a verb writes beside the file that ``--out`` names."""
FIGURE = (".pdf", ".png")
"""Suffixes of a figure; naming one writes both."""
IN_THE_FOLDER = {"train": ("losses.csv", "validation.csv", "run.json")}
"""Names of the files that a verb writes into the folder of that file."""
READ_BESIDE = (".zip", ".images.json")
"""Suffixes of the files that belong to an input: the archive of images, the predicted images."""


class Verb(TyperCommand):
    """A verb that claims its output, and refuses empty paths and to overwrite what it reads."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line; ``~`` becomes the home folder, also in ``--option=~/file``.

        Raises:
            ValueError: a path is empty, which would mean the present folder, or a value holds a
                zero byte.
        """
        given, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        for name, value in given.items():
            if any("\0" in text for text in _listed(value) if isinstance(text, str)):
                raise ValueError(f"{name}: {value!r} holds a zero byte; leave it out")
        rest: list[str] = super().parse_args(ctx, args)
        for parameter in self.params:
            name = parameter.name or ""
            if "" in _listed(given.get(name)) and any(
                isinstance(value, Path) for value in _listed(ctx.params.get(name))
            ):
                raise ValueError(
                    f"{max(parameter.opts, key=len)}: the path is empty, perhaps because a "
                    "variable in the command is; name a file or folder"
                )
        ctx.params = {name: _at_home(value) for name, value in ctx.params.items()}
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run the verb.

        Raises:
            ValueError: ``--out``, or a file that is written beside it, is also an input, or its
                folder cannot be written to.
            SupersededError: a call that started later writes the same output.
        """
        # imported here, because it needs more modules than the help of a verb
        from gains.support.claims import claimed

        out = ctx.params.get("out")
        if not isinstance(out, Path):
            return super().invoke(ctx)
        refuse_overwriting(self.name or "", out, _inputs(ctx.params))
        with claimed(out):
            return super().invoke(ctx)


def _at_home(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(map(_at_home, value))
    return Path(os.path.expanduser(value)) if isinstance(value, Path) else value  # noqa: PTH111


def refuse_overwriting(verb: str, out: Path, inputs: Iterable[Path], folders: bool = False) -> None:
    """Refuse an output that is also an input.

    Args:
        verb: name of the verb, which tells the files that it writes beside ``out``.
        out: file to write.
        inputs: files and folders to read.
        folders: whether every file in such a folder is read; otherwise only its images are.

    Raises:
        ValueError: a file that would be written is an input; the message names it.
    """
    if not out.name:
        raise ValueError(f"{out}: is a folder; name a file or a new folder to write with --out")
    own = FIGURE if out.suffix.lower() in FIGURE else BESIDE.get(verb, ())
    written = [out, *_beside(out, own), *map(out.with_name, IN_THE_FOLDER.get(verb, ()))]
    kinds = [suffix for suffix in READ_BESIDE if suffix not in own]
    read = [file for path in inputs for file in (path, *_beside(path, kinds))]
    for file in written:
        for path in read:
            if _same(file, path) or (_holds(path, file) and (folders or _is_image(file))):
                raise ValueError(
                    f"{file}: this file would be overwritten, but the command also reads it; name "
                    "another file with --out"
                )


def _beside(path: Path, suffixes: Iterable[str]) -> list[Path]:
    if not path.name:  # the present folder
        return []
    return [path.with_name(path.name.removesuffix(".gz")).with_suffix(end) for end in suffixes]


def _inputs(params: Mapping[str, Any]) -> list[Path]:
    values = [value for name, value in params.items() if name != "out"]
    return [Path(v) for value in values for v in _listed(value) if isinstance(v, Path)]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _same(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return a.absolute() == b.absolute()


def _holds(folder: Path, file: Path) -> bool:
    if not (file.exists() and folder.is_dir()):
        return False
    return Path(os.path.realpath(file)).is_relative_to(os.path.realpath(folder))


def _is_image(file: Path) -> bool:
    # imported here, because the readers of images need more modules than the help of a verb
    from gains.datasets.readers.images import has_image_suffix

    return has_image_suffix(file)
