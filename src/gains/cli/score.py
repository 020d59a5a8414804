"""The verbs that read the predictions of other programs, and that score predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gains.cli.app import app
from gains.cli.options import CONFIG, Config, StudyName

if TYPE_CHECKING:
    from gains.certainty.words import Section


@app.command(name="import-predictions")
def import_predictions(
    files: Annotated[
        Path,
        typer.Argument(
            help="COCO JSON file, or file or folder of any label format, which is recognised."
        ),
    ],
    ground_truth: Annotated[Path, typer.Option(help="COCO JSON file of the data set.")],
    out: Annotated[Path, typer.Option(help="COCO result list to write, .json or .json.gz.")],
    split: Annotated[
        Path | None, typer.Option(help="Split file; only predictions for one part are kept.")
    ] = None,
    part: Annotated[str, typer.Option(help="Part of the split: train, val or test.")] = "test",
    fold: Annotated[int, typer.Option(min=0, help="Fold of the split.")] = 0,
    category: Annotated[
        str | None,
        typer.Option(
            help="Class of the objects whose files name none; by default the only class of the "
            "data set."
        ),
    ] = None,
    max_detections: Annotated[
        int,
        typer.Option(min=1, help="Maximum number of detections per image and category that count."),
    ] = 100,
) -> None:
    """Read predictions that another program made, and write them as `gains predict` does.

    \b
    Example:
      gains import-predictions cellpose --category cytoplasm --ground-truth cells.json \\
        --split splits/cells.json --part test --out cellpose.json
    """
    from gains.external import job

    job.import_predictions(
        files,
        ground_truth,
        out,
        file_names=_names(split, part, fold),
        category=category,
        max_detections=max_detections,
    )


def _names(split: Path | None, part: str, fold: int) -> list[str] | None:
    """Return the images of a part of a split, or None without a split."""
    from gains.datasets.split_file import read_split

    if split is None:
        if part != "test" or fold != 0:
            raise ValueError(
                "--part and --fold choose images of a split file; name it with --split"
            )
        return None
    return read_split(split).names(part, fold)


@app.command()
def score(
    ground_truth: Annotated[Path, typer.Option(help="COCO JSON file of the data set.")],
    predictions: Annotated[Path, typer.Option(help="COCO result list, .json or .json.gz.")],
    out: Annotated[Path, typer.Option(help="JSON file of scores to write, as fractions.")],
    split: Annotated[
        Path | None, typer.Option(help="Split file; only the images of one part are scored.")
    ] = None,
    part: Annotated[str, typer.Option(help="Part of the split: train, val or test.")] = "test",
    fold: Annotated[int, typer.Option(min=0, help="Fold of the split.")] = 0,
    max_detections: Annotated[
        int,
        typer.Option(
            min=1, help="Maximum number of detections per image and category; the best are kept."
        ),
    ] = 100,
    clean_score_threshold: Annotated[
        float,
        typer.Option(min=0, max=1, help="Lowest score of the detections that clean metrics count."),
    ] = 0.0,
) -> None:
    """Score predictions with COCO AP and with AJI, Dice, F1, TPp and FNo.

    \b
    Example:
      gains score --ground-truth cells.json --predictions test.predictions.json.gz \\
        --split splits/cells.json --part test --out test.scores.json
    """
    from gains.scoring.score import score_files
    from gains.support.files import write_json

    scores = score_files(
        ground_truth,
        predictions,
        file_names=_names(split, part, fold),
        max_detections=max_detections,
        clean_score_threshold=clean_score_threshold,
    )
    write_json(out, scores)


@app.command()
def certainty(
    name: Annotated[
        str | None, typer.Argument(help="Name of a table of the study, for example table3.")
    ] = None,
    config: Config = CONFIG,
    study: StudyName = None,
    scores: Annotated[
        list[Path] | None,
        typer.Option(help="Score file to compare instead of a table; give each file the option."),
    ] = None,
    label: Annotated[
        list[str] | None,
        typer.Option(
            help="Method of the score file at the same place; files of one label are its seeds and "
            "folds. By default the names of the files."
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Metric to compare score files by; by default mAP, AP50, AJI, Dice, F1."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="CSV file to write; a Markdown file is written beside it."),
    ] = None,
) -> None:
    """Say which methods the test images tell apart, with intervals, tests and ranks.

    The methods are the rows of a table of a study, or score files of the same test images. Metrics
    with modes are clean ones for score files, and those that the study prints for a table.

    \b
    Example:
      gains certainty table3 --study demo --out table3.certainty.csv
      gains certainty --scores a.scores.json --label A --scores b.scores.json --label B
    """
    from gains.study.opening import open_study
    from gains.support.files import require_suffix
    from gains.tables.certainty.files import write_certainty
    from gains.tables.certainty.sections import judge_table
    from gains.tables.of_study import table_spec

    if (name is None) == (scores is None):
        raise ValueError("expected either a table, as in `gains certainty table3`, or --scores")
    if out is not None:
        require_suffix(out, ".csv")
    if name is not None:
        if label or metric:
            raise ValueError("--label and --metric belong to --scores; a table has its own")
        spec = table_spec(open_study(config, study), name)
        sections, heading = judge_table(spec), (spec.study, spec.name, spec.title)
    else:
        sections = [_of_files(scores or [], label or [], metric or [])]
        heading = ("none", "scores", "Score files")
    _print(sections)
    if out is not None:
        write_certainty(*heading, sections, out)


def _of_files(scores: list[Path], labels: list[str], metrics: list[str]) -> Section:
    """Return what the images of score files say about their methods."""
    from gains.certainty.evidence import Quantity
    from gains.certainty.judge import Comparison
    from gains.certainty.words import Section
    from gains.metrics.names import check_metric
    from gains.scoring.score_file import ScoreFile, read_scores

    for metric in metrics:
        check_metric(metric, "clean", "--metric")
    if labels and len(labels) != len(scores):
        raise ValueError(
            f"found {len(labels)} times --label for {len(scores)} score files; give each file one, "
            "or none of them"
        )
    methods: dict[str, list[ScoreFile]] = {}
    for path, label in zip(scores, labels or map(str, scores), strict=True):
        methods.setdefault(label, []).append(read_scores(str(path)))
    comparison = Comparison(methods)
    chosen = metrics or ["mAP", "AP50", "AJI", "Dice", "F1"]
    judged = [comparison.judge(Quantity(metric, "clean")) for metric in chosen]
    return Section("", "Score files", "average", judged)


def _print(sections: list[Section]) -> None:
    from gains.certainty.words import verdict, warnings

    for section in sections:
        typer.echo(f"{section.title}: {section.counts}")
        for judgement in section.judgements:
            typer.echo(f"  {verdict(judgement)}")
    for sentence in warnings(sections):
        typer.echo(sentence)
