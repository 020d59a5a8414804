"""The figure of the test images on which two methods differ most."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from gains.figures import differences
from gains.figures.drawing import style
from gains.figures.prediction.differing import most_differing
from gains.instances import Instances
from gains.masks.rle import encode_mask
from gains.scoring.score import score_files
from gains.support.files import write_json
from helpers.coco_files import write_coco

SIZE = 40
Fold = dict[str, int]
"""Number of found rows of the object of 20 x 20 px, by image."""


def square(rows: int) -> Instances:
    mask = np.zeros((SIZE, SIZE), dtype=bool)
    mask[5 : 5 + rows, 5:25] = True
    return Instances.from_rles(SIZE, SIZE, [encode_mask(mask)], [1])


NAMES = ["a.png", "b.png", "c.png", "d.png"]


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Four images with one object each."""
    path, grey = tmp_path / "scene.json", np.full((SIZE, SIZE), 200, np.uint8)
    write_coco(path, [(name, grey, square(20)) for name in NAMES], {1: "cell"}, {})
    return path


def written(coco: Path, name: str, tested_images: Fold, others: Fold) -> tuple[Path, Path]:
    """Write the scores of tested images, and predictions of these and of other images."""
    path, scores = coco.with_name(f"{name}.json"), coco.with_name(f"{name}.scores.json")
    write_json(path, entries_of(tested_images))
    write_json(scores, score_files(coco, path, file_names=list(tested_images)))
    write_json(path, entries_of(tested_images | others))
    return path, scores


def entries_of(images: Fold) -> list[dict[str, object]]:
    return [
        {
            "image_id": NAMES.index(image) + 1,
            "category_id": 1,
            "segmentation": square(rows).masks[0],
            "score": 0.9,
        }
        for image, rows in images.items()
    ]


@pytest.fixture
def files(coco: Path) -> tuple[list[Path], list[Path]]:
    """Predictions and scores of two methods in two folds of two images."""
    found = [
        written(coco, "m0", {"a.png": 18, "b.png": 16}, {"c.png": 1}),
        written(coco, "m1", {"c.png": 11, "d.png": 20}, {"a.png": 1}),
        written(coco, "g0", {"a.png": 12, "b.png": 18}, {}),
        written(coco, "g1", {"c.png": 20, "d.png": 20}, {}),
    ]
    return [path for path, _ in found], [scores for _, scores in found]


def test_images_are_chosen_in_both_directions_across_folds(
    files: tuple[list[Path], list[Path]],
) -> None:
    scores = files[1]
    ahead, behind = most_differing(scores[:2], scores[2:], 5)
    # the object has 20 rows: AJI is the share of found rows; d.png is equal
    assert [one.words for one in ahead] == ["fold 0, AJI +30.0"]
    assert [(one.name, one.words) for one in behind] == [
        ("c.png", "fold 1, AJI -45.0"),
        ("b.png", "fold 0, AJI -10.0"),
    ]
    assert [one.name for one in most_differing(scores[:2], scores[2:], 1)[1]] == ["c.png"]
    other = most_differing(scores[2:], scores[:2], 5)
    assert [[one.name for one in side] for side in other] == [["c.png", "b.png"], ["a.png"]]


def test_each_image_shows_the_predictions_of_the_fold_that_tested_it(
    coco: Path, files: tuple[list[Path], list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Figure] = []
    monkeypatch.setattr(style, "_save", lambda drawn, *_: kept.append(drawn))
    predictions, scores = files
    out = coco.with_name("f.png")
    first, second = (predictions[:2], scores[:2]), (predictions[2:], scores[2:])
    differences.draw(coco, *first, *second, ["M", "G"], out, study="s")
    captions = [axes.get_xlabel() for axes in kept[0].axes]
    assert captions[::4] == [
        "a.png\nfold 0, AJI +30.0",
        "c.png\nfold 1, AJI -45.0",
        "b.png\nfold 0, AJI -10.0",
    ]
    values = [caption.split(",")[0] for caption in captions if caption.startswith("AJI")]
    assert values == ["AJI 90.0", "AJI 60.0", "AJI 55.0", "AJI 100.0", "AJI 80.0", "AJI 90.0"]
    title = kept[0].get_suptitle().replace("\n", " ")
    assert title.startswith(
        "scene, study s: test images where M is ahead of G most (1), then behind it most (2) by AJI"
    )


def test_what_cannot_be_compared_is_refused(
    coco: Path, files: tuple[list[Path], list[Path]]
) -> None:
    predictions, scores = files
    out, one = coco.with_name("f.png"), (predictions[:1], scores[:1])
    for labels, other in ((["M", "G"], (predictions[2:], scores[2:])), (["M"], one)):
        with pytest.raises(
            ValueError, match="expected two labels, and of both methods predictions"
        ):
            differences.draw(coco, *one, *other, labels, out)
    with pytest.raises(ValueError, match="not about the same images: only one .* 'a.png'"):
        most_differing(scores[:1], scores[3:], 1)
    with pytest.raises(ValueError, match="the same AJI on every image"):
        most_differing(scores[:2], scores[:2], 1)
