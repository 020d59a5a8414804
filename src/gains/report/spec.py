"""The specification of a report: everything that determines it except the results themselves."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gains.config.base import Changes, Settings
from gains.tables.specs import TableSpec
from gains.tables.validation.specs import ValidationSpec


class ImagesSpec(Settings):
    """A data set of a report.

    Attributes:
        name: name in the study.
        title: title of its source.
        licence: licence of the images.
        stands_for: the published data set that this one imitates, or None.
        coco: its COCO JSON file, with the archive of its images beside it.
    """

    name: str
    title: str
    licence: str
    stands_for: str | None
    coco: str


class RunSpec(Settings):
    """A training of a report.

    Attributes:
        dataset: data set in the study.
        title: method and variant in words.
        seed: seed of all random numbers.
        fold: fold of the split.
        folder: folder of its files.
        kept: whether it is a kept run, whose losses are not there; left out of a file if it is not.
    """

    dataset: str
    title: str
    seed: int
    fold: int
    folder: str
    kept: bool = Field(False, exclude_if=lambda kept: not kept)


class ShownSpec(Settings):
    """A method on a data set, whose best, median and worst image a report shows.

    Attributes:
        dataset: data set in the study.
        title: method and variant, or the label of external predictions.
        folders: folder of the predictions and scores of each seed and fold.
    """

    dataset: str
    title: str
    folders: tuple[str, ...]


class ReportSpec(Settings):
    """A report.

    Attributes:
        study: name of the study.
        study_title: title of the study.
        tables: its tables with at least one data set that is not absent, first those that compare
            most methods.
        validations: its tables of validations with such a data set; left out of a file if there are
            none.
        datasets: its data sets whose images are here.
        trainings: its trainings.
        shown: the methods on each data set.
        compare: CSV file of the comparison with published numbers.
        audit: CSV file of the audit of the data.
        min_score: lowest score of the detections that pictures show.
        settings: the study as a person wrote it, without limits of the machine; own files are
            named without their folders.
        cited: what the study cites, see :func:`gains.study.citations.cited_names`.
    """

    study: str
    study_title: str
    tables: tuple[TableSpec, ...]
    validations: tuple[ValidationSpec, ...] = Field((), exclude_if=lambda tables: not tables)
    datasets: tuple[ImagesSpec, ...]
    trainings: tuple[RunSpec, ...]
    shown: tuple[ShownSpec, ...]
    compare: str
    audit: str
    min_score: float
    settings: Changes
    cited: dict[str, str]

    @property
    def paths(self) -> list[str]:
        """The files that the report reads."""
        found = [path for table in self.tables for path in (*table.score_paths, *table.cost_paths)]
        for dataset in self.datasets:
            found += [dataset.coco, str(Path(dataset.coco).with_suffix(".zip"))]
        for run in self.trainings:
            names = [name for name in OF_TRAININGS if not (run.kept and name == LOSSES)]
            found += [f"{run.folder}/{name}" for name in names]
        for shown in self.shown:
            found += [f"{folder}/{name}" for folder in shown.folders for name in OF_PREDICTIONS]
        return [*dict.fromkeys(found), self.compare, self.audit]


LOSSES = "losses.csv"
OF_TRAININGS = ("run.json", LOSSES, "validation.csv")
OF_PREDICTIONS = (
    "test.predictions.json.gz",
    "test.predictions.images.json",
    "test.scores.json",
)
"""Files in the folder of a run."""
