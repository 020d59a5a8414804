"""The commands of the documents, and a copy of the project in which a reader follows them."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import textwrap
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from gains.datasets.coco import read_coco
from gains.prediction.files import write_predictions
from helpers.external import draw_label_images
from helpers.paths import ROOT
from helpers.preloaded import programs
from helpers.project import BIN, REAL_PATH, Project

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>sh|yaml)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
COMMENT = re.compile(r"(^| +)#.*$", re.MULTILINE)
ABSOLUTE = re.compile(r"(?<=[\s\"'])/(?=data/|path/)")
OUTPUT = re.compile(r" --out (\S+)")
DRY = """
snakemake() { command snakemake --dry-run --quiet rules "$@"; }
make() { command make --dry-run "$@"; }
dvc() {
    if [ "$1" = exp ]; then command dvc exp "$2" --dry "${@:3}" --single-item data
    else command dvc "$1" --dry "${@:2}"; fi
}
"""
"""Functions of a shell in which the programs only say what they would do."""


def blocks(document: Path) -> Iterator[tuple[str, str]]:
    """Yield language and text of each fenced block of commands or YAML."""
    for match in FENCE.finditer(document.read_text()):
        yield match["language"], textwrap.dedent(match["text"])


def commands(text: str) -> Iterator[str]:
    """Yield each command of a block on one line, without its comment."""
    for line in text.replace("\\\n", " ").splitlines():
        if command := COMMENT.sub("", line).strip():
            yield re.sub(r" {2,}", " ", command)


def shrink(study: dict[str, Any]) -> None:
    """Give a study the small model and images of the tiny study, and two iterations.

    The recipe keeps its augmentations and how it validates.
    """
    tiny = yaml.safe_load((ROOT / "tests/studies/tiny.yaml").read_text())["studies"]["tiny"]
    recipe = {**tiny["recipe"], "iterations": 2, "milestones": [1], "warmup_iterations": 1}
    own = study.get("recipe", {})
    kept = ["augmentations", "select", "early_stopping", "validate_every", "start_from"]
    kept += ["validation_metric", "validation_threshold"]
    recipe |= {key: own[key] for key in kept if key in own}
    study.update(detector=tiny["detector"], recipe=recipe, seeds=[0])
    for dataset in study["datasets"].values():
        if "count" in dataset.get("options", {}):
            dataset["options"].update(count=10, size=64)


class Reader:
    """A copy of the project where someone follows the documents, with images of their own.

    The studies ``first`` and ``demo`` train for two iterations, and both are made.

    Attributes:
        project: the copy.
        done: the commands that were run.
    """

    def __init__(self, folder: Path) -> None:
        self.project = Project.copy(folder, stub=False)
        self.done: set[str] = set()
        self._save_environment()

    def prepare(self) -> None:
        """Make all files that the documents name."""
        self._save_studies()
        self._save_images()
        self._save_data()
        self._save_repository()
        self.run("make first")
        self._save_demo()
        truth = read_coco(self.project.path("data/first/coco/synthetic-cells.json"))
        draw_label_images(truth, self.project.path("my_predictions"))

    def run(self, command: str) -> None:
        """Run a command, once, in the project's folder with its environment active.

        Afterwards the file or folder that follows ``--out`` must exist.
        """
        if command in self.done:
            return
        self.shell(command)
        for name in OUTPUT.findall(self.here(command)):
            assert self.project.path(name).exists(), f"{command}\nwrote no {name}"
        self.done.add(command)

    def dry_run(self, command: str) -> None:
        """Let the programs of a command say what they would do."""
        if command not in self.done:
            self.shell(DRY + command)
            self.done.add(command)

    def save_study(self, text: str) -> None:
        """Save the studies of a block, or a study of the data sets of a block, shrunk.

        What a block leaves out, title or tables, is filled in.
        """
        content = yaml.safe_load(self.here(text))
        table = {"title": "one method", "rows": [{"method": "mask_rcnn"}]}
        for name, block in content.get("studies", {"part": content}).items():
            study = {"title": name, "tables": {"table": table}, **block}
            shrink(study)
            self._write_study(name, study)
            self.shell(f"gains config show --study {name}")

    def save_own_study(self) -> None:
        """Save a study of label images in ``my-cells.yaml``, like that of `gains init`, shrunk."""
        labels = {"images": "my_images", "labels": "my_labels", "category": "cell"}
        rows = [{"method": "mask_rcnn"}, {"method": "gains"}]
        study = {
            "title": "my cells",
            "datasets": {"my-cells": {"source": "folder", "options": labels}},
            "tables": {"comparison": {"title": "Comparison", "rows": rows}},
            "predictions": {},
        }
        shrink(study)
        text = yaml.safe_dump({"studies": {"my-cells": study}}, sort_keys=False)
        self.project.path("studies/my-cells.yaml").unlink(missing_ok=True)  # that of the tutorial
        self.project.path("my-cells.yaml").write_text(text)

    def here(self, text: str) -> str:
        """Return a text whose paths /data and /path lie in the project's folder."""
        return ABSOLUTE.sub(f"{self.project.folder}/reader/", text)

    def shell(self, script: str) -> str:
        """Run lines of a shell; a line that fails ends them and fails the test."""
        return self.project.call(
            "bash", "-euo", "pipefail", "-c", self.here(script),
            PYTHONPATH=str(self.project.path("src")),
            PATH=f"{self.project.path('.venv/bin')}:{REAL_PATH}",
        )  # fmt: skip

    def _save_environment(self) -> None:
        for name in ("Makefile", "pyproject.toml", "constraints.txt", "benchmarks"):
            source, place = ROOT / name, self.project.path(name)
            (shutil.copytree if source.is_dir() else shutil.copy2)(source, place)
        place = self.project.path(".venv/bin")
        place.mkdir(parents=True)
        (place / "activate").touch()
        for program in (programs() / "gains", programs() / "snakemake", BIN / "dvc"):
            (place / program.name).symlink_to(program)
        self.project.path(".venv/.made-of").touch()
        # `gains run` starts the real Snakemake, whose jobs would start the real `gains`
        self.project.replace(
            "workflow/rules/common/study.smk", "os.path.dirname(sys.executable)", f'"{place}"'
        )

    def _write_study(self, name: str, study: dict[str, Any]) -> None:
        file = self.project.path(f"studies/{name}.yaml")
        file.write_text(yaml.safe_dump({"studies": {name: study}}, sort_keys=False))

    def _save_studies(self) -> None:
        first = yaml.safe_load(self.project.path("studies/first.yaml").read_text())
        study = first["studies"]["first"]
        shrink(study)
        self._write_study("first", study)
        self.project.edit_config(lambda demo: (demo.clear(), demo.update(study)))
        shutil.copy2(ROOT / "tests/studies/tiny.yaml", self.project.path("own.yaml"))

    def _save_images(self) -> None:
        """Save ten synthetic images 001.png, 002.png, ..., their annotations and masks."""
        options = '{"count": 10, "size": 64, "seed": 3}'
        self.shell(f"gains convert synthetic-cells --options '{options}' --out cells.json")
        content = json.loads(self.project.path("cells.json").read_text())
        folder = self.project.path("reader/data/my-cells")
        (folder / "images").mkdir(parents=True)
        with zipfile.ZipFile(self.project.path("cells.zip")) as archive:
            for number, record in enumerate(content["images"], start=1):
                name = f"{number:03d}.png"
                (folder / "images" / name).write_bytes(archive.read(record["file_name"]))
                record["file_name"] = name
        (folder / "annotations.json").write_text(json.dumps(content))
        shutil.copytree(folder / "images", self.project.path("reader/data/new-images"))
        for name in ("my_images", "new_images"):
            shutil.copytree(folder / "images", self.project.path(name))
        shutil.copy2(folder / "annotations.json", self.project.path("my_annotations.json"))
        for place in ("stage1_train", "reader/data/my-masks"):
            for part in ("images", "masks"):
                (self.project.path(place) / "001" / part).mkdir(parents=True)
            shutil.copy2(folder / "images/001.png", self.project.path(f"{place}/001/images"))
            mask = Image.new("L", (64, 64))
            mask.paste(255, (10, 12, 30, 28))
            mask.save(self.project.path(f"{place}/001/masks/1.png"))

    def _save_data(self) -> None:
        """Save a data set under the names in the documents, with predictions and scores."""
        options = '{"images": "my_images", "labels": "my_annotations.json"}'
        self.shell(f"gains convert folder --options '{options}' --out my.json")
        self.shell("gains split --coco my.json --out splits/cells.json")
        self.project.path("data/raw/cps/coco").mkdir(parents=True)
        self.project.path("data/raw/cps/coco/a.json").write_text("{}")
        self.shell("gains fetch cps")
        content = json.loads(self.project.path("my.json").read_text())
        test = json.loads(self.project.path("splits/cells.json").read_text())["folds"][0]["test"]
        tested = [image["id"] for image in content["images"] if image["file_name"] in test]
        found = [
            {key: record[key] for key in ("image_id", "category_id", "segmentation")}
            | {"score": 0.9}
            for record in content["annotations"]
        ]
        for name in ("a", "b", "test.predictions"):
            kept = [r for r in found if name in "ab" or r["image_id"] in tested]
            with gzip.open(self.project.path(f"{name}.json.gz"), "wt") as file:
                json.dump(kept, file)
        self._save_detections()
        for suffix in (".json", ".zip"):
            shutil.copy2(self.project.path(f"my{suffix}"), self.project.path(f"cells{suffix}"))
        for name in "ab":
            given = f"--ground-truth my.json --predictions {name}.json.gz"
            self.shell(f"gains score {given} --out {name}.scores.json")

    def _save_detections(self) -> None:
        """Save predictions in my_images: as of README.md, and label images of another program."""
        truth = read_coco(self.project.path("my.json"))
        for name in ("cellpose", "my_labels"):
            draw_label_images(truth, self.project.path(name))
        found = [(image, truth.instances(number)) for number, image in truth.images.items()]
        info = {"categories": {str(number): name for number, name in truth.categories.items()}}
        write_predictions(self.project.path("detections.json"), found, info)

    def _save_demo(self) -> None:
        """Save what the study ``first`` made as the demo's, and its cells as chromosomes and nuclei."""
        for name in ("data", "results"):
            shutil.copytree(self.project.path(f"{name}/first"), self.project.path(f"{name}/demo"))
        place = self.project.path("data/demo/coco")
        for name in ("chromosomes", "nuclei"):
            for suffix in (".json", ".zip"):
                cells = place / f"synthetic-cells{suffix}"
                shutil.copy2(cells, place / f"synthetic-{name}{suffix}")

    def _save_repository(self) -> None:
        remote = str(self.project.path("reader/remote.git"))
        self.project.call("git", "init", "-q", "-b", "main")
        self.project.call("git", "init", "-q", "--bare", remote)
        self.project.call("git", "remote", "add", "origin", remote)
        self.project.call("dvc", "init", "-q")
        self.project.commit("project")
        self.project.path("dvc.lock").write_text("schema: '2.0'\n")
