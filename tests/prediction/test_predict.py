"""The inference path: splits, folders, refusals."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from gains.cli.main import app
from gains.datasets.coco import ImageRecord, read_coco
from gains.datasets.image_archive import ImageArchive
from gains.datasets.split_file import read_split
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.models import checkpoint
from gains.prediction.files import write_predictions
from gains.prediction.predict import predict_images, predict_split
from gains.prediction.predictor import Predictor
from gains.support.files import read_json
from gains.training.train import train
from helpers.tiny import Tiny, job_of, make_tiny, settings_of


@pytest.fixture(scope="module")
def model(tiny: Tiny, tmp_path_factory: pytest.TempPathFactory) -> Path:
    job = job_of(tiny, tmp_path_factory.mktemp("run"), settings_of("gains", iterations=30))
    train(job)
    return job.out


def predictor_of(model: Path) -> Predictor:
    return Predictor(model, changes={"score_threshold": 0.01, "max_detections": 20})


def test_split_prediction_is_a_coco_result_list(tiny: Tiny, model: Path, tmp_path: Path) -> None:
    out = tmp_path / "test.json.gz"
    predict_split(predictor_of(model), tiny.coco, tiny.split, "test", 0, out)
    truth, found = read_coco(tiny.coco), read_json(out)
    records = truth.by_name(read_split(tiny.split).names("test"))
    assert {r["image_id"] for r in found} <= {r.id for r in records}
    assert {r["category_id"] for r in found} <= {1, 2}
    assert len(found) > 0
    assert all(r["segmentation"]["size"] == [64, 64] for r in found)
    listed = read_json(tmp_path / "test.images.json")["images"]
    assert [i["file_name"] for i in listed] == [r.file_name for r in records]


def test_prediction_is_deterministic(tiny: Tiny, model: Path, tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        predict_split(predictor_of(model), tiny.coco, tiny.split, "test", 0, tmp_path / name)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_a_folder_is_predicted_as_the_split_is(tiny: Tiny, model: Path, tmp_path: Path) -> None:
    archive, records = ImageArchive(tiny.coco.with_suffix(".zip")), read_coco(tiny.coco).images
    folder = tmp_path / "images"
    folder.mkdir()
    for record in records.values():
        Image.fromarray(archive.read(record.file_name)).save(folder / record.file_name)
    predict_images(predictor_of(model), [folder], tmp_path / "d.json")
    listed = read_json(tmp_path / "d.images.json")["images"]
    assert [i["id"] for i in listed] == list(range(1, len(records) + 1))
    assert [i["file_name"] for i in listed] == sorted(i["file_name"] for i in listed)
    predict_split(predictor_of(model), tiny.coco, tiny.split, "test", 0, tmp_path / "s.json")
    names = {i["id"]: i["file_name"] for i in listed}
    test = {i["file_name"] for i in read_json(tmp_path / "s.images.json")["images"]}
    scores = [r["score"] for r in read_json(tmp_path / "d.json") if names[r["image_id"]] in test]
    assert sorted(scores) == sorted(r["score"] for r in read_json(tmp_path / "s.json"))


def test_images_of_any_size_and_depth(model: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (70, 50), dtype=np.uint8)).save(tmp_path / "grey.png")
    deep = rng.integers(0, 60000, (40, 90), dtype=np.uint16)
    Image.fromarray(deep).save(tmp_path / "deep.tif")
    Image.fromarray(rng.integers(0, 255, (33, 47, 4), dtype=np.uint8)).save(tmp_path / "a.png")
    predict_images(predictor_of(model), [tmp_path], tmp_path / "out.json")
    sizes = {
        i["file_name"]: (i["height"], i["width"])
        for i in read_json(tmp_path / "out.images.json")["images"]
    }
    assert sizes == {"grey.png": (70, 50), "deep.tif": (40, 90), "a.png": (33, 47)}
    for result in read_json(tmp_path / "out.json"):
        assert tuple(result["segmentation"]["size"]) in sizes.values()


def test_instances_lie_in_the_image(model: Path) -> None:
    found = predictor_of(model)(np.full((50, 80, 3), 128, dtype=np.uint8))
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [80, 50, 80, 50]).all()
    assert len(found) <= 20


def test_an_empty_folder_is_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no image in this folder"):
        predict_images(predictor_of(model), [tmp_path], tmp_path / "o.json")
    with pytest.raises(FileNotFoundError, match="no such folder"):
        predict_images(predictor_of(model), [tmp_path / "none"], tmp_path / "o.json")
    assert not (tmp_path / "o.json").exists()


def test_a_truncated_model_is_named(model: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pt"
    broken.write_bytes(model.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"broken\.pt: not a complete checkpoint"):
        Predictor(broken)


def test_a_model_of_another_version_is_named(model: Path, tmp_path: Path) -> None:
    content = checkpoint.load(model)
    content["settings"]["maps"]["variant"] = content["settings"]["maps"].pop("program")
    old = tmp_path / "old.pt"
    checkpoint.save(old, content)
    with pytest.raises(ValueError, match=rf"present version \({old}: .*train the model again"):
        Predictor(old)


def test_a_model_of_another_data_set_is_refused(tiny: Tiny, model: Path, tmp_path: Path) -> None:
    other = make_tiny(tmp_path, "synthetic-nuclei", images=5)
    with pytest.raises(ValueError, match="belongs to another data set"):
        predict_split(predictor_of(model), other.coco, other.split, "test", 0, tmp_path / "o.json")


def test_cli_trains_and_predicts(tiny: Tiny, tmp_path: Path) -> None:
    import json

    run = CliRunner().invoke
    settings = json.dumps(settings_of("gains", iterations=2).to_json())
    data = ["--coco", str(tiny.coco), "--split", str(tiny.split)]
    out = tmp_path / "model.pt"
    done = run(
        app,
        ["train", "--settings", settings, *data, "--maps", str(tiny.maps), "--out", str(out)],
        catch_exceptions=False,
    )
    assert done.exit_code == 0
    done = run(
        app,
        ["predict", "--model", str(out), *data, "--part", "val", "--out", str(tmp_path / "v.json")],
        catch_exceptions=False,
    )
    assert done.exit_code == 0
    assert (tmp_path / "v.images.json").is_file()


def test_settings_without_a_brace_are_a_file() -> None:
    call = ["train", "--settings", "no.yaml", "--out", "m.pt"]
    with pytest.raises(FileNotFoundError, match=r"no\.yaml: there is no such file; --settings"):
        CliRunner().invoke(app, call, catch_exceptions=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--out", "m.pt"], "--dataset and --method"),
        (["train", "--out", "m.pt", "--settings", "{"], "expected YAML or JSON"),
        (["train", "--out", "m.pt", "--settings", "{}"], "expected the keys"),
        (["predict", "--out", "o.json", "--images", "x"], "name one model: .*--model"),
        (["predict", "--out", "o.json", "--model", "m.pt"], "no images are named; .*--images"),
        (
            ["predict", "--out", "o.json", "--model", "m.pt", "--images", "x", "--method", "gains"],
            "name one model",
        ),
        (
            ["predict", "--out", "o.json", "--model", "m.pt", "--images", "x", "--seed", "7"],
            "--seed name a run, but --model names a file",
        ),
        (
            ["predict", "--out", "o.json", "--model", "m.pt", "--images", "x", "--coco", "c.json"],
            "--images names files or folders, but --coco",
        ),
        (["predict", "--out", "o.json", "--model", "m.pt", "--coco", "c.json"], "belong together"),
    ],
)
def test_cli_says_what_is_missing(arguments: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CliRunner().invoke(app, arguments, catch_exceptions=False)


def test_boxes_are_written_with_three_decimals(tmp_path: Path) -> None:
    found = Instances.from_rles(
        4,
        6,
        [encode_mask(np.ones((4, 6), dtype=bool))],
        [1],
        scores=[0.5],
        boxes=np.array([[1.25, 0.5, 3.8126, 2.0]]),
    )
    record = ImageRecord(7, "a.png", 4, 6)
    assert write_predictions(tmp_path / "x.json", [(record, found)], {}) == (1, 1)
    (entry,) = read_json(tmp_path / "x.json")
    # x, y, width and height; 3.8126 - 1.25 = 2.5626
    assert entry["bbox"] == [1.25, 0.5, 2.563, 1.5]
