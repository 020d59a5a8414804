"""Layouts of published data sets that tests damage and convert."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from gains.config.base import path_fields
from gains.datasets import convert as conversion
from gains.datasets.base import DATASETS
from helpers.layouts import CELLS, FIELD, FIRST, RNG, SECOND, WELL, WORMS, Layout, colour, make_fold

LARGE = 4_000_000
"""Bytes of an archive above which a conversion is not repeated, since it takes seconds."""


@pytest.fixture(autouse=True)
def everywhere(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Repeat every conversion with its files at another place, which must give the same bytes."""

    convert = conversion.convert

    def twice(name: str, source: str, options: Mapping[str, object], out: str | Path) -> None:
        convert(name, source, options, out)
        if Path(out).with_suffix(".zip").stat().st_size > LARGE:
            return
        place, moved = tmp_path_factory.mktemp("elsewhere") / "{x} 'y'", dict(options)
        for key in path_fields(DATASETS.get(source).settings) & options.keys():
            target, here = place / key / "z", Path(str(options[key]))
            target.parent.mkdir(parents=True)
            moved[key] = str(shutil.copytree(here, target) if here.is_dir() else target)
            if here.is_file():
                shutil.copy(here, target)
        convert(name, source, moved, place / "out.json")
        for suffix in (".json", ".zip"):
            found = (place / "out.json").with_suffix(suffix).read_bytes()
            assert found == Path(out).with_suffix(suffix).read_bytes(), suffix

    for module in list(sys.modules.values()):
        if getattr(module, "convert", None) is convert:
            monkeypatch.setattr(module, "convert", twice)


@pytest.fixture
def worms(tmp_path: Path) -> Layout:
    layout = Layout("bbbc010", tmp_path / "bbbc010", tmp_path)
    for well in ("B02", "A01"):
        layout.save("BBBC010_v2_images/" + WELL.format(well, "w1"), (65_535 - FIELD))
        layout.save("BBBC010_v2_images/" + WELL.format(well, "w2"), FIELD)
    for k, worm in enumerate(WORMS, start=1):
        file = f"BBBC010_v1_foreground_eachworm/A01_{k:02d}_ground_truth.png"
        layout.save(file, worm.astype(np.uint8) * 255)
    file = "BBBC010_v1_foreground_eachworm/B02_01_ground_truth.png"
    layout.save(file, WORMS[1].astype(np.uint8) * 255)
    return layout


@pytest.fixture
def cells(tmp_path: Path) -> Layout:
    layout = Layout("ccdb6843", tmp_path / "ccdb6843", tmp_path)
    for name in ("F04_007", "F01_120"):
        image = RNG.integers(0, 4096, CELLS).astype(np.uint16)
        layout.save(f"MP6843_img_full/{name}w1.TIF", image)
        layout.save(f"MP6843_img_full/{name}w2.TIF", image[::-1])
        layout.save(f"MP6843_seg/{name}_GT_01.tif", colour(FIRST))
    layout.save("MP6843_seg/F01_120_GT_02.tif", colour(SECOND, 0, 1))
    return layout


@pytest.fixture
def nuclei(tmp_path: Path) -> Layout:
    layout = Layout("pannuke", tmp_path / "pannuke", tmp_path)
    for number, kind in ((1, np.float64), (2, np.uint8), (3, np.float32)):
        make_fold(layout, number, 2, kind)
    return layout
