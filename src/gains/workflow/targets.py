"""What a study fetches and makes, for the rules of Snakemake and the pipelines of DVC."""

from __future__ import annotations

from gains.config.study import StudySettings
from gains.config.tables import FIGURE_KINDS, TABLE_KINDS
from gains.config.validation_tables import VALIDATION_KINDS
from gains.datasets.convert import fetched_folder
from gains.study.study import Study


def fetched_data(settings: StudySettings) -> dict[str, str]:
    """Return the folders below ``data/raw`` of the published data sets of a study, by data set."""
    return {
        name: raw
        for name, block in settings.datasets.items()
        if (raw := fetched_folder(block.source or name, block.options))
    }


def table_files(study: Study) -> list[str]:
    """Return the names of the files with tables, which are copied to ``results/``."""
    tables = [f"{table}.{kind}" for table in study.tables for kind in TABLE_KINDS]
    tables += [f"{table}.{kind}" for table in study.validation_tables for kind in VALIDATION_KINDS]
    audit = ["data_audit.csv"] if study.settings.datasets.keys() - study.without_images else []
    return [*tables, "compare.csv", "compare.md", *audit]


def figure_files(study: Study) -> list[str]:
    """Return the names of the files with figures, which are copied to ``results/``."""
    return [f"{figure}.{kind}" for figure in study.figures for kind in FIGURE_KINDS]


REPORT = "report.html"
"""Name of the report, in the folder of the study and in ``results/``."""
