"""The snippet of docs/export.md: pycocotools reads what was predicted, and finds our mAP."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from gains.datasets.coco import read_coco
from gains.datasets.split_file import read_split
from gains.prediction.files import write_predictions
from gains.scoring.score import score_files
from helpers.paths import ROOT
from helpers.tiny import Tiny

SNIPPET = re.search(r"```python\n(import gzip.*?)```", (ROOT / "docs/export.md").read_text(), re.S)


@pytest.mark.parametrize("packed", [True, False])
def test_the_documented_lines_give_the_map_of_gains_score(
    packed: bool,
    tiny: Tiny,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(tiny.coco, "cells.json")
    truth = read_coco(tiny.coco).part(read_split(tiny.split).names("test"))
    objects = [(image, truth.instances(number)) for number, image in truth.images.items()]
    # without the last object of each image, and with falling scores
    predicted = [(image, found.select(np.arange(len(found) - 1))) for image, found in objects]
    path = Path("test.predictions.json.gz" if packed else "test.predictions.json")
    write_predictions(path, predicted, {})
    assert SNIPPET is not None
    code = SNIPPET[1]
    if not packed:
        code = re.sub(r"with gzip.*\n.*loadRes.*", f"found = truth.loadRes({str(path)!r})", code)
    exec(code, {})
    summary = capsys.readouterr().out
    expected = score_files(tiny.coco, path, file_names=[r.file_name for r, _ in objects])["coco"]
    assert 0 < expected["AP"] < 1
    lines = [line for line in summary.splitlines() if "area=   all" in line]
    values = [float(line.split()[-1]) for line in lines[:3]]
    assert values == pytest.approx([expected[k] for k in ("AP", "AP50", "AP75")], abs=6e-4)
    assert json.loads(Path("test.predictions.images.json").read_text())["images"]
