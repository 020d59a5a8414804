"""The report as a page: it needs nothing else, escapes all texts, and names its pictures."""

from __future__ import annotations

import base64
import io
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gains.instances import Instances
from gains.masks.contacts import KINDS
from gains.masks.rle import Rle, encode_mask
from gains.report.answers import Answer
from gains.report.content import (
    CURVES,
    DATA,
    EXAMPLES,
    KINDS_SHOWN,
    NARROWEST,
    Cell,
    HtmlTable,
    drawing,
    photograph,
)
from gains.report.examples import chosen_examples
from gains.report.kinds import kinds_of
from gains.report.of_study import report_spec, without_folders
from gains.report.scores import ScoreTable
from gains.report.validated import ValidatedTable
from gains.report.write import Page, rendered
from gains.study.opening import open_study
from gains.support.files import write_json
from helpers.paths import ROOT

NASTY = "<script>alert('x')</script> & \"quoted\""


class Found(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "white").save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def page() -> Page:
    spec = report_spec(open_study(ROOT / "config.yaml", "first"))
    value = Cell("12.30", ("[10.0, 14.0]", "GAInS III: 63.71 ≠"), 12.3, bold=True)
    table = HtmlTable(NASTY, ["row", "mAP"], [[Cell(NASTY), value]], ["a note"], ["a reason"])
    return Page(
        spec=spec,
        tables=[ScoreTable("table3", NASTY, [Answer(NASTY, [NASTY])], [table], [table], [NASTY])],
        validations=[ValidatedTable("search", NASTY, [table], [NASTY])],
        cautions=[NASTY],
        reading_help=["help"],
        images=[drawing(png(), "drawn", NASTY, 10_000)],
        kinds=[photograph(png(), "kinds", "caption", 10_000)],
        audit=table,
        examples={"cells": [photograph(png(), NASTY, "caption", 10_000)]},
        curves=[],
        costs=table,
        versions=[NASTY],
        origins=[table],
        settings=NASTY,
        references="@misc{a}",
    )


def test_the_page_needs_no_other_file_and_escapes_all_texts(page: Page) -> None:
    text = rendered(page)
    found = Found(text)
    assert "alert('x')</script>" not in text
    assert len(found.named("script")) == 1
    for tag, attributes in found.tags:
        for name in ("src", "href", "srcset", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#")), (tag, value)
    assert "@import" not in text and "url(" not in text
    assert rendered(page) == text


def test_people_who_do_not_see_pictures_or_use_a_mouse_can_read_it(page: Page) -> None:
    found = Found(rendered(page))
    assert found.named("html")[0]["lang"] == "en"
    assert all(image["alt"] for image in found.named("img"))
    assert len(found.named("img")) == 3
    heads = found.named("th")
    assert {head["scope"] for head in heads} == {"col", "row"}
    assert len(found.named("caption")) == len(found.named("table")) == 6
    anchors = {link["href"] for link in found.named("a")}
    assert anchors == {f"#{section['id']}" for section in found.named("section")}


def test_the_table_that_compares_methods_comes_first_and_others_are_folded(page: Page) -> None:
    spec = report_spec(open_study(ROOT / "config.yaml", "demo"))
    assert [table.name for table in spec.tables] == ["table3", "table2", "table1"]
    first, second = page.tables[0], replace(page.tables[0], title="the second table")
    text = rendered(replace(page, tables=[first, second]))
    folded = '<details><summary class="table">the second table</summary>'
    assert text.count('<summary class="table">') == 1 and folded in text


def test_each_object_has_the_kind_of_its_contact_within_its_class() -> None:
    def square(left: int) -> Rle:
        mask = np.zeros((20, 40), dtype=bool)
        mask[5:15, left : left + 10] = True
        return encode_mask(mask)

    masks = [square(0), square(9), square(19), square(0)]
    # the last one lies on the first, but is of another class
    found = kinds_of(Instances.from_rles(20, 40, masks, categories=[1, 1, 1, 2]))
    kinds = [KINDS[k] for k in found]
    assert kinds == ["light overlap", "light overlap", "touching", "isolated"]


def test_a_cell_has_its_value_its_interval_and_the_published_value(page: Page) -> None:
    text = rendered(page)
    cell = text.split('<td class="number" data-order="12.3">', 1)[1].split("</td>")[0]
    for part in ("<strong>12.30</strong>", "[10.0, 14.0]", "GAInS III: 63.71 ≠"):
        assert part in cell


@pytest.mark.parametrize("make", [photograph, drawing])
def test_a_picture_stays_below_its_limit_and_never_becomes_tiny(make: Any) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 600, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "PNG")
    whole, half = (make(out.getvalue(), "", "", most) for most in (10**6, 60_000))
    assert (whole.width, whole.height) == (600, 300)
    assert NARROWEST < half.width < 600
    assert len(base64.b64decode(half.source.split(",")[1])) <= 60_000
    assert make(out.getvalue(), "", "", 1).width == NARROWEST


def test_all_pictures_fit_into_eight_megabytes() -> None:
    assert (DATA + KINDS_SHOWN + EXAMPLES + CURVES) * 4 / 3 < 7e6  # the rest is for the tables


def scored(folder: Path, values: dict[str, float]) -> str:
    entries = [
        {"file_name": name, "per_class": {"1": {"AJI": value}}} for name, value in values.items()
    ]
    blocks: dict[str, dict[str, float]] = {"coco": {}, "clean": {}, "as_published": {}}
    write_json(folder / "test.scores.json", {**blocks, "per_image": entries})
    return str(folder)


def test_the_best_the_median_and_the_worst_image_of_all_seeds_are_shown(tmp_path: Path) -> None:
    first = scored(tmp_path / "0", {"a": 0.9, "b": 0.5, "c": 0.1, "d": 0.6})
    second = scored(tmp_path / "1", {"a": 0.1, "b": 0.5, "c": 0.3, "d": 0.8})
    found = chosen_examples((first, second))
    # means: a 0.5, b 0.5, c 0.2, d 0.7; in order c, a, b, d
    assert [(e.place, e.name) for e in found] == [("best", "d"), ("median", "a"), ("worst", "c")]
    assert found[0].value == pytest.approx(0.7)
    assert found[0].folder == Path(first)


def test_a_single_image_is_shown_once(tmp_path: Path) -> None:
    assert [e.place for e in chosen_examples((scored(tmp_path, {"a": 0.9}),))] == ["best"]


def test_a_report_says_nothing_about_the_machine() -> None:
    given = {"options": {"images": "/home/anna/cells"}, "rows": [{"external": "/x/y.json"}]}
    assert without_folders(given) == {
        "options": {"images": "cells"},
        "rows": [{"external": "y.json"}],
    }
    spec = report_spec(open_study(ROOT / "config.yaml", "first"))
    assert "mem_mb" not in spec.settings
    assert spec.settings["recipe"]["iterations"] == 200


@pytest.mark.parametrize(
    "name", ["demo", "paper", "first", "real-images", "paper-batch8", "evidence"]
)
def test_the_report_of_every_study_reads_the_results_of_all_its_runs(name: str) -> None:
    study = open_study(ROOT / "config.yaml", name)
    spec = report_spec(study)
    for run in study.trainings():
        assert f"{study.run_folder(run)}/run.json" in spec.paths
    for run in study.runs():
        for file in ("test.predictions.json.gz", "test.scores.json"):
            assert f"{study.run_folder(run)}/{file}" in spec.paths
    present = [
        dataset for dataset in study.settings.datasets if dataset not in study.without_images
    ]
    assert [dataset.name for dataset in spec.datasets] == present
    assert {table.name for table in spec.tables} == set(study.tables)
    assert spec.paths[-2:] == [spec.compare, spec.audit]
