"""The kinds of figures of a study: what each of them shows, and which runs it needs."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from gains.config.base import Settings, check_names

if TYPE_CHECKING:
    from gains.config.study import StudySettings
    from gains.config.tables import RowSettings

Cell = tuple[str, str, str]
"""Data set, method and variant of a run."""


class FigureSettings(Settings):
    """What a figure of a study shows.

    Attributes:
        TARGET: whether the figure shows objects of the target category of the maps.
        EVERY_FOLD: whether it shows images of all folds, and not only of the first.
    """

    TARGET: ClassVar[bool] = True
    EVERY_FOLD: ClassVar[bool] = False

    @abstractmethod
    def shown(self, study: StudySettings) -> tuple[str, ...]:
        """Return the data sets of the figure."""

    def cells(self, _study: StudySettings) -> list[Cell]:
        """Return the cells of tables of which the figure shows runs; none by default."""
        return []

    @abstractmethod
    def check(self, name: str, study: StudySettings) -> None:
        """Refuse names that the study lacks.

        Args:
            name: name of the figure, for messages.
            study: the study.

        Raises:
            ValueError: there is such a name; the message says the nearest known one.
        """


class ImageSettings(FigureSettings):
    """The image that a figure shows."""

    dataset: str = Field(description="data set of the study")
    image: str | None = Field(
        None, description="file name of the image; default: the first training image"
    )

    def shown(self, _study: StudySettings) -> tuple[str, ...]:
        """Return the data set."""
        return (self.dataset,)

    def check(self, name: str, study: StudySettings) -> None:
        """Refuse an unknown data set."""
        check_names(f"{name}.dataset", (self.dataset,), list(study.datasets))


class StepsSettings(ImageSettings):
    """The image whose anomaly map a figure builds step by step."""


class LayersSettings(ImageSettings):
    """The image whose masks a figure takes apart."""

    image: str | None = Field(
        None,
        description="file name of the image; default: the first training image with objects of "
        "the target category that overlap",
    )


class RegionsSettings(FigureSettings):
    """The data sets of which a figure shows a region where objects meet."""

    datasets: tuple[str, ...] | None = Field(
        None, min_length=1, description="data sets of the study, one for each row; default: all"
    )
    images: dict[str, str] = Field(
        default_factory=dict,
        description="file name of the image of a data set; default: the first training image with "
        "objects of the target category that cross, or else overlap, or else touch",
    )

    def shown(self, study: StudySettings) -> tuple[str, ...]:
        """Return the named data sets, or all."""
        return self.datasets or tuple(study.datasets)

    def check(self, name: str, study: StudySettings) -> None:
        """Refuse unknown data sets."""
        check_names(f"{name}.datasets", self.datasets or (), list(study.datasets))
        check_names(f"{name}.images", tuple(self.images), list(self.shown(study)))


def shown_by(study: StudySettings, table: str) -> tuple[str, ...]:
    """Return the data sets that a table of a study shows."""
    return study.tables[table].datasets or tuple(study.datasets)


class RowsSettings(FigureSettings):
    """The table whose rows a figure shows side by side."""

    TARGET: ClassVar[bool] = False

    table: str | None = Field(
        None, description="table of the study whose rows are shown; default: the first"
    )

    def table_in(self, study: StudySettings) -> str:
        """Return the table whose rows the figure shows."""
        return self.table or next(iter(study.tables))

    def has(self, row: RowSettings, study: StudySettings) -> bool:
        """Return whether the figure shows a row: it has a method and all data sets."""
        return row.method is not None and all(map(row.has, self.shown(study)))

    def cells(self, study: StudySettings) -> list[Cell]:
        """Return the cells of the rows that the figure shows."""
        return [
            (dataset, str(row.method), row.variant)
            for row in study.tables[self.table_in(study)].rows
            if self.has(row, study)
            for dataset in self.shown(study)
        ]

    def check(self, name: str, study: StudySettings) -> None:
        """Refuse an unknown table, and data sets that it does not show."""
        check_names(f"{name}.table", (self.table_in(study),), list(study.tables))
        known = list(shown_by(study, self.table_in(study)))
        # a figure of one data set names it in the singular
        field = "datasets" if "datasets" in type(self).model_fields else "dataset"
        check_names(f"{name}.{field}", self.shown(study), known)


class PredictionsSettings(RowsSettings):
    """The rows and test images that the figure of predictions shows."""

    dataset: str | None = Field(
        None, description="data set of that table; default: the first that it shows"
    )
    number: int = Field(
        4,
        ge=1,
        le=20,
        description="number of test images, spread evenly from the one with the lowest AJI of the "
        "first row to the one with the highest",
    )
    images: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="file names of test images of the first fold, to be shown instead",
    )

    def shown(self, study: StudySettings) -> tuple[str, ...]:
        """Return the named data set, or the first of the table."""
        return (self.dataset or shown_by(study, self.table_in(study))[0],)


class ComparisonSettings(RowsSettings):
    """The rows and test images that a figure with marked regions shows."""

    rows: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="rows of that table as `<method>/<variant>`, such as `gains/default`; default: "
        "all that have a method and all data sets of the figure",
    )
    datasets: tuple[str, ...] | None = Field(
        None, min_length=1, description="data sets of that table; default: all that it shows"
    )
    number: int = Field(
        1,
        ge=1,
        le=10,
        description="number of test images of each data set: those with the lowest AJI of the "
        "first row",
    )
    images: tuple[str, ...] | None = Field(
        None,
        min_length=1,
        description="file names of test images of the first fold, to be shown instead; a name "
        "stands for the images of all data sets that have it",
    )

    def shown(self, study: StudySettings) -> tuple[str, ...]:
        """Return the named data sets, or all of the table."""
        return self.datasets or shown_by(study, self.table_in(study))

    def has(self, row: RowSettings, study: StudySettings) -> bool:
        """Return whether the figure shows a row: it is named, and has all data sets."""
        return super().has(row, study) and (self.rows is None or row.name in self.rows)

    def check(self, name: str, study: StudySettings) -> None:
        """Refuse unknown names, and a figure without a row."""
        super().check(name, study)
        table = self.table_in(study)
        rows = [row for row in study.tables[table].rows if row.method]
        check_names(f"{name}.rows", self.rows or (), [row.name for row in rows])
        if not any(self.has(row, study) for row in rows):
            raise ValueError(
                f"{name}: no row of {table} that it shows has all of the data sets "
                f"{', '.join(self.shown(study))}; name fewer in `{name}.datasets`, or other rows"
            )


class DifferencesSettings(RowsSettings):
    """The two rows of a table that a figure shows on the test images where they differ most."""

    EVERY_FOLD: ClassVar[bool] = True

    dataset: str | None = Field(
        None, description="data set of that table; default: the first that it shows"
    )
    between: tuple[str, str] = Field(
        description="two rows of that table as `<method>/<variant>`, such as "
        "`[gains/default, mask_rcnn/default]`"
    )
    number: int = Field(
        2,
        ge=1,
        le=10,
        description="number of test images where the AJI of the first row is ahead most, and of "
        "those where it is behind most",
    )

    def shown(self, study: StudySettings) -> tuple[str, ...]:
        """Return the named data set, or the first of the table."""
        return (self.dataset or shown_by(study, self.table_in(study))[0],)

    def has(self, row: RowSettings, study: StudySettings) -> bool:
        """Return whether the figure shows a row: it is named, and has the data set."""
        return super().has(row, study) and row.name in self.between

    def check(self, name: str, study: StudySettings) -> None:
        """Refuse unknown names, and one row twice."""
        super().check(name, study)
        rows = study.tables[self.table_in(study)].rows
        known = [row.name for row in rows if super(DifferencesSettings, self).has(row, study)]
        check_names(f"{name}.between", self.between, known)
        if len(set(self.between)) < 2:
            raise ValueError(f"{name}.between: {self.between[0]} is named twice; name another row")
