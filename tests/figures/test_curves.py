"""The curve figure: losses, validations, seeds, and trainings that are not finished."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from gains.figures import curves as curves_figure
from gains.figures.curve.files import Curves, named_folders, study_folders
from gains.figures.curve.panels import smoothed
from gains.figures.drawing import style
from helpers.paths import ROOT

HEADER = "iteration,metric,value,score_threshold,images,picked\n"


def run_folder(folder: Path, scale: float, validations: str = "") -> Path:
    folder.mkdir(parents=True)
    lines = [f"{k},0.1,{scale * (3 + k)},{scale},{scale * (2 + k)}" for k in range(10)]
    text = "iteration,lr,loss,loss_a,loss_b\n" + "\n".join(lines) + "\n"
    (folder / "losses.csv").write_text(text)
    (folder / "validation.csv").write_text(HEADER + validations)
    return folder


def shown(monkeypatch: pytest.MonkeyPatch, **options: Any) -> Figure:
    kept: list[Figure] = []
    monkeypatch.setattr(style, "_save", lambda drawn, *_: kept.append(drawn))
    curves_figure.draw(Path("x.png"), **options)
    return kept[0]


def test_seeds_are_thin_lines_below_their_mean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    marks = "5,mAP,0.5,,3,yes\n10,mAP,0.25,,3,no\n"
    runs = [run_folder(tmp_path / "0", 1, marks), run_folder(tmp_path / "1", 3, marks)]
    waiting = tmp_path / "2"
    with caplog.at_level(logging.WARNING):
        drawn = shown(monkeypatch, run=[*runs, waiting], label=["M", "M", "M"])
    assert str(waiting) in caplog.text
    losses, validation = drawn.axes
    assert losses.get_title() == "M\n1 of 3 not finished"
    first, second, mean = losses.lines[-3:]
    for line, factor in ((first, 1), (second, 3), (mean, 2)):
        assert np.allclose(np.asarray(line.get_ydata()), factor * (3 + np.arange(10)))
    assert mean.get_linewidth() > first.get_linewidth()
    assert validation.get_ylabel() == "validation mAP (%)"
    *_, kept = validation.lines
    assert np.array_equal(np.asarray(kept.get_xydata()), [[5, 50]])


def test_runs_without_validations_have_a_panel_of_losses_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_folder(tmp_path / "0", 1)
    assert len(shown(monkeypatch, run=[run]).axes) == 1
    (run / "validation.csv").unlink()
    assert Curves.read(run).picked is None


def test_smoothing_averages_what_stands_around() -> None:
    values = np.zeros(100)
    values[50] = 5.0
    expected = np.zeros(100)
    expected[48:53] = 1.0
    np.testing.assert_allclose(smoothed(values), expected, atol=1e-12)
    np.testing.assert_allclose(smoothed(np.full(100, 2.0)), 2.0)


def test_trainings_of_a_study_share_a_panel_by_method_and_data_set() -> None:
    found = study_folders(ROOT / "config.yaml", "demo", "synthetic-cells", "mask_rcnn")
    assert set(found) == {"Mask R-CNN, deep\nsynthetic-cells", "Mask R-CNN\nsynthetic-cells"}
    with pytest.raises(ValueError, match="trains no unet on a data set; known: .*/gains"):
        study_folders(ROOT / "config.yaml", "demo", None, "unet")


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none of 1 is finished"):
        curves_figure.draw(tmp_path / "x.png", run=[tmp_path])
    with pytest.raises(ValueError, match="1 --label for 2 --run"):
        named_folders([tmp_path, tmp_path], ["a"])
    with pytest.raises(ValueError, match="give one of the two"):
        curves_figure.draw(tmp_path / "x.png", run=[tmp_path], study="demo")
    run = run_folder(tmp_path / "0", 1, "5,mAP,0.5,,3,no\n")
    with pytest.raises(ValueError, match=r"validation.csv: expected one row with `yes`"):
        Curves.read(run)
    (run / "losses.csv").write_text("iteration,lr,loss\n0,0.1,high\n")
    with pytest.raises(ValueError, match=r"losses.csv: expected numbers in the column 'loss'"):
        Curves.read(run)


def test_every_part_has_a_curve_of_its_own_look_and_the_legend_covers_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_folder(tmp_path / "0", 1)
    names = [f"loss_{k}" for k in range(10)]
    lines = [f"{k},0.1," + ",".join(["1.0"] * 11) for k in range(10)]
    header = ",".join(["iteration", "lr", "loss", *names])
    (run / "losses.csv").write_text("\n".join([header, *lines]) + "\n")
    drawn = shown(monkeypatch, run=[run])
    (losses,) = drawn.axes
    assert len({(line.get_color(), line.get_linestyle()) for line in losses.lines}) == 11
    drawn.canvas.draw()
    legend = losses.get_legend()
    assert legend is not None
    assert legend.get_window_extent().x0 >= losses.get_window_extent().x1
    assert legend.get_window_extent().x1 <= drawn.bbox.x1
