"""Every command of README.md and docs/ runs as it stands, on small data and small studies.

A comment on the line before a fence says what does not run here, and why:

- ``<!-- not run: reason -->``: nothing of it runs;
- ``<!-- dry run: reason -->``: Snakemake, DVC and make only say what they would do.
"""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from helpers.paths import ROOT
from helpers.project import BIN, Project

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(
    r"^(?:<!-- (?P<mode>not run|dry run): (?P<reason>[^\n]+) -->\n)?"
    r"```(?P<language>sh|yaml)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
ABSOLUTE = re.compile(r"(?<=[\s\"'])/data/")
DRY = """
snakemake() { command snakemake -n --quiet rules "$@"; }
dvc() { if [ "$1" = repro ]; then command dvc repro --dry --single-item data; else command dvc "$@"; fi; }
make() { command make -n "$@"; }
"""


@dataclass(frozen=True)
class Fence:
    """A fenced block of a document."""

    mode: str | None
    language: str
    text: str
    line: int


def fences(text: str) -> Iterator[Fence]:
    for match in FENCE.finditer(text):
        line = text[: match.start("text")].count("\n")
        yield Fence(match["mode"], match["language"], match["text"], line)


def shrink(study: dict[str, Any]) -> None:
    """Give a study the small model and the six iterations of the tiny study."""
    tiny = yaml.safe_load((ROOT / "tests/studies/tiny.yaml").read_text())["studies"]["tiny"]
    study.update(detector=tiny["detector"], recipe=tiny["recipe"], seeds=[0])
    for dataset in study["datasets"].values():
        dataset.pop("detector", None)
        dataset.pop("recipe", None)
        if "count" in dataset.get("options", {}):
            dataset["options"].update(count=12, size=64)


class Reader:
    """A copy of the project where someone follows the documents, with images of their own."""

    def __init__(self, folder: Path) -> None:
        self.project = Project.copy(folder, stub=False)
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy2(ROOT / name, folder / name)
        (folder / ".venv/bin").mkdir(parents=True)
        (folder / ".venv/bin/activate").touch()
        (folder / ".ready").touch()
        self.save_study((ROOT / "studies/first.yaml").read_text())
        self.save_images(folder / "reader/my-cells")
        shutil.copytree(folder / "reader/my-cells/images", folder / "reader/new-images")
        shutil.copytree(folder / "reader/my-cells/images", folder / "my_images")
        shutil.copy2(folder / "reader/my-cells/annotations.json", folder / "my_annotations.json")
        self.project.call("git", "init", "-q", "-b", "main")
        self.project.call("dvc", "init", "-q")

    def save_study(self, text: str) -> None:
        """Save a whole study under its name, shrunk; a part of one is left out."""
        content = yaml.safe_load(ABSOLUTE.sub(f"{self.project.folder}/reader/", text))
        for name, study in content["studies"].items():
            if "tables" not in study:
                continue
            shrink(study)
            file = self.project.path(f"studies/{name}.yaml")
            file.write_text(yaml.safe_dump({"studies": {name: study}}, sort_keys=False))

    def save_images(self, folder: Path) -> None:
        """Save ten synthetic images 001.png, 002.png, ... and their annotations."""
        options = '{"count": 10, "size": 64, "seed": 3}'
        json_file, archive = folder / "source.json", folder / "source.zip"
        self.run(f"gains convert synthetic-cells --options '{options}' --out {json_file}")
        content = json.loads(json_file.read_text())
        (folder / "images").mkdir()
        with zipfile.ZipFile(archive) as images:
            for number, record in enumerate(content["images"], start=1):
                name = f"{number:03d}.png"
                (folder / "images" / name).write_bytes(images.read(record["file_name"]))
                record["file_name"] = name
        (folder / "annotations.json").write_text(json.dumps(content))
        json_file.unlink()
        archive.unlink()

    def run(self, script: str) -> str:
        """Run lines of a shell in the project's folder, with its environment active."""
        script = ABSOLUTE.sub(f"{self.project.folder}/reader/", script)
        return self.project.call(
            "bash", "-euo", "pipefail", "-c", script,
            PYTHONPATH=str(self.project.path("src")), MAKEFLAGS=f"BIN={BIN} READY=.ready",
        )  # fmt: skip


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return Reader(tmp_path_factory.mktemp("reader") / "project")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_commands_run_as_they_stand(document: Path, reader: Reader) -> None:
    for fence in fences(document.read_text()):
        if fence.mode == "not run":
            continue
        if fence.language == "yaml":
            if fence.text.startswith("studies:"):
                reader.save_study(fence.text)
            continue
        reader.run((DRY if fence.mode == "dry run" else "") + fence.text)
