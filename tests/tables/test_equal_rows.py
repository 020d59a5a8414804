"""The note on rows with the same scores for every test image."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gains.support.files import write_json
from gains.tables.specs import TableSpec
from gains.tables.write import write_table
from helpers.table_scenes import scores, spec_of, study, write_scores

FUSED = {"method": "donet", "variant": "no-consistency", "label": "fused"}
CONSISTENT = {"method": "donet", "label": "consistent"}
OTHER = {"method": "mask_rcnn", "label": "other"}
TWO_SETS: dict[str, Any] = {
    name: {"source": "synthetic-cells", "represents": published}
    for name, published in (("a", "ISBI2014"), ("b", "UCOC"))
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def table(*rows: dict[str, Any], **changes: Any) -> TableSpec:
    """Return a table of rows without a published one."""
    return spec_of(study([0, 1], table={"table": None, "rows": list(rows)}, **changes))


def notes(spec: TableSpec, values: dict[str, float], **options: Any) -> list[str]:
    """Return the notes on equal rows below a table with these scores."""
    write_scores(spec, values, **options)
    write_table(spec, "t.csv")
    lines = Path("t.md").read_text().splitlines()
    return [line for line in lines if "same scores" in line or "same run" in line]


def test_rows_of_different_trainings_with_equal_scores_are_named() -> None:
    spec = table(FUSED, CONSISTENT, OTHER)
    values = {"mask_rcnn": 0.6, "seed1": 0.72, "": 0.7}
    assert notes(spec, values) == [
        "- fused and consistent have the same scores for every test image: what differs between "
        "these rows (DoNet DRM+CRM, DoNet DRM+FU) changed no detection."
    ]


def test_equal_cells_of_different_images_are_not_named() -> None:
    spec = table(FUSED, CONSISTENT)
    write_scores(spec, {"": 0.7})
    (path,) = (path for path in spec.rows[1].scores["cells"] if "seed1" in path)
    write_json(path, scores(0.7, spread=0.01))
    write_table(spec, "t.csv")
    assert "same scores" not in Path("t.md").read_text()


def test_rows_of_one_run_say_so() -> None:
    again = {**CONSISTENT, "label": "once more"}
    assert notes(table(CONSISTENT, again, OTHER), {"mask_rcnn": 0.6, "": 0.7}) == [
        "- consistent and once more show the same run."
    ]


def test_the_data_sets_on_which_rows_are_equal_are_named() -> None:
    spec = table(FUSED, CONSISTENT, datasets=TWO_SETS)
    values = {"b/donet/default": 0.6, "": 0.7}
    (note,) = notes(spec, values)
    assert "have the same scores for every test image of a: what differs" in note
