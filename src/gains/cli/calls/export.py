"""What the options of ``gains export`` mean, and what an export prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from gains.cli import printing
from gains.config.prediction import SHOWN_SCORE
from gains.export.base import Results
from gains.export.job import ExportJob
from gains.export.write import chosen_formats
from gains.study.inputs import NamedRun
from gains.study.scoring import least_score, predictions_of


@dataclass(frozen=True)
class ExportCall:
    """The options of ``gains export``; its help says what they mean."""

    to: str
    out: Path
    predictions: Path | None
    named: NamedRun
    coco: Path | None
    images: Sequence[Path]
    score_threshold: float | None
    scores: bool

    def run(self) -> None:
        """Export predictions of a file, or of the test part of a run of a study.

        Raises:
            FileNotFoundError: the predictions, or images that a format needs, are missing.
            ValueError: neither or both are named, the study has no such run, or a file is broken.
        """
        formats, named = chosen_formats(self.to), self.named
        predictions, coco = self.predictions, self.coco
        if (predictions is None) == (named.dataset is None and named.method is None):
            raise ValueError(
                "name predictions: their file with --predictions, or a run with --study, --dataset "
                "and --method"
            )
        if predictions is None:
            study, chosen = named.find()
            predictions = predictions_of(study, chosen)
            coco = coco or study.coco(chosen.dataset)
        elif named.given("study", "variant", "seed", "fold"):
            raise ValueError(
                "--study, --variant, --seed and --fold name a run, but --predictions names a file"
            )
        least = self.score_threshold
        if least is None:
            least = least_score(named.config, predictions)
        job = ExportJob(formats, self.out, self.images, coco, least, self.scores)
        run_export(job, predictions)


def export_job(
    to: str, predictions: Path, images: Sequence[Path], coco: Path | None, threshold: float | None
) -> ExportJob:
    """Return the export that follows a prediction, into a folder beside the prediction file.

    Args:
        to: names of formats, with commas.
        predictions: the prediction file.
        images: files and folders of the images.
        coco: COCO file of the images, or None.
        threshold: score threshold of the prediction, or None for the default of exports.

    Raises:
        ValueError: a format is unknown, or the folder cannot be written.
    """
    stem = predictions.name.removesuffix(".gz").removesuffix(".json")
    out = predictions.with_name(f"{stem}.export")
    least = SHOWN_SCORE if threshold is None else threshold
    job = ExportJob(chosen_formats(to), out, images, coco, least)
    job.check()
    return job


def run_export(job: ExportJob, predictions: Path) -> None:
    """Export predictions and print the number of objects of each image and class."""
    results = job.run(predictions)
    names = list(results.categories.values())
    rows = [
        [image.record.file_name, *map(str, counts), str(sum(counts))]
        for image in results.images
        for counts in [_counts(results, image.objects.categories.tolist())]
    ]
    columns = ("image", *names, "all")
    if console := printing.terminal():
        printing.show_table(console, columns, rows, numbers=len(columns) - 1)
    else:
        printing.print_lines([columns, *rows])
    for record in job.formats:
        if said := record.note(results):
            typer.echo(f"{record.name}: {said}", err=True)
    kept = sum(len(image.objects) for image in results.images)
    left_out = f"; {results.empty} without a pixel were left out" if results.empty else ""
    formats = ", ".join(record.name for record in job.formats)
    typer.echo(
        f"{job.out}: {formats}; {kept} of {results.detections} detections in "
        f"{len(results.images)} images have a score of at least {results.score_threshold:g}"
        f"{left_out}",
        err=True,
    )


def _counts(results: Results, categories: list[int]) -> list[int]:
    return [categories.count(category) for category in results.categories]
