"""Writing of a report: one HTML file that needs no other file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import gains
from gains.report import scores, trainings
from gains.report.content import HtmlTable, Picture
from gains.report.examples import examples_of
from gains.report.images import audit_numbers, pictures_of
from gains.report.kinds import pictures_of_kinds
from gains.report.spec import ReportSpec
from gains.report.validated import ValidatedTable, validated_tables
from gains.study.citations import bibtex
from gains.support.files import require_suffix, write_text


@dataclass(frozen=True)
class Page:
    """The content of a report; the template uses the same names.

    Attributes:
        spec: the report.
        tables: tables of scores.
        validations: tables of validations.
        cautions: sentences on what the answers cannot say.
        reading_help: sentences that explain their cells.
        images: a picture of each data set.
        kinds: pictures of the kinds of contact.
        audit: numbers of the data sets.
        examples: pictures of predictions by data set.
        curves: losses and validations.
        costs: time and memory.
        versions: versions of programs.
        origins: what data, models and predictions were made of.
        settings: the study as a study file.
        references: BibTeX.
    """

    spec: ReportSpec
    tables: Sequence[scores.ScoreTable]
    validations: Sequence[ValidatedTable]
    cautions: Sequence[str]
    reading_help: Sequence[str]
    images: Sequence[Picture]
    kinds: Sequence[Picture]
    audit: HtmlTable
    examples: Mapping[str, Sequence[Picture]]
    curves: Sequence[Picture]
    costs: HtmlTable
    versions: Sequence[str]
    origins: Sequence[HtmlTable]
    settings: str
    references: str


def write_report(spec: ReportSpec, out: str | Path) -> None:
    """Write a report; equal results give equal bytes.

    Args:
        spec: the report, see :func:`gains.report.of_study.report_spec`.
        out: path ending in ``.html``.

    Raises:
        FileNotFoundError: a result is missing.
        ValueError: a result is not what it should be, or ``out`` has another suffix.
    """
    write_text(require_suffix(out, ".html"), rendered(_page(spec)))


def _page(spec: ReportSpec) -> Page:
    records = trainings.training_records(spec)
    names = [dataset.name for dataset in spec.datasets]
    curves = [trainings.curves_of(spec, name) for name in names]
    return Page(
        spec=spec,
        tables=scores.score_tables(spec),
        validations=validated_tables(spec),
        cautions=scores.cautions(spec),
        reading_help=scores.reading_help(spec),
        images=pictures_of(spec),
        kinds=pictures_of_kinds(spec),
        audit=audit_numbers(spec),
        examples={name: examples_of(spec, name) for name in names},
        curves=[picture for picture in curves if picture],
        costs=trainings.costs_table(records),
        versions=trainings.versions_of(records),
        origins=[
            trainings.data_table(records),
            trainings.origins_table(records),
            trainings.predictions_table(spec),
        ],
        settings=_as_file(spec),
        references="\n\n".join(bibtex(spec.cited)),
    )


def _as_file(spec: ReportSpec) -> str:
    """Return the study as a study file."""
    content = {"studies": {spec.study: spec.settings}}
    return yaml.safe_dump(
        content, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
    )


def rendered(page: Page) -> str:
    """Return the page as HTML; all texts are escaped."""
    loader = PackageLoader("gains.report")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    own = {
        name: Markup(loader.get_source(environment, file)[0])  # noqa: S704 - files of this package
        for name, file in (("style", "style.css"), ("script", "script.js"))
    }
    template = environment.get_template("report.html")
    return template.render(**vars(page), **own, version=gains.__version__)
