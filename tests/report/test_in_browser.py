"""The report of a finished study: how it is written, and how a real browser shows it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gains.report.of_study import report_spec
from gains.report.write import write_report
from helpers.reported import EXTERNAL, NASTY, TRAINED, finished_study

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
OPTIONS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--virtual-time-budget=2000",
]

LISTENER = """<script>window.broken = [];
addEventListener("error", (event) => broken.push(String(event.message)), true);</script>"""
USER = """<script>addEventListener("load", () => {
  const first = (table) => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
  const tables = [...document.querySelectorAll("table")];
  const sorted = document.querySelector("#added"), click = (k) => sorted.querySelectorAll("button")[k].click();
  const orders = [1, 1, 0, 0].map((k) => { click(k); return first(sorted); });
  const field = sorted.parentElement.previousElementSibling.querySelector("input");
  field.value = "ROW 1"; field.dispatchEvent(new Event("input"));
  const said = document.createElement("pre");
  said.id = "said";
  said.textContent = JSON.stringify({
    broken, orders, tables: tables.length,
    shown: [...sorted.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[0].textContent),
    pictures: [...document.images].map((image) => image.naturalWidth),
    requests: performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("data:")),
    wide: document.documentElement.scrollWidth - innerWidth,
    clickable: document.querySelectorAll("[onclick]").length,
  });
  document.body.append(said);
});</script>"""
ADDED = """<div class="wide"><table id="added"><thead><tr><th>row</th><th>value</th></tr></thead><tbody>
<tr><td>row 2</td><td data-order="0.5"></td></tr><tr><td>row 10</td><td>–</td></tr>
<tr><td>row 1</td><td data-order="10"></td></tr><tr><td>row 3</td><td data-order="9"></td></tr>
<tr><td>row 4</td><td data-order="-1"></td></tr></tbody></table></div>"""
"""A table to sort: numbers that are no texts in order, and a cell without a number."""


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The report of a method and of another program on one test image."""
    monkeypatch.chdir(tmp_path)
    write_report(report_spec(finished_study([TRAINED, EXTERNAL])), "report.html")
    return tmp_path / "report.html"


def test_names_are_escaped_everywhere_and_absent_data_are_named(report: Path) -> None:
    text = report.read_text()
    assert "<b onclick" not in text and html.escape(NASTY, quote=False).split("'")[0] in text
    assert "<strong>gone</strong>: no answer, no.json is absent." in text
    assert "1 test image with 2 objects." in text
    assert "and the objects that label images &lt;b" in text  # a picture has the label of its row
    for heading in ("isolated", "touching", "light overlap", "heavy overlap", "crossing"):
        assert f'class="number">{heading}</th>' in text  # the audit counts the kinds
    # label images have no scores, so that the answer rests on the next metric
    assert "All rows have the same AJI, 83.3." in text


@pytest.mark.parametrize("rows", [[TRAINED], [EXTERNAL]], ids=["one method", "nothing trained"])
def test_a_study_of_one_row_has_a_report(
    rows: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = report_spec(finished_study(rows, ("b.png", "c.png")))
    write_report(spec, "report.html")
    text = Path("report.html").read_text()
    assert (
        "was measured, so nothing is compared." in text and "2 test images with 4 objects." in text
    )
    assert ("Nothing was trained." in text) == (rows == [EXTERNAL])
    first = Path("report.html").read_bytes()
    write_report(spec, "report.html")
    assert Path("report.html").read_bytes() == first


@pytest.mark.skipif(BROWSER is None, reason="needs Chromium")
def test_a_browser_shows_it_without_errors_and_sorts_and_filters_tables(report: Path) -> None:
    text = report.read_text()
    tables = text.count("<table>")
    text = text.replace("<head>", "<head>" + LISTENER, 1)
    text = text.replace("</main>", ADDED + "</main>" + USER, 1)
    report.write_text(text)
    profile = f"--user-data-dir={report.parent / 'profile'}"
    call = [str(BROWSER), *OPTIONS, profile, "--window-size=400,800", "--dump-dom", report.as_uri()]
    done = subprocess.run(call, capture_output=True, text=True, check=True, timeout=60)
    found = re.search(r'<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    said = json.loads(html.unescape(found[1]))
    assert said["broken"] == said["requests"] == []
    assert said["tables"] == tables + 1
    assert len(said["pictures"]) == 5 and min(said["pictures"]) > 100
    assert said["clickable"] == 0
    assert said["wide"] <= 0  # wide tables scroll in themselves
    down, up, a_to_z, z_to_a = said["orders"]
    assert down == ["row 1", "row 3", "row 2", "row 4", "row 10"]
    assert up == ["row 4", "row 2", "row 3", "row 1", "row 10"]
    assert a_to_z == ["row 1", "row 2", "row 3", "row 4", "row 10"] == z_to_a[::-1]
    assert said["shown"] == ["row 10", "row 1"]
