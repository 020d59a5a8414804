"""The settings and data of one training: of a run of a study, or given one by one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gains.methods.run_settings import RunSettings
from gains.study.opening import open_study
from gains.study.runs import Run
from gains.study.starts import start_model
from gains.study.study import Study
from gains.support.files import require_file
from gains.support.yaml_text import parse_yaml, read_utf8


@dataclass(frozen=True)
class NamedRun:
    """The names by which a command line chooses a run.

    Attributes:
        config: config file.
        study: study; None for the one that the config file names.
        dataset: data set, or None if no run is named.
        method: method, or None if no run is named.
        variant: variant of the method.
        seed: seed of the training.
        fold: fold of the split.
    """

    config: Path
    study: str | None = None
    dataset: str | None = None
    method: str | None = None
    variant: str = "default"
    seed: int = 0
    fold: int = 0

    def given(self, *names: str) -> list[str]:
        """Return those of these attributes that do not have their default values."""
        return [name for name in names if getattr(self, name) != getattr(NamedRun, name)]

    def find(self) -> tuple[Study, Run]:
        """Return the study and the run.

        Raises:
            FileNotFoundError: there is no such config file.
            ValueError: no run is named, the config file is not valid, or there is no such study.
        """
        if self.dataset is None or self.method is None:
            raise ValueError(
                "no run is named; name it with --dataset and --method (and --study, --variant, "
                "--seed, --fold)"
            )
        opened = open_study(self.config, self.study)
        return opened, Run(self.dataset, self.method, self.variant, self.seed, self.fold)


@dataclass(frozen=True)
class TrainingInputs:
    """What a training reads.

    Attributes:
        settings: settings of the run.
        coco: COCO JSON file, with the images in an archive beside it.
        split: split file.
        maps: anomaly maps of the training images, or None.
        name: name of the run; "" if it belongs to no study.
        start: model file of the run from which the training starts, or None.
    """

    settings: RunSettings
    coco: Path
    split: Path
    maps: Path | None
    name: str
    start: Path | None


def training_inputs(
    named: NamedRun,
    settings: str | Path | None,
    coco: Path | None,
    split: Path | None,
    maps: Path | None,
    start: Path | None = None,
) -> TrainingInputs:
    """Return what a training reads; files that are given replace those of the study.

    Args:
        named: names of a run; they are not used if ``settings`` is given.
        settings: settings of a run, as text or in a file; None for those of the study.
        coco: COCO JSON file, or None for that of the study.
        split: split file, or None for that of the study.
        maps: anomaly maps, or None for those of the study.
        start: model of the run from which the training starts, or None for that of the study.

    Raises:
        FileNotFoundError: there is no config file.
        ValueError: neither a run nor settings with files are given, or a setting is not valid.
    """
    if settings is None:
        opened, run = named.find()
        chosen = opened.run_settings(run)
        coco = coco or opened.coco(run.dataset)
        split = split or opened.split(run.dataset)
        maps = maps or opened.maps(run)
        name = f"{run.dataset}/{run.method}/{run.variant}"
        return TrainingInputs(chosen, coco, split, maps, name, start or start_model(opened, run))
    chosen = parse_settings(settings)
    if coco is None or split is None:
        raise ValueError("--settings names no data; name the files with --coco and --split")
    return TrainingInputs(chosen, coco, split, maps, "", start)


def parse_settings(given: str | Path) -> RunSettings:
    """Parse the settings of a run from YAML or JSON, as ``gains config show`` prints it.

    Other keys, which name the run, are ignored.

    Args:
        given: the text, or the path of a file that holds it.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the text is not YAML, a key is missing, or a value is out of range.
    """
    where = "--settings"
    if isinstance(given, Path):
        file = require_file(
            given, "there is no such file; --settings takes a file, or settings that begin with {"
        )
        where, given = str(given), read_utf8(file)
    content = parse_yaml(given, where)
    if not isinstance(content, dict):
        raise ValueError(f"{where}: expected a mapping, found {given[:80]!r}")
    return RunSettings.from_json(content, where)
