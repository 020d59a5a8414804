"""PanNuke from a small copy of its official layout."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gains.datasets.catalogue import DATASETS, pannuke
from gains.datasets.convert import check_options
from gains.datasets.findings import Findings
from gains.datasets.image_archive import ImageArchive
from helpers.layouts import Layout, file_names, make_fold


def test_pannuke_keeps_folds_categories_and_masks(nuclei: Layout) -> None:
    coco = nuclei.convert()
    assert file_names(coco) == [f"fold{n}/000{k}.png" for n in (1, 2, 3) for k in (0, 1)]
    assert list(coco.categories.values()) == [
        "Neoplastic", "Inflammatory", "Connective", "Dead", "Epithelial"]  # fmt: skip
    assert len(coco.instances(1)) == 0
    for number in (2, 4, 6):
        found = coco.instances(number)
        assert found.categories.tolist() == [1, 1, 5]
        assert found.stack().sum(axis=(1, 2)).tolist() == [100, 1600, 400]
        assert found.stack()[1:].all(axis=0).sum() == 100
    images = np.load(nuclei.root / "Fold 1/images/fold1/images.npy")
    archive = ImageArchive(nuclei.out.with_suffix(".zip"))
    np.testing.assert_array_equal(archive.read("fold1/0001.png"), images[1])
    assert nuclei.info["counts"]["images"] == {"expected": 7901, "found": 6}
    assert "images without objects were kept: 3 (first: fold1/0000.png)" in nuclei.repairs
    nuclei.convert(folds=[2])
    assert nuclei.info["counts"]["images"] == {"expected": 2523, "found": 2}
    assert file_names(nuclei.convert(folds=[3, 1])) == [
        f"fold{n}/000{k}.png" for n in (1, 3) for k in (0, 1)
    ]
    with pytest.raises(ValueError, match="name each fold once"):
        nuclei.convert(folds=[1, 1])
    with pytest.raises(ValueError, match="folds"):
        nuclei.convert(folds=[])


def test_pannuke_stays_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = Layout("pannuke", tmp_path / "pannuke", tmp_path)
    make_fold(layout, 1, 200, np.uint8)
    opened = []

    def load(path: Path, **options: Any) -> Any:
        opened.append(np.lib.format.open_memmap(path, mode=options["mmap_mode"]))
        assert options["allow_pickle"] is False
        return opened[-1]

    monkeypatch.setattr(np, "load", load)
    settings = check_options("pannuke", {"root": str(layout.root), "folds": [1]})
    scenes = iter(DATASETS.get("pannuke").make(settings, Findings()).scenes)
    first = [next(scenes) for _ in range(3)]
    assert [array.shape for array in opened] == [(200, 256, 256, 3), (200, 256, 256, 6), (200,)]
    assert all(isinstance(array, np.memmap) for array in opened)
    assert [len(scene[2]) for scene in first] == [0, 3, 3]
    # what is asked for later is read later: change the last patch on disk
    changed = np.lib.format.open_memmap(layout.root / "Fold 1/masks/fold1/masks.npy", mode="r+")
    changed[199] = 0
    changed.flush()
    assert [len(scene[2]) for scene in scenes][-2:] == [3, 0]


def test_pannuke_holds_one_patch(tmp_path: Path) -> None:
    layout = Layout("pannuke", tmp_path / "pannuke", tmp_path)
    make_fold(layout, 1, 40)
    total = (layout.root / "Fold 1/masks/fold1/masks.npy").stat().st_size
    settings = pannuke.PanNukeSettings(root=str(layout.root), folds=(1,))
    tracemalloc.start()
    for _ in pannuke.make(settings, Findings()).scenes:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < total / 8  # one patch of masks is a fortieth
