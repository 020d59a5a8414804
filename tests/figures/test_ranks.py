"""The figure of ranks over many data sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.figures.ranks import draw


def write(path: Path, datasets: int) -> Path:
    """Write a certainty file of three methods, always in one order."""
    lines = ["dataset,subset,metric,row,minus,value"]
    for k in range(datasets):
        lines += [f"d{k},average,AJI,{row},,{v + k}" for row, v in (("a", 9), ("b", 6), ("c", 1))]
        lines.append(f"d{k},average,AJI,a,b,3")
    path.write_text("\n".join(lines) + "\n")
    return path


def test_equal_files_give_equal_figures(tmp_path: Path) -> None:
    file = write(tmp_path / "t.certainty.csv", 6)
    for name in ("a", "b"):
        draw(tmp_path / f"{name}.png", file, "AJI")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert (tmp_path / "a.pdf").stat().st_size > 1000


def test_few_data_sets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 6 data sets .* found 5 and 3; fewer cannot"):
        draw(tmp_path / "a.png", write(tmp_path / "t.certainty.csv", 5), "AJI")
    assert not list(tmp_path.glob("a.*"))
