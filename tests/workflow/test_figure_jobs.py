"""The files and options of the figures of a study."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from gains.config.figures import FIGURES
from gains.config.file import check
from gains.study.opening import from_config
from gains.study.runs import Run
from gains.study.study import Study
from gains.workflow.figure_jobs import PicturedRow, figure_job, pictured_rows
from helpers.paths import ROOT

TEXT = (ROOT / "tests/studies/tiny.yaml").read_text()


def study_with(predictions: dict[str, Any], rows: list[dict[str, Any]]) -> Study:
    content = yaml.safe_load(TEXT)
    study = content["studies"]["tiny"]
    study["predictions"] = predictions
    cells = study["datasets"]["synthetic-cells"]
    study["datasets"]["more"] = {**cells, "source": "synthetic-cells", "split": {"folds": 3}}
    study["tables"]["mine"] = {"title": "t", "datasets": ["more"], "rows": rows}
    return from_config(check(content, "c"))


def rows_of(study: Study) -> list[PicturedRow]:
    block = study.settings.predictions
    assert block is not None
    (dataset,) = block.shown(study.settings)
    return pictured_rows(study, block, dataset)


def test_the_first_table_and_its_first_data_set_are_shown_in_its_order() -> None:
    study = study_with({}, [{"method": "gains"}])
    assert study.figures == ["figure3", "predictions"]
    assert [row.label for row in rows_of(study)] == ["Mask R-CNN (R18)", "GAInS (R18)"]
    folder = Path("results/tiny/runs/synthetic-cells/gains/default/seed0/fold0")
    assert rows_of(study)[1] == PicturedRow(
        "gains/default",
        "GAInS (R18)",
        f"{folder}/test.predictions.json.gz",
        f"{folder}/test.scores.json",
    )
    assert [run.method for run in study.figure_runs("predictions")] == ["mask_rcnn", "gains"]
    assert study.figure_runs("figure3") == []


def test_another_table_shows_what_its_rows_measure_there() -> None:
    rows: list[dict[str, Any]] = [
        {"method": "gains", "label": "mine"},
        {"method": "mask_rcnn", "variant": "default", "datasets": ["more"]},
    ]
    study = study_with({"table": "mine"}, rows)
    assert [row.label for row in rows_of(study)] == ["mine", "Mask R-CNN (R18)"]
    assert all("/more/" in row.scores for row in rows_of(study))
    assert {run.seed for run in study.figure_runs("predictions")} == {0}
    assert {run.fold for run in study.figure_runs("predictions")} == {0}


def study_of_figures() -> Study:
    """Return the study tiny with every figure, of a table with DoNet on two data sets."""
    content = yaml.safe_load(TEXT)
    study = content["studies"]["tiny"]
    cells = study["datasets"]["synthetic-cells"]
    study["datasets"]["more"] = {**cells, "source": "synthetic-cells"}
    rows = [{"method": "mask_rcnn"}, {"method": "gains", "datasets": ["more"]}]
    rows += [{"method": "donet", "variant": "mrp"}, {"method": "layering", "datasets": ["more"]}]
    study["tables"] = {"mine": {"title": "t", "rows": rows}}
    study |= {"figure1": {"images": {"more": "a.png"}}, "figure4": {}, "donet_figure5": {}}
    study["donet_figure4"] = {"datasets": ["more"], "rows": ["gains/default"], "images": ["b.png"]}
    study |= {"donet_figure1": {"dataset": "more"}, "donet_figure3": {"dataset": "more"}}
    study |= {"donet_figure6": {"dataset": "more", "image": "c.png"}, "predictions": {}}
    study |= {"layering_figure3": {"dataset": "more"}, "layering_figure4": {}}
    study["layering_figure5"] = {"dataset": "more", "layer": 2, "number": 3}
    study["differences"] = {"between": ["donet/mrp", "mask_rcnn/default"]}
    return from_config(check(content, "c"))


def words(study: Study, name: str) -> dict[str, list[str]]:
    """Return the values of each option of a figure's verb."""
    split = shlex.split(figure_job(study, name).options)
    found: dict[str, list[str]] = {}
    for option, value in zip(split[::2], split[1::2], strict=True):
        found.setdefault(option, []).append(value)
    return found


def test_every_kind_of_figure_has_a_job_whose_files_are_inputs() -> None:
    study = study_of_figures()
    assert list(study.settings.figures) == list(FIGURES)
    for name in FIGURES:
        job, given = figure_job(study, name), words(study, name)
        files = [v for values in given.values() for v in values if v.startswith(("data", "res"))]
        assert set(files) < set(job.inputs)
        archives = [str(Path(path).with_suffix(".zip")) for path in given["--coco"]]
        assert set(job.inputs) == {*files, *archives}


def test_methods_side_by_side_are_the_rows_with_all_data_sets() -> None:
    study = study_of_figures()
    given = words(study, "figure4")
    assert given["--label"] == ["Mask R-CNN (R18)", "DoNet (R18)"]
    assert [path.split("/")[3] for path in given["--predictions"]] == [
        *("synthetic-cells", "synthetic-cells", "more", "more"),
    ]
    assert [path.split("/")[3:5] for path in given["--scores"]] == [
        ["synthetic-cells", "mask_rcnn"],
        ["more", "mask_rcnn"],
    ]
    assert (given["--worst"], given["--min-score"]) == (["1"], ["0.5"])
    named = words(study, "donet_figure4")
    assert (named["--label"], named["--image"]) == (["GAInS (R18)"], ["b.png"])
    assert not {"--scores", "--worst"} & named.keys()


def test_a_figure_of_a_model_needs_its_training_alone() -> None:
    study = study_of_figures()
    job = figure_job(study, "donet_figure6")
    assert job.model == Run("more", "donet", "mrp", 0, 0)
    assert [path for path in job.inputs if path.startswith("results")] == [
        "results/tiny/runs/more/donet/mrp/seed0/fold0/model.pt"
    ]
    assert words(study, "donet_figure6")["--image"] == ["c.png"]
    assert figure_job(study, "figure4").model is None


def test_figures_of_layers_name_image_and_layer() -> None:
    study = study_of_figures()
    given = words(study, "layering_figure5")
    assert (given["--layer"], given["--number"]) == (["2"], ["3"])
    assert "--image" not in given and given["--target-category"] == ["1"]
    model = "results/tiny/runs/more/layering/default/seed0/fold0/model.pt"
    for name in ("layering_figure3", "layering_figure5"):
        assert words(study, name)["--model"] == [model]
        assert figure_job(study, name).model == Run("more", "layering", "default", 0, 0)
    content = study.settings.model_dump()
    content["layering_figure5"] = {"dataset": "more", "images": ["a.png", "b.png"]}
    study = from_config(check({"study": "tiny", "studies": {"tiny": content}}, "c"))
    named = words(study, "layering_figure5")
    assert named["--image"] == ["a.png", "b.png"]
    assert not {"--layer", "--number"} & named.keys()


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ({"layer": 9}, r"layering_figure5\.layer: there is no layer 9; .* the layers 1 to 8"),
        ({"variant": "S"}, r"layering_figure5: no table has a row layering/S on 'more'"),
        (
            {"dataset": "synthetic-cells"},
            "no table has a row layering/default on 'synthetic-cells'",
        ),
    ],
)
def test_a_layer_or_model_that_there_is_not_is_refused_at_once(
    block: dict[str, Any], message: str
) -> None:
    content = study_of_figures().settings.model_dump()
    content["layering_figure5"] = {"dataset": "more", **block}
    with pytest.raises(ValueError, match=message):
        from_config(check({"study": "tiny", "studies": {"tiny": content}}, "c"))


def test_differences_take_every_fold_of_the_two_rows_in_their_order() -> None:
    rows = [{"method": "mask_rcnn"}, {"method": "gains"}, {"method": "htc"}]
    study = study_with({}, rows)
    content = study.settings.model_dump()
    between = ["gains/default", "mask_rcnn/default"]
    content["differences"] = {"table": "mine", "between": between, "number": 3}
    study = from_config(check({"study": "tiny", "studies": {"tiny": content}}, "c"))
    given = words(study, "differences")
    assert given["--label"] == ["GAInS (R18)", "Mask R-CNN (R18)"]
    for option, method in (("--first", "gains"), ("--second", "mask_rcnn")):
        for name, file in ((option, "predictions.json.gz"), (f"{option}-scores", "scores.json")):
            assert given[name] == [
                f"results/tiny/runs/more/{method}/default/seed0/fold{fold}/test.{file}"
                for fold in range(3)
            ]
    assert (given["--number"], given["--min-score"]) == (["3"], ["0.5"])
    assert len(study.figure_runs("differences")) == 6
