"""The tables and figures that studies make, with their state on this disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from gains.config.file import Readable, read_each
from gains.figures import FIGURES
from gains.study.papers import Product, State, open_each, products
from gains.study.plan import record_of
from gains.study.study import Study
from helpers.paths import ROOT

SHOWN = {figure.name: figure.published for figure in FIGURES if figure.published}
Write = Callable[[str, dict[str, Any]], None]


def tiny(**changes: Any) -> dict[str, Any]:
    """Return the block of the study tiny with other values."""
    content = yaml.safe_load((ROOT / "tests/studies/tiny.yaml").read_text())
    return content["studies"]["tiny"] | changes


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Return a function that writes a file of studies in the folder where the test works."""
    monkeypatch.chdir(tmp_path)

    def to(name: str, content: dict[str, Any]) -> None:
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(yaml.safe_dump(content, sort_keys=False))

    return to


def listed(found: Readable) -> list[Product]:
    return products(open_each(found, lambda _: None), SHOWN)


def table(number: str | None, **changes: Any) -> dict[str, Any]:
    return {"title": "t", "table": number, "rows": [{"method": "gains"}], **changes}


def test_a_broken_study_hides_no_other(write: Write) -> None:
    write("config.yaml", {"study": "a", "studies": {"a": tiny(), "b": tiny(seds=[1]), "h": tiny()}})
    write("studies/c.yaml", {"studies": {"c": tiny()}})
    write("studies/d.yaml", {"studies": {"other": tiny()}})
    Path("studies/e.yaml").write_text("studies: {e: [")
    Path("studies/f.yaml").mkdir()
    write("studies/h.yaml", {"studies": {"h": tiny()}})
    gone = tiny()["datasets"]
    gone["synthetic-cells"]["split"] = {"file": "gone.json"}
    write("studies/g.yaml", {"studies": {"g": tiny(datasets=gone)}})
    found = read_each("config.yaml")
    assert {product.study for product in listed(found)} == {"a", "c"}
    assert found.problems.keys() == {"b", "d", "e", "f", "g", "h"}
    assert "did you mean 'seeds'" in found.problems["b"]
    assert "expected one study, with the name of the file" in found.problems["d"]
    assert found.problems["e"].startswith("studies/e.yaml: ")
    assert "is a folder" in found.problems["f"]
    assert found.problems["g"].startswith("gone.json: ")


def test_the_order_is_that_of_papers_tables_and_studies(write: Write) -> None:
    tables = {"mine": table(None), "donet_table1": table("1"), "table3": table("III")}
    write("config.yaml", {"study": "z", "studies": {"z": tiny(tables=tables, figure3=None)}})
    for name in ("a", "demo"):
        block = tiny(tables={"table3": table("III"), "table1": table("I")})
        write(f"studies/{name}.yaml", {"studies": {name: block}})
    found = [(p.paper, p.number, p.study) for p in listed(read_each("config.yaml"))]
    assert found == [
        ("GAInS", "Table I", "demo"),
        ("GAInS", "Table I", "a"),
        ("GAInS", "Table III", "demo"),
        ("GAInS", "Table III", "z"),
        ("GAInS", "Table III", "a"),
        ("GAInS", "Figure 3", "demo"),
        ("GAInS", "Figure 3", "a"),
        ("DoNet", "Table 1", "z"),
        ("", "mine", "z"),
    ]


def test_what_is_done_and_what_exists(write: Write) -> None:
    write("config.yaml", {"study": "a", "studies": {"a": tiny()}})
    found = read_each("config.yaml")
    before, figure = listed(found)
    assert (before.trainings, before.done, before.files, before.copy) == (4, 0, (), None)
    assert before.data == figure.data == (State("synthetic-cells", "made here"),)
    assert (figure.target, figure.trainings) == ("results/figure3.png", 0)
    study = Study("a", found.studies["a"])
    files = [Path(f"results/a/tables/table3.{kind}") for kind in ("csv", "tex")]
    first, *_ = study.trainings()
    for path in (record_of(study, first), *files):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    Path("results/table3.csv").write_text("{}")
    after, _ = listed(found)
    assert (after.trainings, after.done, after.files, after.copy) == (4, 1, tuple(files), True)
    Path("results/table3.csv").write_text("another study")
    assert listed(found)[0].copy is False


def test_a_figure_without_a_published_one_needs_the_runs_that_it_shows(write: Write) -> None:
    write("config.yaml", {"study": "a", "studies": {"a": tiny(predictions={})}})
    *_, found = listed(read_each("config.yaml"))
    assert (found.paper, found.number, found.target) == (
        "",
        "predictions",
        "results/predictions.png",
    )
    assert found.title == "Test images of synthetic-cells with their predictions"
    assert (found.trainings, found.done) == (2, 0)  # one of two seeds


def test_runs_that_share_a_model_are_one_training(write: Write) -> None:
    rows = [{"method": "gains"}, {"method": "gains", "variant": "sure", "label": "sure"}]
    block = tiny(tables={"table3": table("III", rows=rows)})
    block["variants"] = {"gains": {"sure": {"method": {"score_threshold": 0.5}}}}
    write("config.yaml", {"study": "a", "studies": {"a": block}})
    assert listed(read_each("config.yaml"))[0].trainings == 2


def test_data_and_weights_are_shown_with_their_state(write: Write) -> None:
    options = {"images": "mine/images", "labels": "mine/a.json"}
    weights = {"backbone": {"name": "resnet50", "weights": "imagenet"}}
    datasets: dict[str, dict[str, Any]] = {
        "ucoc": {},
        "mine": {"source": "folder", "options": options},
    }
    block = tiny(datasets=datasets, figure3=None, detector=weights)
    write("config.yaml", {"study": "a", "studies": {"a": block}})
    Path("data/raw/ucoc").mkdir(parents=True)
    Path("data/sources.csv").write_bytes((ROOT / "data/sources.csv").read_bytes())
    (found,) = listed(read_each("config.yaml"))
    assert found.data == (
        State("ucoc", "not fetched"),
        State("mine", "missing: mine/a.json, mine/images"),
    )
    assert found.weights == (State("imagenet-resnet50", "not fetched"),)
    datasets["mine"]["optional"] = True
    write("config.yaml", {"study": "a", "studies": {"a": block}})
    (found,) = listed(read_each("config.yaml"))
    assert found.data[1] == State("mine", "absent: mine/a.json does not exist")
    assert found.trainings == 4  # those on the other data set
    Path("mine/images").mkdir(parents=True)
    Path("mine/a.json").touch()
    Path("data/raw/ucoc/fetched.json").write_text("{")
    ucoc, mine = listed(read_each("config.yaml"))[0].data
    assert "data/raw/ucoc/fetched.json" in ucoc.text
    assert mine == State("mine", "own files")
