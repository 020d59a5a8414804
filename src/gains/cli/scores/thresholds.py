"""The verb that says at which score threshold the clean metrics are best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli.app import app
from gains.cli.options import CONFIG, Config, Device, StudyName

if TYPE_CHECKING:
    from gains.study.study import Study
    from gains.tables.validation.threshold_search import Measure


@app.command()
def thresholds(
    out: Annotated[
        Path, typer.Option(help="CSV file to write; a Markdown file is written beside it.")
    ],
    config: Config = CONFIG,
    study: StudyName = None,
    dataset: Annotated[
        list[str] | None,
        typer.Option(help="Data set of the study; give each the option. By default all."),
    ] = None,
    table: Annotated[
        list[str] | None,
        typer.Option(
            help="Table of scores or of validations whose runs are scored; give each the option. "
            "By default all tables of scores."
        ),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            help="Thresholds from 0 to below 1 with commas between them; by default 0.1, 0.2 to "
            "0.9. The one of the study is added."
        ),
    ] = None,
    device: Device = None,
) -> None:
    """Score the validation images of a study at several score thresholds.

    AJI, Dice and F1 count the detections above a score threshold, `clean_score_threshold` of the
    study. This verb predicts the validation part of each trained run, and says at which threshold
    these metrics are best. It looks at no test image of the same fold, and changes no setting.

    \b
    Example:
      gains thresholds --study demo --dataset synthetic-cells --out thresholds.csv
    """
    from gains.study.opening import open_study
    from gains.support.files import check_output, require_suffix
    from gains.tables.validation.threshold_search import USUAL, search_thresholds
    from gains.tables.validation.thresholds import threshold_markdown, write_thresholds

    check_output(require_suffix(out, ".csv"))
    chosen = USUAL if at is None else parse_thresholds(at)
    opened = open_study(config, study)
    found = search_thresholds(
        opened, _measure(opened, device), chosen, dataset or None, table or None
    )
    write_thresholds(found, out)
    typer.echo(threshold_markdown(found), nl=False)


def _measure(study: Study, device: str | None) -> Measure:
    from gains.validation.at_thresholds import values_at_thresholds

    return lambda run, thresholds, metrics: values_at_thresholds(
        study.model(run),
        study.run_settings(run),
        study.coco(run.dataset),
        study.split(run.dataset),
        run.fold,
        thresholds,
        metrics,
        study.score_options(run.dataset)["max_detections"],
        device,
    )


def parse_thresholds(text: str) -> tuple[float, ...]:
    """Return the numbers of a list with commas.

    >>> parse_thresholds("0.3, 0.5")
    (0.3, 0.5)

    Raises:
        ValueError: a part of the list is no number.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise ValueError(
            f"--at: expected numbers with commas between them, as in 0.3,0.5,0.7; found {text!r}"
        ) from error
