"""The verb ``score``: compare predictions with the ground truth."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli import printing
from gains.cli.app import app
from gains.cli.options import (
    CONFIG,
    Config,
    Dataset,
    Fold,
    Method,
    Part,
    Seed,
    StudyName,
    Variant,
    given,
)

if TYPE_CHECKING:
    from gains.scoring.score import Content

logger = logging.getLogger(__name__)


@app.command()
def score(
    ground_truth: Annotated[
        Path | None, typer.Option(help="COCO JSON file of the data set.")
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(help="COCO result list, .json or .json.gz.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="JSON file of scores to write, as fractions.")
    ] = None,
    config: Config = CONFIG,
    study: StudyName = None,
    dataset: Dataset = None,
    method: Method = None,
    variant: Variant = "default",
    seed: Seed = 0,
    split: Annotated[
        Path | None, typer.Option(help="Split file; only the images of one part are scored.")
    ] = None,
    part: Part = "test",
    fold: Fold = 0,
    max_detections: Annotated[
        int | None,
        typer.Option(
            min=1, help="Maximum number of detections per image and category; the best are kept."
        ),
    ] = None,
    clean_score_threshold: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Lowest score of the detections that clean metrics count."),
    ] = None,
) -> None:
    """Score predictions with COCO AP and with AJI, Dice, F1, TPp and FNo.

    A run of a study is scored as in the tables of the study, with its settings and files; files and
    options that are given replace these. Predictions in the folder of a run also take the settings
    of its study. Other files are scored with 100 detections per image and category, or as many as
    the predictions were made with, and with all scores. The verb says which settings it used, and
    in what they differ from those of the study.

    The scores are printed in percent, as in tables, over all classes and for each class. To a file
    or a pipe, the verb writes a line per row, with tabs between its fields.

    \b
    Examples:
      gains score --study demo --dataset synthetic-cells --method gains
      gains score --study demo --dataset synthetic-cells --predictions other.json
      gains score --ground-truth cells.json --predictions test.predictions.json.gz \\
        --split splits/cells.json --part test --out test.scores.json
    """
    from gains.scoring.inputs import ScoringInputs
    from gains.support.files import write_json

    options = given(max_detections=max_detections, clean_score_threshold=clean_score_threshold)
    if split is None and dataset is None and (part, fold) != ("test", 0):
        raise ValueError("--part and --fold choose images of a split file; name it with --split")
    plain = (study, dataset, method, variant, seed) == (None, None, None, "default", 0)
    decided = max_detections is not None and clean_score_threshold is not None
    if plain and ground_truth and predictions and decided:
        # nothing is left to a study, so the step of the workflow does not wait for its import
        used = ScoringInputs(ground_truth, predictions, split, part, fold)
        read = used.with_settings(options, used.comparison)
    else:
        from gains.study.inputs import NamedRun
        from gains.study.scoring import scoring_inputs

        named = NamedRun(config, study, dataset, method, variant, seed, fold)
        read = scoring_inputs(named, ground_truth, predictions, split, part, options)
    scores = read.scores()
    if out is not None:
        write_json(out, scores)
    logger.info("%s", read.sentence)
    _show(scores, read.ground_truth)


def _show(scores: Content, ground_truth: Path) -> None:
    """Print the metrics of every table, over all classes and for each class with objects."""
    from gains.datasets.coco import read_coco
    from gains.metrics.names import MODES
    from gains.scoring.score_file import ScoreFile
    from gains.tables.columns import STANDARD
    from gains.tables.numerals import percent

    file = ScoreFile(str(ground_truth), scores)
    classes = read_coco(ground_truth).categories
    subsets = {"all classes": None, **{name: number for number, name in classes.items()}}
    if len(classes) == 1:
        del subsets["all classes"]
    columns = ("classes", "mode", *STANDARD)
    rows = [
        [name, mode, *(percent(file.value(metric, mode, number)) for metric in STANDARD)]
        for name, number in subsets.items()
        for mode in MODES
    ]
    if console := printing.terminal():
        printing.show_table(console, columns, rows, numbers=len(STANDARD))
    else:
        printing.print_lines([columns, *rows])
