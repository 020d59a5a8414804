"""Columns on what the methods cost, in tables that ask for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gains.support.files import write_json
from gains.tables.specs import TableSpec
from gains.tables.write import write_table
from helpers.table_scenes import lines_of, spec_of, study, write_scores

COSTS = ["parameters", "training_seconds", "memory_mb"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def costly() -> TableSpec:
    table = {"metrics": ["AJI"], "subsets": ["average"], "costs": COSTS}
    spec = spec_of(study([0, 1], table=table))
    write_scores(spec, {"": 0.5})
    for path in spec.cost_paths:
        content = {"parameters": 3_485_340, "training_seconds": 90 + 60 * ("seed1" in path)}
        write_json(path, {**content, "memory_mb": {"host": 900, "device": 1500}})
    return spec


def test_a_table_shows_costs_in_the_order_of_its_settings() -> None:
    spec = costly()
    assert [Path(path).name for path in spec.cost_paths] == ["cost.json"] * 4
    write_table(spec, "t.csv")
    (line, _) = lines_of("t.csv")
    assert [float(line[name]) for name in COSTS] == [3_485_340, 120, 1500]
    head, _, row, *_ = Path("t.md").read_text().split("\n\n")[1].splitlines()
    assert "cells\\_1 parameters (million)" in head
    assert [cell.strip() for cell in row.split("|")[3:-1]] == ["3.49", "2.00", "1.50"]
    assert "memory of the GPU" in Path("t.md").read_text()
    assert "training (minutes)" in Path("t.tex").read_text()


def test_a_missing_cost_is_named() -> None:
    spec = costly()
    Path(spec.cost_paths[2]).unlink()
    with pytest.raises(FileNotFoundError, match=r"cost.json: no such file; make it with"):
        write_table(spec, "t.csv")


def test_a_table_without_such_columns_knows_no_costs() -> None:
    spec = spec_of(study([0]))
    assert spec.cost_paths == [] and "costs" not in spec.model_dump_json()
