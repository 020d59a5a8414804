"""The commands of README and tutorial run as they stand, on small images and short trainings."""

from __future__ import annotations

import re
import shutil
import zipfile
from pathlib import Path

import pytest

from helpers.paths import ROOT
from helpers.project import Project


def fences(page: str, language: str) -> list[str]:
    """Return the code blocks of one language in a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S)


def block(page: str, start: str, language: str = "sh") -> str:
    """Return the one code block that begins with ``start``."""
    (text,) = (text for text in fences(page, language) if text.startswith(start))
    return text


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with a folder of own images, and a first study of two iterations."""
    project = Project.copy(tmp_path_factory.mktemp("documented") / "project", stub=False)
    for old, new in (
        (r"iterations: \d+", "iterations: 2"),
        (r"milestones: \[.*?\]", "milestones: [1]"),
        (r"warmup_iterations: \d+", "warmup_iterations: 1"),
        (r"count: \d+, size: \d+", "count: 10, size: 64"),
        (r"train_sizes: \[\d+\]", "train_sizes: [64]"),
        (r"test_size: \d+", "test_size: 64"),
    ):
        file = project.path("studies/first.yaml")
        file.write_text(re.sub(rf"(?<!_){old}", new, file.read_text()))
    options = '{"count": 10, "size": 64, "seed": 3}'
    run(project, f"gains convert synthetic-cells --options '{options}' --out source.json")
    with zipfile.ZipFile(project.path("source.zip")) as archive:
        archive.extractall(project.path("my_images"))
    shutil.copy2(project.path("source.json"), project.path("my_annotations.json"))
    return project


def run(project: Project, script: str) -> str:
    """Run lines of shell in the project's folder; the first that fails ends the test."""
    return project.call("bash", "-euc", script, PYTHONPATH=str(project.path("src")))


def test_commands_of_the_readme(project: Project) -> None:
    run(project, "snakemake --cores 2 --config study=first")
    run(project, block("README.md", "gains convert folder"))
    assert project.path("detections.json").is_file()
    run(project, block("README.md", "gains methods"))
    assert project.path("strict").is_dir()


def test_commands_of_the_tutorial(project: Project) -> None:
    page = "docs/tutorial.md"
    images, annotations = project.path("my_images"), project.path("my_annotations.json")
    first_image = min(path.name for path in images.iterdir())

    def adapted(text: str) -> str:
        text = text.replace("/data/my-cells/annotations.json", str(annotations))
        text = text.replace("/data/my-cells/images", str(images))
        text = text.replace("/data/new-images", str(images)).replace("001.png", first_image)
        assert "/data/" not in re.sub(r"(?<=\w)/data/|data/my-cells", "", text)
        return text

    (study,) = fences(page, "yaml")
    study = adapted(study).replace("iterations: 300", "iterations: 2").replace("[250]", "[1]")
    study = study.replace("warmup_iterations: 20", "warmup_iterations: 1").replace("160", "64")
    project.path("studies/my-cells.yaml").write_text(study)
    for start in ("gains convert folder", "snakemake -n", "gains figure predictions"):
        run(project, adapted(block(page, start)))
    run(project, adapted(block(page, "gains figure figure3")))
    run(project, adapted(block(page, "gains predict")))
    for name in ("check/sheet.png", "results/comparison.md", "predictions.png", "map.png"):
        assert Path(project.path(name)).is_file(), name
