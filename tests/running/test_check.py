"""The check of a study finds before anything runs what a job would refuse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gains.running.check import problems, quick_problems
from gains.study.opening import open_study
from gains.study.study import Study
from helpers.paths import ROOT

TINY = (ROOT / "tests/studies/tiny.yaml").read_text()
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Change], Study]:
    """A function that opens a changed study; the present folder is empty."""
    monkeypatch.chdir(tmp_path)

    def open_changed(change: Change) -> Study:
        content = yaml.safe_load(TINY)
        change(content["studies"]["tiny"])
        file = tmp_path / "file" / f"{change.__name__}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(yaml.safe_dump(content))
        return open_study(file)

    return open_changed


def test_a_sound_study_has_no_problem(opened: Callable[[Change], Study]) -> None:
    assert problems(opened(lambda _: None)) == []


def test_all_problems_are_listed(opened: Callable[[Change], Study]) -> None:
    def change(study: dict[str, Any]) -> None:
        study["datasets"]["synthetic-cells"]["maps"]["target_category"] = 7
        study["datasets"]["synthetic-cells"]["cell_category"] = 9
        study["datasets"]["mine"] = {
            "source": "folder",
            "options": {"images": "/no/images", "labels": "/no/labels.json"},
        }
        row = {"method": "occlusion_rcnn", "datasets": ["synthetic-cells"]}
        other = {"external": "/no/cp", "label": "Cellpose", "datasets": ["synthetic-cells"]}
        study["tables"]["table3"]["rows"] += [row, other]
        study["tables"]["table3"]["metrics"] = ["mAP", "AJI"]
        study["tables"]["table3"]["subsets"] = ["average", "nuclei", "nucleolus"]

    found = "\n".join(problems(opened(change)))
    assert "maps.target_category is 7, but the categories are 1 (cytoplasm), 2 (nucleus)" in found
    assert "the cell category 9 is not in the data set" in found
    assert "/no/images does not exist; correct the path" in found
    assert "/no/labels.json does not exist" in found
    assert "external row 'Cellpose': /no/cp does not exist; correct the path" in found
    assert found.count("/no/labels.json") == 1
    assert "'nucleolus', which the data set lacks; did you mean 'nucleus'?" in found
    assert "'nuclei'" not in found


def test_categories_that_a_study_leaves_out_are_not_there(
    opened: Callable[[Change], Study],
) -> None:
    def kept(study: dict[str, Any]) -> None:
        study["datasets"]["synthetic-cells"]["categories"] = ["cytoplasm"]
        study["tables"]["table3"]["subsets"] = ["average", "nuclei"]

    def misspelt(study: dict[str, Any]) -> None:
        study["datasets"]["synthetic-cells"]["categories"] = ["cytoplasma"]

    (found,) = problems(opened(kept))
    assert "'nuclei', which the data set lacks" in found
    (found,) = problems(opened(misspelt))
    assert found.startswith(
        "data set 'synthetic-cells': there is no category 'cytoplasma'; did you"
    )


def test_a_table_of_validations_without_validations_is_a_problem(
    opened: Callable[[Change], Study],
) -> None:
    def change(study: dict[str, Any]) -> None:
        block = {"title": "Order", "rows": [{"method": "mask_rcnn"}]}
        study["validation_tables"] = {"order": block}

    (found,) = problems(opened(change))
    assert "validation_tables.order.rows, mask_rcnn/default: its training does not val" in found


def test_converted_data_need_no_own_files(opened: Callable[[Change], Study]) -> None:
    def change(study: dict[str, Any]) -> None:
        block = study["datasets"]["synthetic-cells"]
        block["source"] = "folder"
        block["options"] = {"images": "/no/images", "labels": "/no/labels.json"}

    chosen = opened(change)
    assert len(quick_problems(chosen)) == 2
    made = chosen.coco("synthetic-cells")
    made.parent.mkdir(parents=True)
    made.write_text("{}")
    assert quick_problems(chosen) == []


def test_a_path_beside_the_study_file_is_refused(opened: Callable[[Change], Study]) -> None:
    def change(study: dict[str, Any]) -> None:
        block = study["datasets"]["synthetic-cells"]
        block["source"] = "folder"
        block["options"] = {"images": "cells", "labels": "cells.json"}
        row = {"external": "cp", "label": "Cellpose", "datasets": ["synthetic-cells"]}
        study["tables"]["table3"]["rows"].append(row)

    chosen, file = opened(change), Path("file/change.yaml").absolute()
    for name in ("cells", "cp"):
        (file.parent / name).mkdir()
    sentence, other = quick_problems(chosen, [file])
    assert other.endswith(f"for example {file.parent / 'cp'}")
    assert sentence.startswith("cells: a relative path in a study file begins in the folder of")
    assert sentence.endswith(f"for example {file.parent / 'cells'}")

    for name in ("cells", "cp"):
        Path(name).mkdir()
    Path("cells.json").touch()
    assert quick_problems(chosen, [Path("change.yaml").absolute()]) == []


def _starting(**differs: Any) -> Change:
    """Return a change: a row of layering starts from another run, whose settings differ."""

    def change(study: dict[str, Any]) -> None:
        start = {"start_from": {"method": "layering", "variant": "first"}}
        small = {"size": "S", "width": 2}
        study["variants"] = {
            "layering": {
                "first": {"method": {**small, "completion": False}},
                "second": {"method": {**small, **differs}, "recipe": start},
            }
        }
        study["tables"]["table3"]["rows"] = [{"method": "layering", "variant": "second"}]

    change.__name__ = f"change_{len(differs)}"  # of the study file
    return change


@pytest.mark.parametrize("differs", [{"size": "M"}, {"width": 4}])
def test_a_start_that_does_not_fit_is_found_before_it_is_trained(
    opened: Callable[[Change], Study], differs: dict[str, Any]
) -> None:
    assert problems(opened(_starting())) == []
    (found,) = problems(opened(_starting(**differs)))
    assert found.startswith("synthetic-cells/layering/second: start_from: ")
    assert "do not fit results/tiny/runs/synthetic-cells/layering/first/seed" in found


def test_a_start_of_another_architecture_is_found(opened: Callable[[Change], Study]) -> None:
    def change(study: dict[str, Any]) -> None:
        _starting()(study)
        second = study["variants"]["layering"]["second"]
        second["recipe"]["start_from"] = {"method": "mask_rcnn"}

    (found,) = problems(opened(change))
    assert "holds no whole model with the names of this one" in found


@pytest.mark.parametrize("named", ["no/model.pt", ""])
def test_a_missing_file_of_a_start_is_found(opened: Callable[[Change], Study], named: str) -> None:
    def change(study: dict[str, Any]) -> None:
        study["recipe"]["start_from"] = named
        # a training that starts from a whole model does not read them
        study["detector"]["backbone"]["weights"] = "no/backbone.pt"

    (found,) = quick_problems(opened(change))
    assert found.startswith(f"initial weights: there is no file {named or '.'}; correct the path")
