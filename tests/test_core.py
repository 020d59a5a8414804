"""Files, registry, settings, instances, COCO files."""

from __future__ import annotations

import errno
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from gains.config.base import merge
from gains.config.file import check, load
from gains.datasets.coco import ImageArchive, read_coco, to_rle, write_coco
from gains.instances import Instances
from gains.masks.rle import decode_mask, encode_mask
from gains.study.runs import Run
from gains.study.study import from_config, open_study, resolve
from gains.support.files import atomic_path, read_json, write_json
from gains.support.registry import Registry
from helpers.paths import ROOT


def test_atomic_write_keeps_the_old_file_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(OSError, match="full"), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "full")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_bytes_depend_on_content_alone(tmp_path: Path) -> None:
    for name in ("a.json.gz", "b.json.gz"):
        write_json(tmp_path / name, {"b": 1, "a": [1.5, "ü"]})
    assert (tmp_path / "a.json.gz").read_bytes() == (tmp_path / "b.json.gz").read_bytes()
    assert read_json(tmp_path / "a.json.gz") == {"a": [1.5, "ü"], "b": 1}


def test_json_refuses_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"a": float("nan")})
    assert list(tmp_path.iterdir()) == []


def test_truncated_json_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}')[:-6])
    with pytest.raises(ValueError, match=r"a\.json\.gz: expected complete JSON"):
        read_json(path)


class Thing:
    """Something with a name."""

    def __init__(self, name: str) -> None:
        self.name = name


def test_registry_lists_what_it_knows() -> None:
    registry: Registry[Thing] = Registry("thing")
    registry.register(Thing("alpha"))
    registry.register(Thing("beta"))
    with pytest.raises(
        ValueError, match="unknown thing 'alpah'; did you mean 'alpha'.*alpha, beta"
    ):
        registry.get("alpah")
    with pytest.raises(ValueError, match="registered twice"):
        registry.register(Thing("beta"))


def test_merge() -> None:
    assert merge({"a": {"b": 1, "c": 2}, "d": [1, 2]}, {"a": {"c": 3}, "d": [4]}) == {
        "a": {"b": 1, "c": 3},
        "d": [4],
    }


def test_instances_of_unequal_length_are_refused() -> None:
    rle = encode_mask(np.ones((3, 4), dtype=bool))
    with pytest.raises(ValueError, match="1 masks but 2 values of 'categories'"):
        Instances(
            3, 4, [rle], np.array([1, 2]), np.ones(1), np.zeros((1, 4)), np.ones(1, dtype=np.int64)
        )
    with pytest.raises(ValueError, match="a mask has size"):
        Instances.from_rles(4, 4, [rle], [1])


def test_instances_round_trip() -> None:
    masks = np.zeros((2, 5, 6), dtype=bool)
    masks[0, 1:3, 2:5] = True
    masks[1, 0, 0] = True
    found = Instances.from_rles(5, 6, [encode_mask(m) for m in masks], [2, 1], [0.5, 0.9])
    assert np.array_equal(found.stack(), masks)
    assert found.boxes.tolist() == [[2, 1, 5, 3], [0, 0, 1, 1]]
    best = found.select(np.array([1]))
    assert best.categories.tolist() == [1]
    assert found.select(found.scores > 0.6).ids.tolist() == [2]
    assert Instances.from_rles(5, 6, [], []).stack().shape == (0, 5, 6)


@pytest.mark.parametrize(
    "segmentation",
    [
        [[1, 1, 4, 1, 4, 4, 1, 4]],
        {"size": [6, 6], "counts": [7, 3, 3, 3, 3, 3, 14]},
        encode_mask(np.pad(np.ones((3, 3), dtype=bool), ((1, 2), (1, 2)))),
    ],
)
def test_three_kinds_of_masks_are_one(segmentation: Any) -> None:
    wanted = np.zeros((6, 6), dtype=bool)
    wanted[1:4, 1:4] = True
    assert np.array_equal(decode_mask(to_rle(segmentation, 6, 6)), wanted)


@pytest.mark.parametrize(
    "segmentation", [[1, 2, 3, 4, 5, 6], "x", 5, {"size": [3, 3], "counts": "9"}]
)
def test_other_masks_are_refused(segmentation: Any) -> None:
    with pytest.raises(ValueError, match="segmentation: "):
        to_rle(segmentation, 6, 6)


def write(tmp_path: Path, n: int = 2) -> Path:
    path = tmp_path / "d.json"
    mask = encode_mask(np.pad(np.ones((3, 3), dtype=bool), 2))
    images = (
        (
            f"i{k}.png",
            np.full((7, 7), 30 * k, dtype=np.uint8),
            Instances.from_rles(7, 7, [mask], [1]),
        )
        for k in range(n)
    )
    write_coco(path, images, {1: "cell"}, {"name": "test"})
    return path


def test_coco_round_trip(tmp_path: Path) -> None:
    coco = read_coco(write(tmp_path))
    assert list(coco.images) == [1, 2]
    assert coco.instances(2).ids.tolist() == [2]
    assert coco.instances(1).stack().sum() == 9
    assert ImageArchive(tmp_path / "d.zip").read("i1.png")[0, 0].tolist() == [30, 30, 30]
    assert [r.id for r in coco.by_name(["i1.png", "i0.png"])] == [2, 1]
    with pytest.raises(ValueError, match="'nope.png'"):
        coco.by_name(["nope.png"])


def test_coco_files_are_never_empty(tmp_path: Path) -> None:
    empty = ("a.png", np.zeros((4, 4), dtype=np.uint8), Instances.from_rles(4, 4, [], []))
    with pytest.raises(ValueError, match="without a single instance"):
        write_coco(tmp_path / "e.json", [empty], {1: "x"}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "d.zip"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match="damaged archive"):
        ImageArchive(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([], "expected COCO ground truth"),
        ({"images": [], "annotations": [], "categories": []}, "holds no image"),
        (
            {
                "images": [{"id": 1, "file_name": "a", "height": 2, "width": 2}],
                "annotations": [{"id": 7, "image_id": 3, "category_id": 1}],
                "categories": [{"id": 1}],
            },
            "annotation 7 names image 3",
        ),
    ],
)
def test_other_json_is_refused(tmp_path: Path, content: Any, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        read_coco(path)


@pytest.fixture()
def content() -> dict[str, Any]:
    found = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert isinstance(found, dict)
    return found


def test_the_shipped_studies_resolve() -> None:
    for name in load(ROOT / "config.yaml").studies:
        study = open_study(ROOT / "config.yaml", name)
        runs = list(study.runs())
        assert len(runs) == 47 * len(study.settings.seeds)
        seen = {(run.dataset, study.run_settings(run).images_seen) for run in runs}
        if name == "paper":
            assert {images for _, images in seen} == {20000}
        assert all(study.run_settings(run).method["name"] == run.method for run in runs)


def test_equal_settings_are_one_run() -> None:
    study = open_study(ROOT / "config.yaml", "demo")
    five = [r for r in study.runs() if r.dataset == "synthetic-cells" and r.method == "gains"]
    assert len(five) == len(set(five)) == 10
    assert study.canonical("synthetic-cells", "gains", "default") == "default"


def test_every_fold_is_a_run(content: dict[str, Any], tmp_path: Path) -> None:
    block = content["studies"]["demo"]
    block["datasets"]["synthetic-cells"]["split"] = {"folds": 3}
    given = tmp_path / "given.json"
    given.write_text(
        '{"folds": [{"train": ["a*"], "test": ["b*"]}, {"train": ["b*"], "test": ["a*"]}]}'
    )
    block["datasets"]["synthetic-nuclei"]["split"] = {"file": str(given)}
    study = from_config(check(content, "c"))
    assert [study.folds(name) for name in block["datasets"]] == [3, 1, 2]
    runs = study.cell_runs("synthetic-cells", "gains", "default")
    assert [(run.seed, run.fold) for run in runs] == [(0, 0), (0, 1), (0, 2)]
    assert str(study.maps(runs[2])).endswith("fold2.train.isbi-t1-w5-f0.5-ol0.1-clean.npz")
    given.unlink()
    with pytest.raises(FileNotFoundError, match="bring the given lists"):
        from_config(check(content, "c"))


def test_an_explicit_default_is_the_default(content: dict[str, Any]) -> None:
    demo = content["studies"]["demo"]
    demo["variants"]["gains"]["w5"] = {"maps": {"window_size": 5}}
    study = from_config(check(content, "c"))
    assert study.canonical("synthetic-cells", "gains", "w5") == "default"


@pytest.mark.parametrize(
    ("place", "key", "message"),
    [
        ((), "studys", "did you mean 'study'"),
        (("studies", "demo"), "sedes", "did you mean 'seeds'"),
        (("studies", "demo", "recipe"), "itertions", "did you mean 'iterations'"),
        (("studies", "demo", "detector"), "box_dimm", "did you mean 'box_dim'"),
        (("studies", "demo", "detector", "backbone"), "nrom", "did you mean 'norm'"),
        (("studies", "demo", "datasets", "synthetic-cells", "maps"), "windw", "window_size"),
        (("studies", "demo", "tables", "table3"), "row", "did you mean 'rows'"),
    ],
)
def test_a_misspelt_key_is_refused_with_the_nearest(
    content: dict[str, Any], place: tuple[str, ...], key: str, message: str
) -> None:
    block = content
    for part in place:
        block = block[part]
    block[key] = 1
    with pytest.raises(ValueError, match=message):
        from_config(check(content, "config.yaml"))


def test_an_unknown_method_or_variant_is_refused(content: dict[str, Any]) -> None:
    rows = content["studies"]["demo"]["tables"]["table3"]["rows"]
    rows.append({"method": "mask_rcn"})
    with pytest.raises(ValueError, match="unknown method 'mask_rcn'; did you mean 'mask_rcnn'"):
        from_config(check(content, "c"))
    rows[-1] = {"method": "gains", "variant": "w6"}
    with pytest.raises(ValueError, match="has no variant 'w6'"):
        from_config(check(content, "c"))


def test_an_empty_study_is_refused(content: dict[str, Any]) -> None:
    for key in ("datasets", "tables"):
        broken = {
            **content,
            "studies": {"x": {"title": "t", **content["studies"]["demo"], key: {}}},
        }
        broken["study"] = "x"
        with pytest.raises(ValueError, match=key):
            check(broken, "c")
    with pytest.raises(ValueError, match="studies"):
        check({"study": "x", "studies": {}}, "c")


def test_overriding_a_committed_study_needs_a_name(content: dict[str, Any]) -> None:
    committed = ROOT / "config.yaml"
    assert resolve(content, committed).tag == "demo"
    content["studies"]["demo"]["seeds"] = [7]
    with pytest.raises(ValueError, match="variant=<name>"):
        resolve(content, committed)
    study = resolve({**content, "variant": "mine"}, committed)
    assert study.data == "data/demo+mine"
    own = {**content["studies"]["demo"], "seeds": [1]}
    added = {"study": "own", "studies": {"own": own}}
    assert resolve(added, committed).tag == "own"


def test_mask_rcnn_reads_no_maps() -> None:
    study = open_study(ROOT / "config.yaml", "demo")
    assert study.maps(Run("synthetic-cells", "mask_rcnn", "default", 0)) is None
    maps = study.maps(Run("synthetic-cells", "gains", "w3", 0))
    assert str(maps) == (
        "data/demo/maps/synthetic-cells/fold0.train.isbi-t1-w3-f0.5-ol0.1-clean.npz"
    )


def test_outputs_that_cannot_be_written_are_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"), atomic_path(tmp_path):
        raise AssertionError("the work began")
    with pytest.raises(ValueError, match="cannot be written"), atomic_path("/proc/none/a.json"):
        raise AssertionError("the work began")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metrics": []}, "metrics"),
        ({"metrics": ["mAP", "mAP"]}, "once"),
        ({"datasets": []}, "datasets"),
        ({"subsets": []}, "subsets"),
    ],
)
def test_tables_without_columns_are_refused(
    content: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    content["studies"]["demo"]["tables"]["table3"].update(change)
    with pytest.raises(ValueError, match=message):
        check(content, "c")


def test_a_table_may_not_take_another_outputs_name(content: dict[str, Any]) -> None:
    tables = content["studies"]["demo"]["tables"]
    tables["compare"] = tables["table3"]
    with pytest.raises(ValueError, match="another output has that name"):
        check(content, "c")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("milestones", [10, 5], "must rise"),
        ("lr", float("inf"), "finite"),
        ("train_sizes", [0], "greater than or equal to 32"),
        ("max_size", 100, "below the short sides"),
    ],
)
def test_recipes_that_cannot_work_are_refused(
    content: dict[str, Any], key: str, value: Any, message: str
) -> None:
    demo = content["studies"]["demo"]
    demo["recipe"][key] = value
    for dataset in demo["datasets"].values():
        dataset["recipe"].pop(key, None)
    with pytest.raises(ValueError, match=message):
        from_config(check(content, "c"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"options": {"imgaes": 3}}, "did you mean 'images'"),
        ({"stands_for": "ISBI2015"}, "no published numbers on 'ISBI2015'"),
        ({"maps": {"rasterize": "points"}}, "needs polygons"),
        ({"detector": {"backbone": {"weights": "imagenet"}}}, "width 64"),
    ],
)
def test_data_set_blocks_that_cannot_work_are_refused(
    content: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    content["studies"]["demo"]["datasets"]["synthetic-cells"].update(change)
    with pytest.raises(ValueError, match=message):
        from_config(check(content, "c"))


def test_names_are_fit_for_paths(content: dict[str, Any]) -> None:
    datasets = content["studies"]["demo"]["datasets"]
    datasets["../x"] = datasets["synthetic-cells"]
    with pytest.raises(ValueError, match="pattern"):
        check(content, "c")
