"""The specification of a table of validations: all that determines it except the validations."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from gains.config.base import Settings

FILES = ("validation.csv", "run.json")
"""What the table reads of each training."""


class ValidatedCellSpec(Settings):
    """One row of the table on one data set.

    Attributes:
        iterations: length of the schedule.
        folders: folder of the training of each seed and fold; none on an absent data set.
    """

    iterations: int
    folders: tuple[str, ...]


class ValidatedRowSpec(Settings):
    """A row of the table.

    Attributes:
        label: text that names the row.
        method: registered name of the method.
        variant: variant of the method.
        against: label of the row that it is compared with; None for a row that is compared with
            none.
        cells: its trainings by the name of the data set.
    """

    label: str
    method: str
    variant: str
    against: str | None
    cells: dict[str, ValidatedCellSpec]


class ValidatedDatasetSpec(Settings):
    """A data set of the table.

    Attributes:
        name: name in the study.
        title: name in the table.
        metric: metric of the validations.
        folds: folds that are trained.
        absent: path that does not exist, if the data set is not on this machine.
    """

    name: str
    title: str
    metric: str
    folds: tuple[int, ...]
    absent: str | None = Field(None, exclude_if=lambda path: path is None)


class ValidationSpec(Settings):
    """A table of validations.

    Attributes:
        study: name of the study.
        study_title: title of the study.
        name: name of the table.
        title: caption.
        seeds: seeds of the trainings.
        picks: whether all trainings keep the weights of their best validation.
        datasets: data sets, in the order of the table.
        rows: rows, in the order of the table.
    """

    study: str
    study_title: str
    name: str
    title: str
    seeds: tuple[int, ...]
    picks: bool
    datasets: tuple[ValidatedDatasetSpec, ...]
    rows: tuple[ValidatedRowSpec, ...]

    @property
    def present(self) -> list[ValidatedDatasetSpec]:
        """The data sets that are on this machine."""
        return [dataset for dataset in self.datasets if dataset.absent is None]

    @property
    def folders(self) -> list[str]:
        """The folders of the trainings, without repetitions."""
        cells = [cell for row in self.rows for cell in row.cells.values()]
        return list(dict.fromkeys(folder for cell in cells for folder in cell.folders))

    @property
    def paths(self) -> list[str]:
        """The files that the table reads."""
        return [str(Path(folder, name)) for folder in self.folders for name in FILES]
