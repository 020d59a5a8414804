"""Colours, classes, flips and sizes of samples, on images that show each mistake."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gains.training.samples import Sample, Samples
from helpers.colours import SIZE, coloured, pixels_of
from helpers.tiny import Tiny
from helpers.training import samples_of

HEIGHT, WIDTH = SIZE
UNCHANGED: dict[str, Any] = {"train_sizes": (HEIGHT,), "test_size": HEIGHT, "horizontal_flip": 0.0}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return coloured(tmp_path_factory.mktemp("coloured"))


def corner(sample: Sample) -> tuple[str, str]:
    """Return where the black corner is, which the file has at the top left."""
    black = torch.nonzero((sample.image == 0).all(dim=0))
    y, x = black.float().mean(dim=0).tolist()
    return ("top" if y < HEIGHT / 2 else "bottom", "left" if x < WIDTH / 2 else "right")


def test_an_image_is_rgb_as_in_its_file(data: Tiny) -> None:
    samples = samples_of(data, maps=False, **UNCHANGED)
    for position in range(4):
        sample = samples[position]
        wanted = torch.from_numpy(pixels_of(int(sample.name.removesuffix(".png"))))
        assert torch.equal(sample.image, wanted.permute(2, 0, 1))


def test_labels_are_the_ranks_of_the_category_ids(data: Tiny) -> None:
    target = samples_of(data, maps=False, **UNCHANGED)[0].target
    # the first object is of category 8, the second of category 3
    assert target.labels.tolist() == [1, 0]
    assert target.boxes[0].tolist() == [6, 4, 30, 14]
    assert target.masks[0, 4:14, 6:30].all()
    assert target.masks[0].sum() == 10 * 24


@pytest.mark.parametrize(
    ("flips", "wanted"),
    [
        ({"horizontal_flip": 1.0}, ("top", "right")),
        ({"horizontal_flip": 0.0, "vertical_flip": 1.0}, ("bottom", "left")),
        ({"horizontal_flip": 1.0, "vertical_flip": 1.0}, ("bottom", "right")),
    ],
)
def test_flips_turn_image_boxes_and_masks(
    data: Tiny, flips: dict[str, float], wanted: tuple[str, str]
) -> None:
    sample = samples_of(data, maps=False, **{**UNCHANGED, **flips})[0]
    assert corner(sample) == wanted
    left = WIDTH - 30 if wanted[1] == "right" else 6
    top = HEIGHT - 14 if wanted[0] == "bottom" else 4
    assert sample.target.boxes[0].tolist() == [left, top, left + 24, top + 10]
    mask = torch.zeros(SIZE, dtype=torch.uint8)
    mask[top : top + 10, left : left + 24] = 1
    assert torch.equal(sample.target.masks[0], mask)


def counts(samples: Samples) -> dict[tuple[str, str], int]:
    found = [corner(samples[position]) for position in range(len(samples))]
    return {place: found.count(place) for place in set(found)}


def test_a_flip_of_one_half_turns_about_half_of_the_samples(data: Tiny) -> None:
    found = counts(samples_of(data, maps=False, **{**UNCHANGED, "horizontal_flip": 0.5}))
    assert set(found) == {("top", "left"), ("top", "right")}
    # of 40 samples; fewer than 10 have a probability of 3 in 10,000
    assert min(found.values()) >= 10


def test_an_image_is_turned_anew_each_time_it_is_seen(data: Tiny) -> None:
    samples = samples_of(data, maps=False, **{**UNCHANGED, "horizontal_flip": 0.5})
    for name in {record.file_name for record in samples.records}:
        seen = [samples[k] for k in range(40) if samples[k].name == name]
        assert {corner(sample)[1] for sample in seen} == {"left", "right"}


def test_all_sizes_are_drawn(data: Tiny) -> None:
    samples = samples_of(data, maps=False, **{**UNCHANGED, "train_sizes": (32, 40, 48)})
    heights = [samples[position].image.shape[1] for position in range(40)]
    assert {height: heights.count(height) >= 5 for height in sorted(set(heights))} == {
        32: True,
        40: True,
        48: True,
    }


def test_order_and_augmentation_depend_on_the_seed_and_on_the_epoch(data: Tiny) -> None:
    def stream(seed: int) -> list[tuple[str, tuple[str, str]]]:
        samples = samples_of(data, maps=False, **{**UNCHANGED, "horizontal_flip": 0.5})
        samples.seed = seed
        return [(samples[k].name, corner(samples[k])) for k in range(40)]

    one, again, other = stream(3), stream(3), stream(4)
    assert one == again
    assert [name for name, _ in one] != [name for name, _ in other]
    assert [place for _, place in one] != [place for _, place in other]
    epochs = {tuple(name for name, _ in one[4 * k : 4 * k + 4]) for k in range(10)}
    assert len(epochs) > 3
    assert np.unique([name for name, _ in one]).size == 4
