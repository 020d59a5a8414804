"""The trainings of a report: curves, time and memory, versions and origins."""

from __future__ import annotations

import io
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gains.figures.curve.panels import draw_curves
from gains.prediction.sidecar import sidecar_path
from gains.report.content import CURVES, Cell, HtmlTable, Picture, drawing
from gains.report.spec import ReportSpec, RunSpec, ShownSpec
from gains.support.files import read_json
from gains.tables.numerals import BLANK

Record = Mapping[str, Any]
"""The content of a ``run.json``."""

SHORT = 16
"""Digits of a checksum that a table shows."""


def training_records(spec: ReportSpec) -> list[tuple[RunSpec, Record]]:
    """Return the trainings, each with its record."""
    return [(run, read_json(f"{run.folder}/run.json")) for run in spec.trainings]


def curves_of(spec: ReportSpec, dataset: str) -> Picture | None:
    """Return the losses and validations of the trainings on a data set, if there are any."""
    folders: dict[str, list[Path]] = {}
    for run in spec.trainings:
        if run.dataset == dataset and not run.kept:
            folders.setdefault(run.title, []).append(Path(run.folder))
    if not folders:
        return None
    out = io.BytesIO()
    draw_curves(folders, out)
    alt = f"Curves of the loss over the iterations of {', '.join(folders)} on {dataset}"
    caption = f"{dataset}: loss, and validation where there was one."
    return drawing(out.getvalue(), alt, caption, CURVES // len(spec.datasets))


def costs_table(records: list[tuple[RunSpec, Record]]) -> HtmlTable:
    """Return the time and the memory of the trainings, as means over seeds and folds."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for run, record in records:
        groups.setdefault((run.dataset, run.title), []).append(record)
    rows = []
    for (dataset, title), found in groups.items():
        memory = [record["memory_mb"] for record in found]
        rows.append(
            [
                Cell(title),
                Cell(dataset),
                Cell(str(len(found)), order=len(found)),
                _mean([record["seconds"] / 60 for record in found], 1),
                _mean([record["iterations"] for record in found], 0),
                _mean([m["host"] / 1000 for m in memory if "host" in m], 2),
                _mean([m["device"] / 1000 for m in memory if "device" in m], 2),
                Cell(", ".join(sorted({record["device"] for record in found}))),
            ]
        )
    columns = ["method", "data set", "trainings", "minutes", "iterations"]
    columns += ["memory (GB)", "GPU memory (GB)", "device"]
    return HtmlTable(
        "Time and peak memory of one training",
        columns,
        rows,
        ["Means over seeds and folds. Times of different machines cannot be compared."],
    )


def _mean(values: list[float], digits: int) -> Cell:
    if not values:
        return Cell(BLANK)
    value = statistics.fmean(values)
    return Cell(f"{value:.{digits}f}", order=value)


def versions_of(records: list[tuple[RunSpec, Record]]) -> list[str]:
    """Return the versions of the programs, each with the number of trainings that used them."""
    found = Counter(
        ", ".join(f"{name} {version}" for name, version in record["versions"].items())
        for _, record in records
    )
    return [f"{versions} ({count} trainings)" for versions, count in found.items()]


def data_table(records: list[tuple[RunSpec, Record]]) -> HtmlTable:
    """Return the checksums of the data that the trainings read."""
    found = {
        (run.dataset, f"fold {run.fold}" if name in ("maps", "split") else "", name, digest): None
        for run, record in records
        for name, digest in record["inputs"].items()
        if name != "start"  # a model of the study itself
    }
    rows = [
        [Cell(dataset), Cell(" ".join(filter(None, (name, fold)))), Cell(digest)]
        for dataset, fold, name, digest in found
    ]
    return HtmlTable("Data that the trainings read", ["data set", "file", "SHA-256"], rows)


def origins_table(records: list[tuple[RunSpec, Record]]) -> HtmlTable:
    """Return what each training was made with."""
    columns = ["method", "data set", "seed", "fold", "images", "device", "code", "settings"]
    rows = [
        [
            Cell(run.title),
            Cell(run.dataset),
            Cell(str(run.seed), order=run.seed),
            Cell(str(run.fold), order=run.fold),
            Cell(str(record["images"]), order=record["images"]),
            Cell(record["device"]),
            Cell(record["code"]),
            Cell(record["settings_hash"]),
        ]
        for run, record in records
    ]
    return HtmlTable(
        "Trainings",
        columns,
        rows,
        [
            "Images: training images. Code and settings are hashes; equal hashes are equal "
            "content.",
            *_on_kept(records),
        ],
    )


def _on_kept(records: list[tuple[RunSpec, Record]]) -> list[str]:
    """Return the note on the trainings that were not made here, if there are any."""
    kept = [record for run, record in records if run.kept]
    if not kept:
        return []
    commits = Counter(record.get("commit") or "not known" for record in kept)
    listed = ", ".join(f"{commit} ({count} trainings)" for commit, count in commits.items())
    return [
        f"{len(kept)} of {len(records)} trainings were kept with the study and not made again, so "
        f"their losses are not shown. Commits of their code: {listed}."
    ]


def predictions_table(spec: ReportSpec) -> HtmlTable:
    """Return which model made each file of predictions, and for how many images."""
    columns = ["method", "data set", "run", "test images", "model", "predictions"]
    rows = [row for shown in spec.shown for row in _predictions(shown)]
    note = f"Model and predictions: the first {SHORT} digits of the SHA-256 of the files."
    return HtmlTable("Predictions", columns, rows, [note])


def _predictions(shown: ShownSpec) -> Iterator[list[Cell]]:
    for folder in shown.folders:
        content = read_json(sidecar_path(f"{folder}/test.predictions.json.gz"))
        scored = read_json(f"{folder}/test.scores.json")["inputs"]["predictions"]["sha256"]
        count = len(content["images"])
        yield [
            Cell(shown.title),
            Cell(shown.dataset),
            Cell("/".join(Path(folder).parts[-2:])),
            Cell(str(count), order=count),
            Cell(content["info"].get("model_sha256", "another program")[:SHORT]),
            Cell(scored[:SHORT]),
        ]
