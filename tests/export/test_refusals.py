"""What an export refuses, what it leaves out, and where its files lie."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gains.datasets.coco import ImageRecord
from gains.export import FORMATS
from gains.export.base import ExportFormat
from gains.export.folder import record_files
from gains.export.job import ExportJob
from gains.export.write import chosen_formats
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.prediction.files import write_predictions
from gains.prediction.sidecar import sidecar_path
from helpers import exports
from helpers.coco_files import write_coco

SCORES = [0.5, 0.9, 0.8, 0.7, 0.49]
LABELS = [FORMATS.get("labels")]
OVERLAY = [FORMATS.get("overlay")]


def test_an_unknown_format_is_refused_with_the_nearest() -> None:
    assert [f.name for f in chosen_formats("csv, labels,csv")] == ["csv", "labels"]
    with pytest.raises(ValueError, match="unknown format 'geojsn'; did you mean 'geojson'"):
        chosen_formats("csv,geojsn")
    with pytest.raises(ValueError, match="--to names no format; known: coco"):
        chosen_formats(" ,")


@pytest.mark.parametrize("name", ["out.csv", "out.zip", "out.geojson", "out.tif", "out.json.gz"])
def test_the_name_of_a_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="is a file or has the name of one; name a folder"):
        ExportJob(LABELS, tmp_path / name).check()


def test_a_folder_in_the_folder_of_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lies in the folder of images"):
        ExportJob(LABELS, tmp_path / "sub/out", images=[tmp_path]).check()
    ExportJob(LABELS, tmp_path / "out.export", images=[tmp_path / "images"]).check()


def names_in(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_a_folder_holds_what_the_last_export_wrote_and_a_persons_own_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    ExportJob([*LABELS, FORMATS.get("csv")], out).run(exports.write(tmp_path, SCORES))
    (out / "notes.txt").write_text("mine")
    ExportJob(LABELS, out).run(exports.write(tmp_path, SCORES, ("day 1/a.png", "c.png")))
    assert names_in(out) == [
        ".gains-export.json", "labels/c.tif", "labels/day 1/a.tif", "notes.txt",
    ]  # fmt: skip
    assert not (out / "csv").exists()


def test_files_that_no_export_wrote_or_that_were_changed_are_kept(tmp_path: Path) -> None:
    out, path = tmp_path / "out", exports.write(tmp_path, SCORES)
    ExportJob(LABELS, out).run(path)
    (out / "labels/b.tif").write_bytes(b"corrected by hand")
    with pytest.raises(ValueError, match=r"b\.tif: it was changed since the export"):
        ExportJob(LABELS, out).check()
    (out / "labels/b.tif").unlink()
    (out / "geojson").mkdir()
    (out / "geojson/mine.geojson").write_text("{}")
    with pytest.raises(ValueError, match=r"mine\.geojson: no export wrote it"):
        ExportJob(LABELS, out).run(path)
    assert names_in(out)[1:] == ["geojson/mine.geojson", "labels/day 1/a.tif"]


def test_an_export_that_was_ended_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, path = tmp_path / "out", exports.write(tmp_path, SCORES)

    def fail(folder: Path, checksums: dict[Path, str], calls: list[int] = []) -> None:  # noqa: B006
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        record_files(folder, checksums)

    monkeypatch.setattr("gains.export.write.record_files", fail)
    with pytest.raises(KeyboardInterrupt):
        ExportJob(LABELS, out).run(path)
    ExportJob([FORMATS.get("csv")], out).run(path)
    assert names_in(out) == [".gains-export.json", "csv/objects.csv"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("../a.png",), "path outside of its folder"),
        (("/a.png",), "path outside of its folder"),
        (("a\\..\\..\\a.png",), "path outside of its folder"),
        (("a.png", "a.tif"), "would have the same file"),
        (("e\u0301.png", "\u00e9.tif"), "would have the same file"),
    ],
)
def test_names_without_a_place_are_refused(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    path = exports.write(tmp_path, SCORES, names)
    with pytest.raises(ValueError, match=message):
        ExportJob(LABELS, tmp_path / "out").run(path)
    assert not (tmp_path / "out").exists()


def test_a_name_with_dots_loses_only_the_suffix_of_an_image(tmp_path: Path) -> None:
    path = exports.write(tmp_path, SCORES, ("a.1.png", "a.2"))
    ExportJob(LABELS, tmp_path / "out").run(path)
    assert sorted(p.name for p in (tmp_path / "out/labels").iterdir()) == ["a.1.tif", "a.2.tif"]


def test_low_scores_and_empty_masks_are_left_out(tmp_path: Path) -> None:
    path = exports.write(tmp_path, SCORES)
    results = ExportJob(LABELS, tmp_path / "out", score_threshold=0.8).run(path)
    assert results.images[0].objects.scores.tolist() == [0.9, 0.8]
    record, empty = results.images[0].record, encode_mask(np.zeros(exports.SIZE, bool))
    two = Instances.from_rles(*exports.SIZE, [empty, encode_mask(exports.masks()[0])], [1, 1])
    write_predictions(tmp_path / "e.json", [(record, two)], {"categories": {"1": "cell"}})
    results = ExportJob(LABELS, tmp_path / "e").run(tmp_path / "e.json")
    assert (results.detections, results.empty, len(results.images[0].objects)) == (2, 1, 1)


def test_a_box_score_is_what_the_threshold_applies_to(tmp_path: Path) -> None:
    path = exports.write(tmp_path, SCORES)
    found = Instances.from_rles(
        *exports.SIZE,
        [encode_mask(mask) for mask in exports.masks()[:2]],
        [1, 1],
        [0.4, 0.9],
        extra={"box_score": [0.8, 0.3]},
    )
    record = ExportJob(LABELS, tmp_path / "out").run(path).images[0].record
    write_predictions(tmp_path / "m.json", [(record, found)], {"categories": {"1": "cell"}})
    results = ExportJob(LABELS, tmp_path / "m").run(tmp_path / "m.json")
    assert results.images[0].objects.scores.tolist() == [0.4]


def test_without_a_list_of_images_a_coco_file_names_them(tmp_path: Path) -> None:
    path = exports.write(tmp_path, SCORES, ("a.png",))
    sidecar_path(path).unlink()
    with pytest.raises(ValueError, match=r"det\.images\.json.*name the COCO file.*--coco"):
        ExportJob(LABELS, tmp_path / "out").run(path)
    truth = exports.objects([1.0] * 5)
    pixels = np.zeros(exports.SIZE, np.uint8)
    write_coco(tmp_path / "c.json", [("a.png", pixels, truth)], exports.CATEGORIES, {})
    results = ExportJob(LABELS, tmp_path / "out", coco=tmp_path / "c.json").run(path)
    assert [len(image.objects) for image in results.images] == [4]


def test_an_overlay_says_which_images_it_lacks(tmp_path: Path) -> None:
    path = exports.write(tmp_path, SCORES)
    with pytest.raises(ValueError, match="images to draw on are not known.*--images"):
        ExportJob(OVERLAY, tmp_path / "out").run(path)
    (tmp_path / "i").mkdir()
    Image.new("RGB", exports.SIZE[::-1]).save(tmp_path / "i/b.tif")
    with pytest.raises(FileNotFoundError, match=r"1 of 2 images.*first 'day 1/a\.png'"):
        ExportJob(OVERLAY, tmp_path / "out", images=[tmp_path / "i"]).run(path)
    assert not (tmp_path / "out").exists()


def test_an_archive_holds_the_images_of_a_folder_as_png(tmp_path: Path) -> None:
    path, truth = exports.write(tmp_path, SCORES, ("a.tif",)), exports.objects([1.0] * 5)
    pixels = np.full(exports.SIZE, 77, np.uint8)
    write_coco(tmp_path / "c.json", [("a.png", pixels, truth)], exports.CATEGORIES, {})
    ExportJob(OVERLAY, tmp_path / "out", coco=tmp_path / "c.json").run(path)
    assert (np.asarray(Image.open(tmp_path / "out/overlay/a.png"))[0, 0] == 77).all()


def test_an_overlay_shows_the_outlines_in_the_colour_of_the_class(tmp_path: Path) -> None:
    path, folder = exports.write(tmp_path, SCORES), tmp_path / "i"
    (folder / "day 1").mkdir(parents=True)
    for name in ("b.tif", "day 1/a.png"):
        Image.new("RGB", exports.SIZE[::-1], (10, 20, 30)).save(folder / name)
    ExportJob(OVERLAY, tmp_path / "out", images=[folder]).run(path)
    pixels = np.asarray(Image.open(tmp_path / "out/overlay/day 1/a.png"))
    factor = 1000 // 30
    height, width = (side * factor for side in exports.SIZE)
    assert pixels.shape == (height + 24, width, 3)
    # the pixel at (0, 19) is a cell: its right edge is at x = 1, and its middle is not covered
    assert pixels[int(19.5 * factor), factor].tolist() == [0xE6, 0x9F, 0x00]
    assert pixels[int(19.5 * factor), factor // 2].tolist() == [10, 20, 30]
    # a part of the nucleus begins at x = 25
    assert pixels[2 * factor, 25 * factor].tolist() == [0x56, 0xB4, 0xE9]
    empty = np.asarray(Image.open(tmp_path / "out/overlay/b.png"))[:height]
    assert (empty == (10, 20, 30)).all()


def test_an_overlay_reads_a_folder_as_the_prediction_did(tmp_path: Path) -> None:
    """An image that lies on its side by its tag was predicted upright."""
    path, folder = exports.write(tmp_path, SCORES, ("a.png",)), tmp_path / "i"
    listed = json.loads(sidecar_path(path).read_text())
    listed["info"]["reading"] = {"orientation": "apply", "percentiles": None}
    sidecar_path(path).write_text(json.dumps(listed))
    folder.mkdir()
    tag = Image.Exif()
    tag[274] = 6
    Image.new("RGB", exports.SIZE).save(folder / "a.png", exif=tag)
    ExportJob(OVERLAY, tmp_path / "out", images=[folder]).run(path)
    Image.new("RGB", exports.SIZE).save(folder / "a.png")
    with pytest.raises(ValueError, match="to other predictions"):
        ExportJob(OVERLAY, tmp_path / "out", images=[folder]).run(path)


def test_a_format_is_added_in_one_place(tmp_path: Path) -> None:
    names = ExportFormat(
        "names", "names", ".txt", lambda r, _: str(len(r.images)).encode(), "n.txt"
    )
    with FORMATS.with_record(names):
        ExportJob(chosen_formats("names"), tmp_path / "out").run(exports.write(tmp_path, SCORES))
    assert (tmp_path / "out/names/n.txt").read_text() == "2"


def test_images_too_large_for_a_roi_are_refused(tmp_path: Path) -> None:
    record = ImageRecord(1, "wide.png", 1, 60_001)
    objects = Instances.from_rles(1, 60_001, [encode_mask(np.ones((1, 60_001), bool))], [1])
    write_predictions(tmp_path / "w.json", [(record, objects)], {"categories": {"1": "cell"}})
    with pytest.raises(ValueError, match=r"wide\.png: 1 x 60001 px; a ROI of ImageJ"):
        ExportJob([FORMATS.get("imagej")], tmp_path / "out").run(tmp_path / "w.json")


def test_names_of_many_classes_take_several_lines(tmp_path: Path) -> None:
    path, folder = exports.write(tmp_path, SCORES, ("a.png",)), tmp_path / "i"
    folder.mkdir()
    Image.new("RGB", exports.SIZE[::-1]).save(folder / "a.png")
    listed = json.loads(sidecar_path(path).read_text())
    listed["info"]["categories"] = {str(k): f"a long name of class {k}" for k in range(1, 13)}
    sidecar_path(path).write_text(json.dumps(listed))
    ExportJob(OVERLAY, tmp_path / "out", images=[folder]).run(path)
    pixels = np.asarray(Image.open(tmp_path / "out/overlay/a.png"))
    height = exports.SIZE[0] * (1000 // 30)
    assert pixels.shape[0] == height + 3 * 24
    assert all((pixels[height + 24 * k :][:24] < 50).any() for k in range(3))


def test_scores_of_objects_at_the_border_stay_in_the_image(tmp_path: Path) -> None:
    folder, found = tmp_path / "i", []
    folder.mkdir()
    for number, (name, place) in enumerate({"a": (50, 500), "b": (99, 1199)}.items(), start=1):
        mask = np.zeros((100, 1200), dtype=bool)
        mask[place] = True
        Image.new("RGB", (1200, 100), "white").save(folder / f"{name}.png")
        rles = [encode_mask(mask)]
        record = ImageRecord(number, f"{name}.png", 100, 1200)
        found.append((record, Instances.from_rles(100, 1200, rles, [1], [0.9])))
    write_predictions(tmp_path / "d.json", found, {"categories": {"1": "cell"}})
    sizes = []
    for scores in (False, True):
        ExportJob(OVERLAY, tmp_path / f"{scores}", images=[folder], scores=scores).run(
            tmp_path / "d.json"
        )
    for name in "ab":
        without, shown = (
            np.asarray(Image.open(tmp_path / f"{scores}/overlay/{name}.png")).astype(int)
            for scores in (False, True)
        )
        y, x = np.nonzero((without != shown).any(axis=2))
        assert y.max() < 100
        sizes.append((np.ptp(y), np.ptp(x)))
    np.testing.assert_allclose(sizes[0], sizes[1], atol=1)
