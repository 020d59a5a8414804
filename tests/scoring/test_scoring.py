"""Scoring of whole files: reference outputs, the score file, refusals, the command line."""

import copy
import dataclasses
import json
import random
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gains.datasets.coco import CocoDataset, ImageRecord, read_coco
from gains.masks.rle import encode_mask
from gains.metrics import METRICS, Metric
from gains.metrics.aji import AREA_RANGES, image_aji_published
from gains.prediction.files import group_predictions, read_predictions, sidecar_path
from gains.scoring.pairing import pairs_by_class
from gains.scoring.score import score, score_files
from gains.support.files import read_json, write_json

CASES = [
    ("mixed", "mixed_good"),
    ("mixed", "mixed_perfect"),
    ("mixed", "mixed_sparse"),
    ("one", "one_good"),
]
PUBLISHED_NAMES = {
    "AJI": "AJI",
    "F1": "F1",
    "Dice": "DSC",
    "TPp": "TPRp",
    "FNo": "FNR_o",
    "FNR_o": "FNR_o",
    "FNRp": "FNRp",
    "FDR": "FDR",
}
SIZE = 60


def disc(x, y, radius, size=SIZE):
    rows, columns = np.mgrid[:size, :size]
    return encode_mask((columns - x) ** 2 + (rows - y) ** 2 <= radius**2)


def dataset(truths, size=SIZE, first_id=1, categories=(0, 1)):
    """Discs (category, x, y, radius), one list per image; image ids from 1."""
    annotations, number = {}, first_id
    for image, discs in enumerate(truths, start=1):
        annotations[image] = []
        for category, *where in discs:
            annotations[image].append(
                {
                    "id": number,
                    "image_id": image,
                    "category_id": category,
                    "segmentation": disc(*where, size),
                    "iscrowd": 0,
                }
            )
            number += 1
    images = {i: ImageRecord(i, f"{i}.png", size, size) for i in annotations}
    return CocoDataset("truth.json", images, {c: str(c) for c in categories}, annotations)


def found(image, category, value, *where, size=SIZE):
    return {
        "image_id": image,
        "category_id": category,
        "score": value,
        "segmentation": disc(*where, size),
    }


def as_predictions(truth):
    """The ground truth itself as detections of distinct scores."""
    annotations = [a for found in truth.annotations.values() for a in found]
    return [
        {**{k: a[k] for k in ("image_id", "category_id", "segmentation")}, "score": 1 - k / 1000}
        for k, a in enumerate(annotations)
    ]


def write_truth(path, truth):
    write_json(
        path,
        {
            "images": [dataclasses.asdict(image) for image in truth.images.values()],
            "annotations": [a for found in truth.annotations.values() for a in found],
            "categories": [{"id": i, "name": name} for i, name in truth.categories.items()],
        },
    )


@pytest.fixture
def scene():
    return dataset(
        [[(0, 20, 20, 12), (1, 20, 20, 4)], [(0, 15, 15, 9), (0, 40, 40, 10)], [(1, 30, 30, 5)]]
    )


@pytest.fixture
def detections():
    return [
        found(1, 0, 0.9, 21, 20, 12),
        found(1, 1, 0.8, 20, 20, 4),
        found(2, 0, 0.7, 15, 16, 8),
        found(2, 0, 0.2, 50, 10, 6),
    ]


@pytest.fixture
def files(tmp_path, scene, detections):
    write_truth(tmp_path / "truth.json", scene)
    write_json(tmp_path / "found.json.gz", detections)
    return tmp_path / "truth.json", tmp_path / "found.json.gz"


# --- reference outputs ---------------------------------------------------------------------------


@pytest.mark.parametrize(("truth", "name"), CASES)
def test_reference_outputs(golden, truth, name):
    folder = golden / "evaluator"
    expected = read_json(folder / f"result_{name}.json")
    result = score_files(folder / f"ground_truth_{truth}.json", folder / f"det_{name}.json")
    published = result["as_published"]
    assert published["per_class"].keys() == expected["per_category"].keys()
    for category, values in expected["per_category"].items():
        for ours, theirs in PUBLISHED_NAMES.items():
            assert published["per_class"][category][ours] == pytest.approx(values[theirs], abs=1e-9)
        ap = result["coco"]["per_category"][category]["AP"]
        assert ap == pytest.approx(expected["AP_per_category"][category], abs=1e-9)
    for ours, theirs in PUBLISHED_NAMES.items():
        assert published["average"][ours] == pytest.approx(expected["average"][theirs], abs=1e-9)
    for number, key in enumerate(("AP", "AP50", "AP75")):
        assert result["coco"][key] == pytest.approx(expected["coco_stats"][number], abs=1e-9)


@pytest.mark.parametrize(("truth", "name"), CASES)
def test_reference_entries(golden, truth, name):
    """Every (image, category, area range) entry, not only the sums."""
    folder = golden / "evaluator"
    ground_truth = read_coco(folder / f"ground_truth_{truth}.json")
    groups = group_predictions(read_predictions(folder / f"det_{name}.json"), ground_truth)
    by_class = {
        (category, pairs.image_id): pairs
        for category, images in pairs_by_class(ground_truth, groups, 100).items()
        for pairs in images
    }
    entries = read_json(folder / f"result_{name}.json")["per_image"]
    assert len(entries) == 4 * len(by_class)
    for entry in entries:
        pairs = by_class[entry["category_id"], entry["image_id"]]
        assert (pairs.num_truths, pairs.num_detections) == (entry["num_G"], entry["num_D"])
        area_range = tuple(entry["aRng"])
        ours = image_aji_published(pairs, area_range)
        assert ours == pytest.approx(entry["AJI"][0], abs=1e-9)
        if area_range == AREA_RANGES[0] and not pairs.one_sided:
            dice = sorted(pairs.dice[match] for match in pairs.dice_matches)
            assert dice == pytest.approx(sorted(entry["DSC"]), abs=1e-9)
            assert 1 - len(pairs.iou_matches) / pairs.num_truths == pytest.approx(entry["fnr_1"])


def test_toy_case_with_known_values():
    truth = dataset(
        [
            [(0, 50, 50, 30), (0, 110, 60, 30)],
            [(0, 60, 60, 20), (0, 130, 130, 10)],
            [(0, 80, 80, 25)],
        ],
        size=200,
        categories=(0,),
    )
    predictions = [
        found(1, 0, 0.9, 52, 50, 30, size=200),
        found(1, 0, 0.8, 112, 62, 28, size=200),
        found(1, 0, 0.3, 150, 150, 12, size=200),
        found(2, 0, 0.9, 60, 62, 20, size=200),
    ]
    result = score(truth, predictions)
    values = result["as_published"]["per_class"]["0"]
    expected = {
        "AJI": 0.490324,
        "F1": 0.488889,
        "Dice": 0.402134,
        "TPp": 0.393551,
        "FNRp": 0.65,
        "FNR_o": 0.166667,
        "FDR": 0.65,
    }
    assert {k: values[k] for k in expected} == pytest.approx(expected, abs=1e-6)
    assert result["coco"]["AP"] == pytest.approx(0.504, abs=5e-4)
    images = pairs_by_class(truth, group_predictions(predictions, truth), 100)[0]
    ajis = [image_aji_published(pairs, AREA_RANGES[0]) for pairs in images]
    assert ajis == pytest.approx([0.8238, 0.7116, 0], abs=1e-4)
    assert image_aji_published(images[1], AREA_RANGES[1]) == pytest.approx(0.4537, abs=1e-4)


# --- the score file ------------------------------------------------------------------------------


def test_shape(scene, detections):
    result = score(scene, detections)
    clean = {"AJI", "AJI_kumar", "F1", "Dice", "TPp", "FNo"}
    published = {"AJI", "F1", "Dice", "TPp", "FNo", "FNRp", "FNR_o", "FDR"}
    for mode, names in (("clean", clean), ("as_published", published)):
        assert set(result[mode]) == {"per_class", "average"}
        assert set(result[mode]["average"]) == names
        assert {key: set(block) for key, block in result[mode]["per_class"].items()} == {
            "0": names,
            "1": names,
        }
    assert set(result["coco"]["per_category"]["1"]) == {"AP", "AP50", "AP75"}
    assert result["counts"] == {"images": 3, "ground_truths": 5, "detections": 4}
    json.dumps(result, allow_nan=False)


def test_clean_values_by_hand(scene, detections):
    block = score(scene, detections)["clean"]["per_class"]
    # class 1: image 1 found exactly, image 3 has no detection
    assert block["1"] == {"AJI": 0.5, "AJI_kumar": 0.5, "F1": 0.5, "Dice": 0.5, "TPp": 0.5} | {
        "FNo": 0.5
    }
    # class 0: image 1 one of one; image 2 one pair, one miss, one false
    assert block["0"]["F1"] == pytest.approx((1 + 0.5) / 2)
    assert block["0"]["FNo"] == pytest.approx(1 / 3)


def test_clean_average_is_over_the_classes_present(scene, detections):
    more = dataclasses.replace(scene, categories={0: "a", 1: "b", 5: "absent"})
    result, plain = score(more, detections), score(scene, detections)
    assert result["clean"]["average"] == plain["clean"]["average"]
    assert set(result["clean"]["per_class"]["5"].values()) == {None}
    assert result["coco"]["per_category"]["5"]["AP"] is None
    assert result["coco"]["AP"] == plain["coco"]["AP"]


def test_a_single_class_is_halved_as_published_only():
    truth = dataset([[(1, 20, 20, 12)]], categories=(1,))
    result = score(truth, as_predictions(truth))
    assert result["as_published"]["per_class"]["1"]["AJI"] == 1
    assert result["as_published"]["average"]["AJI"] == 0.5
    assert result["clean"]["average"]["AJI"] == 1
    # whichever row it is
    truth = dataset([[(0, 20, 20, 12)]], categories=(0,))
    assert score(truth, as_predictions(truth))["as_published"]["average"]["AJI"] == 0.5


def test_the_last_of_several_classes_wins_the_second_row():
    truth = dataset([[(0, 20, 20, 9), (1, 40, 40, 9), (2, 20, 45, 9)]], categories=(2, 0, 1))
    predictions = [p for p in as_predictions(truth) if p["category_id"] != 1]
    result = score(truth, predictions)
    assert result["as_published"]["average"]["F1"] == 1
    assert result["clean"]["average"]["F1"] == pytest.approx(2 / 3)


def test_no_detections_is_zero_everywhere(scene):
    result = score(scene, [])
    assert result["coco"]["AP"] == result["coco"]["per_category"]["0"]["AP50"] == 0
    for category in ("0", "1"):
        assert set(result["as_published"]["per_class"][category].values()) == {0.0}
    clean = dict(result["clean"]["average"])
    assert clean.pop("FNo") == 1
    assert set(clean.values()) == {0.0}


def test_clean_score_threshold_touches_clean_only(scene, detections):
    plain, strict = score(scene, detections), score(scene, detections, clean_score_threshold=0.5)
    assert strict["coco"] == plain["coco"]
    assert strict["as_published"] == plain["as_published"]
    # the false detection of score 0.2 goes: image 2 has TP 1, D 1, G 2
    assert strict["clean"]["per_class"]["0"]["F1"] == pytest.approx((1 + 2 / 3) / 2)
    kept = score(scene, detections, clean_score_threshold=0.2)
    assert kept["clean"] == plain["clean"]  # a detection at the threshold stays


def test_thresholds_act_on_the_box_score_and_ranking_on_the_score(scene, detections):
    """Mask Scoring R-CNN ranks by another score than the one its boxes were selected by."""
    boxes = [d["score"] for d in detections]
    rescored = [
        {**d, "score": 0.1 * s, "box_score": s} for d, s in zip(detections, boxes, strict=True)
    ]
    plain = score(scene, detections, clean_score_threshold=0.5)
    same_order = score(scene, rescored, clean_score_threshold=0.5)
    for part in ("coco", "as_published", "clean"):
        assert same_order[part] == plain[part]
    swapped = [
        {**d, "score": 1 - s, "box_score": s} for d, s in zip(detections, boxes, strict=True)
    ]
    other_order = score(scene, swapped, clean_score_threshold=0.5)
    assert other_order["clean"] == plain["clean"]
    assert other_order["coco"] != plain["coco"]


@pytest.mark.parametrize("value", [1.5, -0.1, True, "high", float("nan")])
def test_a_bad_box_score_is_refused(scene, detections, value):
    with pytest.raises(ValueError, match="prediction 0: expected a box_score in"):
        score(scene, [{**detections[0], "box_score": value}])


def test_max_detections_keeps_the_best(scene, detections):
    result = score(scene, detections[::-1], max_detections=1)
    assert result["clean"] == score(scene, detections[:3])["clean"]
    assert result["settings"]["max_detections"] == 1


def test_per_image_values_find_the_worst_image(scene, detections):
    entries = score(scene, detections)["per_image"]
    assert [e["file_name"] for e in entries] == ["1.png", "2.png", "3.png"]
    assert entries[0]["per_class"]["1"]["AJI"] == 1
    assert entries[1]["per_class"]["0"]["ground_truths"] == 2
    assert set(entries[1]["per_class"]) == {"0"}
    assert entries[2]["per_class"]["1"]["AJI"] == 0
    worst = min(entries, key=lambda e: max(block["F1"] for block in e["per_class"].values()))
    assert worst["image_id"] == 3


def test_crowd_regions_are_ignored_when_clean():
    truth = dataset([[(0, 15, 15, 9), (0, 42, 42, 14)]], categories=(0,))
    truth.annotations[1][1]["iscrowd"] = 1
    inside, outside = found(1, 0, 0.8, 40, 40, 5), found(1, 0, 0.8, 10, 48, 5)
    exact = found(1, 0, 0.9, 15, 15, 9)
    assert score(truth, [exact, inside])["clean"]["average"]["F1"] == 1
    assert score(truth, [exact, outside])["clean"]["average"]["F1"] == pytest.approx(2 / 3)


def test_category_zero_and_annotation_id_zero_are_scored(scene, detections):
    truth = dataset(
        [[(0, 20, 20, 12), (1, 20, 20, 4)], [(0, 15, 15, 9), (0, 40, 40, 10)], [(1, 30, 30, 5)]],
        first_id=0,
    )
    zero, one = score(truth, detections), score(scene, detections)
    assert zero["clean"] == one["clean"]
    assert zero["coco"] == one["coco"]


def test_an_empty_mask_stays_a_ground_truth(scene, detections):
    before = score(scene, detections)["clean"]["per_class"]["1"]
    empty = {**scene.annotations[3][0], "id": 99, "segmentation": [[]]}
    scene.annotations[3].append(empty)
    result = score(scene, detections)
    assert result["counts"]["ground_truths"] == 6
    assert result["clean"]["per_class"]["1"]["FNo"] == pytest.approx(2 / 3)
    assert before["FNo"] == pytest.approx(1 / 2)


def test_a_further_metric_is_added_in_one_place(scene, detections, monkeypatch):
    monkeypatch.setattr(METRICS, "_records", dict(METRICS._records))
    METRICS.register(Metric("seen", clean=lambda images: float(len(images))))
    result = score(scene, detections)
    assert result["clean"]["per_class"]["0"]["seen"] == 2
    assert result["clean"]["average"]["seen"] == 2
    assert result["per_image"][0]["per_class"]["0"]["seen"] == 1
    assert "seen" not in result["as_published"]["average"]


# --- invariances ---------------------------------------------------------------------------------

DISC = st.tuples(st.integers(0, 1), st.integers(5, 54), st.integers(5, 54), st.integers(3, 12))
SCENES = st.lists(st.lists(DISC, max_size=4, unique=True), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(SCENES.filter(lambda scenes: any(scenes)))
def test_identity_is_perfect(scenes):
    truth = dataset(scenes)
    result = score(truth, as_predictions(truth))
    assert result["coco"]["AP"] == pytest.approx(1)
    clean = dict(result["clean"]["average"])
    assert clean.pop("FNo") == 0
    assert list(clean.values()) == pytest.approx([1] * len(clean))


@settings(max_examples=40, deadline=None)
@given(SCENES.filter(lambda scenes: any(scenes)), st.randoms(use_true_random=False))
def test_order_of_images_categories_and_detections_is_nothing(scenes, chance: random.Random):
    truth = dataset(scenes)
    predictions = [
        found(p["image_id"], p["category_id"], p["score"], 5 + 9 * (k % 6), 30, 8)
        if k % 3 == 0
        else p
        for k, p in enumerate(as_predictions(truth))
    ]
    images, shuffled = list(truth.images), list(predictions)
    chance.shuffle(images)
    chance.shuffle(shuffled)
    other = CocoDataset(
        truth.path,
        {i: truth.images[i] for i in images},
        dict(reversed(truth.categories.items())),
        {i: truth.annotations[i] for i in images},
    )
    assert score(other, shuffled) == score(truth, predictions)


# --- refusals ------------------------------------------------------------------------------------


def changed(detections, **changes):
    entry = {**copy.deepcopy(detections[0]), **changes}
    return [detections[1], {k: v for k, v in entry.items() if v is not ...}]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"score": ...}, "prediction 1: expected the keys .*score"),
        ({"segmentation": ...}, "prediction 1: expected the keys .*segmentation"),
        ({"image_id": 77}, "prediction 1: image 77 is not among the 3 images"),
        ({"category_id": 7}, r"prediction 1: category 7 .* which has \[0, 1\]"),
        ({"score": 1.5}, r"prediction 1: expected a score in \[0, 1\], found 1.5"),
        ({"score": float("nan")}, "found nan"),
        ({"score": "high"}, "found 'high'"),
        ({"score": True}, "found True"),
        ({"segmentation": disc(9, 9, 4, size=50)}, r"size \[50, 50\] in an image of \[60, 60\]"),
        ({"segmentation": 5}, "expected polygons or RLE"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": "zzzz"}}, "prediction 1: .*damaged"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": "f13"}}, "RLE is damaged"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": 5}}, "damaged"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": [-1, 3601]}}, "whole numbers from 0"),
        ({"segmentation": {"size": [SIZE, SIZE], "counts": [1.5, 3598.5]}}, "whole numbers"),
        ({"segmentation": [[1, 1, 9, 1, 3e9, 9]]}, "prediction 1: .*in px"),
        ({"segmentation": [[1, 1, 9, 1, float("nan"), 9]]}, "prediction 1: .*not finite"),
        ({"image_id": [1]}, r"prediction 1: 'image_id' is \[1\]; expected a whole number"),
        ({"category_id": {}}, "prediction 1: 'category_id' is {}; expected a whole number"),
    ],
)
def test_a_bad_prediction_is_refused(scene, detections, changes, message):
    with pytest.raises(ValueError, match=message):
        score(scene, changed(detections, **changes))


def test_a_prediction_that_is_no_record_is_refused(scene):
    with pytest.raises(ValueError, match="prediction 0: expected the keys .* found int"):
        score(scene, [3])


def test_settings_out_of_range_are_refused(scene):
    with pytest.raises(ValueError, match="max_detections"):
        score(scene, [], max_detections=0)
    with pytest.raises(ValueError, match="clean_score_threshold"):
        score(scene, [], clean_score_threshold=2)


def test_an_empty_ground_truth_is_refused(scene):
    bare = dataclasses.replace(scene, annotations={i: [] for i in scene.images})
    with pytest.raises(ValueError, match="no annotation on the 3 images"):
        score(bare, [])


def test_a_file_that_is_no_list_is_refused(files):
    truth, predictions = files
    write_json(predictions, {"annotations": []})
    with pytest.raises(ValueError, match="expected a COCO result list .* found dict"):
        score_files(truth, predictions)


def test_a_truncated_file_is_refused(files):
    truth, predictions = files
    predictions.write_bytes(predictions.read_bytes()[:-20])
    with pytest.raises(ValueError, match="expected complete JSON"):
        score_files(truth, predictions)


def test_the_file_at_fault_is_named_once(files, scene, detections):
    truth, predictions = files
    write_json(predictions, changed(detections, score=2))
    with pytest.raises(ValueError) as error:
        score_files(truth, predictions)
    assert str(error.value).startswith(f"{predictions}: prediction 1: expected a score")
    assert str(truth) not in str(error.value)
    predictions.write_text("[")
    with pytest.raises(ValueError) as error:
        score_files(truth, predictions)
    assert str(error.value).count(str(predictions)) == 1
    write_json(predictions, detections)
    scene.annotations[2][0]["segmentation"] = [[1, 1, 9, 1, 3e9, 9]]
    write_truth(truth, scene)
    with pytest.raises(ValueError) as error:
        score_files(truth, predictions)
    assert str(error.value).startswith(f"{truth}: annotation 3 of 2.png: segmentation: ")
    assert str(predictions) not in str(error.value)


def sidecar(scene, **changes):
    entries = [dataclasses.asdict(image) for image in scene.images.values()]
    entries[1].update(changes)
    return entries


def test_sidecar_that_agrees(files, scene):
    truth, predictions = files
    assert sidecar_path(predictions).name == "found.images.json"
    write_json(sidecar_path(predictions), sidecar(scene))
    assert score_files(truth, predictions)["counts"]["images"] == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"file_name": "other.png"}, "image 2 has file_name 'other.png', but '2.png'"),
        ({"height": 61}, "image 2 has height 61, but 60"),
        ({"id": 9}, r"image 9 \(2.png\) was predicted, but is not among the 3 images"),
    ],
)
def test_predictions_of_another_data_set_are_refused(files, scene, changes, message):
    truth, predictions = files
    write_json(sidecar_path(predictions), sidecar(scene, **changes))
    with pytest.raises(ValueError, match=message):
        score_files(truth, predictions)


def test_images_that_were_not_predicted_are_refused(files, scene):
    truth, predictions = files
    write_json(sidecar_path(predictions), sidecar(scene)[:2])
    with pytest.raises(ValueError, match="1 of 3 images .* were not predicted, first '3.png'"):
        score_files(truth, predictions)
    assert score_files(truth, predictions, file_names=["1.png", "2.png"])["counts"]["images"] == 2


def test_a_broken_sidecar_is_refused(files):
    truth, predictions = files
    for entry in ({"id": 1}, 1):
        write_json(sidecar_path(predictions), [entry])
        with pytest.raises(ValueError, match="expected a list of file_name, height, id, width"):
            score_files(truth, predictions)
    write_json(sidecar_path(predictions), [{"id": [1], "file_name": "a", "height": 1, "width": 1}])
    with pytest.raises(ValueError, match=r"images.json: an entry: 'id' is \[1\]"):
        score_files(truth, predictions)


# --- command line --------------------------------------------------------------------------------


def gains(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "gains", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_command_line(files, tmp_path):
    truth, predictions = files
    split = tmp_path / "split.json"
    parts = {"train": ["1.png"], "val": ["3.png"], "test": ["2.png"], "unlabelled": []}
    write_json(split, {"dataset": "toy", "generator": {"seed": 0}, "folds": [parts]})
    kept = [p for p in read_json(predictions) if p["image_id"] == 2]
    subset, out = tmp_path / "subset.json", tmp_path / "scores.json"
    write_json(subset, kept)
    options = ["--ground-truth", truth, "--split", split, "--part", "test", "--out", out]
    done = gains("score", *options, "--predictions", subset, "--clean-score-threshold", "0.5")
    assert done.returncode == 0, done.stderr
    result = read_json(out)
    assert result["counts"] == {"images": 1, "ground_truths": 2, "detections": 2}
    assert result["clean"]["per_class"]["0"]["F1"] == pytest.approx(2 / 3)
    assert result["inputs"]["predictions"]["file"] == "subset.json"
    out.unlink()
    failed = gains("score", *options, "--predictions", predictions)
    assert failed.returncode != 0
    assert "prediction 0: image 1 is not among the 1 images" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not out.exists()


def test_scoring_needs_no_torch():
    code = "import sys, gains.scoring.score, gains.cli.score; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_part_needs_a_split():
    done = subprocess.run(
        [sys.executable, "-m", "gains", "score", "--ground-truth", "x.json", "--predictions"]
        + ["y.json", "--part", "val", "--out", "z.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "--split" in done.stderr
