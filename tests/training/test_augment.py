"""Each augmentation against a slow reference, and in cases that can be checked by hand."""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from gains.config.augmentation import (
    TRANSFORMS,
    ContrastSettings,
    CropSettings,
    ElasticSettings,
    FlowSettings,
    GammaSettings,
    RotationSettings,
    ScaleSettings,
    TransformSettings,
)
from gains.detection.pooling import crop, crop_maps
from gains.models.contract import Target
from gains.training.augment import augment
from gains.training.samples import Sample
from gains.training.targets import tight_box, tight_boxes
from gains.training.transforms import PLACES, VALUES
from gains.training.warp import warp_sample
from helpers.resampling import Inverse, resampled, scene
from helpers.tiny import Tiny, planes_of
from helpers.training import samples_of

SIZES = [(37, 53), (40, 40), (64, 48)]
ALWAYS: dict[str, Any] = {"p": 1.0}


def of(name: str, p: float) -> TransformSettings:
    return TRANSFORMS[name].model_validate({"p": p})


def of_factor(factor: float) -> TransformSettings:
    return ContrastSettings(factor=(factor, factor), p=1)


def drawn(position: int, place: int = 0) -> np.random.Generator:
    """Return the generator of a transform after it has drawn whether it acts."""
    rng = np.random.default_rng([7, 4, position, place])
    rng.random()
    return rng


def transformed(
    settings: TransformSettings, image: Tensor, target: Target, position: int
) -> tuple[Tensor, Target]:
    return augment(image, target, [settings], 7, position)


def assert_follows(
    settings: TransformSettings,
    position: int,
    inverse: Inverse,
    size: tuple[int, int],
    shape: tuple[int, int],
) -> None:
    """Compare a transformed scene of a shape with the reference."""
    image, target = scene(*shape)
    assert target.maps is not None
    wanted = resampled(image, target, planes_of(target.maps), inverse, size)
    pixels, found = transformed(settings, image, target, position)
    assert (pixels.dtype, found.masks.dtype) == (torch.uint8, torch.uint8)
    assert np.abs(pixels.numpy() - wanted.image).max() < 0.51
    masks = torch.from_numpy(wanted.masks)
    kept = masks.flatten(1).any(dim=1)
    assert torch.equal(found.labels, target.labels[kept])
    off = found.masks != masks[kept]
    assert not off[:, torch.from_numpy(~wanted.tied)].any()
    assert torch.equal(found.boxes, torch.stack([tight_box(mask > 0) for mask in found.masks]))
    assert found.maps is not None
    assert found.maps.size == size
    difference = planes_of(found.maps).numpy() - wanted.maps[kept.numpy()]
    assert np.abs(difference).max() < 1e-3


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("position", [0, 1])
def test_rotation_follows_the_reference(position: int, shape: tuple[int, int]) -> None:
    angle = math.radians(drawn(position).uniform(-180, 180))
    cy, cx = (shape[0] - 1) / 2, (shape[1] - 1) / 2

    def inverse(y: int, x: int) -> tuple[float, float]:
        # counter-clockwise on the screen, where y points down
        down, across = y - cy, x - cx
        return (
            cy + math.cos(angle) * down + math.sin(angle) * across,
            cx - math.sin(angle) * down + math.cos(angle) * across,
        )

    assert_follows(RotationSettings(**ALWAYS), position, inverse, shape, shape)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("zoom", [(0.4, 0.5), (1.5, 2.0)])
def test_scale_follows_the_reference(zoom: tuple[float, float], shape: tuple[int, int]) -> None:
    factor = drawn(3).uniform(*zoom)
    cy, cx = (shape[0] - 1) / 2, (shape[1] - 1) / 2

    def inverse(y: int, x: int) -> tuple[float, float]:
        return cy + (y - cy) / factor, cx + (x - cx) / factor

    assert_follows(ScaleSettings(zoom=zoom, **ALWAYS), 3, inverse, shape, shape)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize(("alpha", "sigma"), [(120.0, 4.0), (2000.0, 30.0)])
def test_elastic_follows_the_reference(alpha: float, sigma: float, shape: tuple[int, int]) -> None:
    settings = ElasticSettings(alpha=alpha, sigma=sigma, **ALWAYS)
    move: Any = PLACES[ElasticSettings](settings, shape, drawn(2))
    field = move.keywords["displacement"][0].numpy().astype(float)
    assert np.abs(field).max() > 0

    def inverse(y: int, x: int) -> tuple[float, float]:
        return y + field[y, x, 1] * shape[0] / 2, x + field[y, x, 0] * shape[1] / 2

    assert_follows(settings, 2, inverse, shape, shape)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("scale", [(8.0, 16.0), (24.0, 256.0)])
def test_flow_follows_the_reference(scale: tuple[float, float], shape: tuple[int, int]) -> None:
    settings = FlowSettings(scale=scale, **ALWAYS)
    move: Any = PLACES[FlowSettings](settings, shape, drawn(2))
    field = move.keywords["displacement"][0].numpy().astype(float)

    def inverse(y: int, x: int) -> tuple[float, float]:
        return y + field[y, x, 1] * shape[0] / 2, x + field[y, x, 0] * shape[1] / 2

    assert_follows(settings, 2, inverse, shape, shape)


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize("share", [(0.6, 0.9), (0.01, 0.02)])
def test_crop_follows_the_reference(share: tuple[float, float], shape: tuple[int, int]) -> None:
    rng = drawn(5)
    height, width = (max(32, round(side * rng.uniform(*share))) for side in shape)
    top, left = (int(rng.integers(0, n + 1)) for n in (shape[0] - height, shape[1] - width))
    settings = CropSettings(share=share, **ALWAYS)
    assert_follows(settings, 5, lambda y, x: (y + top, x + left), (height, width), shape)
    image, target = scene(*shape)
    pixels, found = transformed(settings, image, target, 5)
    rows, columns = slice(top, top + height), slice(left, left + width)
    assert torch.equal(pixels, image[:, rows, columns])
    kept = target.masks[:, rows, columns].flatten(1).bool().any(dim=1)
    assert target.maps is not None and found.maps is not None
    # exact
    assert torch.equal(planes_of(found.maps), planes_of(target.maps)[kept][:, rows, columns])


@pytest.mark.parametrize("name", ["rotation", "scale", "elastic", "crop"])
def test_moved_maps_are_pooled_like_planes(name: str) -> None:
    """The ring around a block continues the values at the new border."""
    image, target = scene(64, 48)
    _, found = transformed(of(name, 1), image, target, 1)
    assert found.maps is not None
    height, width = found.maps.size
    generator = torch.Generator().manual_seed(0)
    ends = (torch.rand(60, 2, 2, generator=generator) * 1.6 - 0.3).clamp(0, 1)
    boxes = (ends.sort(dim=1).values * torch.tensor([width, height])).flatten(1)
    boxes = boxes[(boxes[:, 2:] > boxes[:, :2]).all(dim=1)]
    index = torch.arange(len(boxes)) % len(found.boxes)
    wanted = crop(planes_of(found.maps), boxes, index)
    torch.testing.assert_close(crop_maps(found.maps, boxes, index), wanted, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("angle", "turns"), [(0, 0), (90, 1), (180, 2), (-90, 3), (360, 0)])
def test_quarter_turns_are_exact(angle: int, turns: int) -> None:
    image, target = scene(41, 41)
    settings = RotationSettings(degrees=(angle, angle), p=1)
    pixels, found = transformed(settings, image, target, 0)
    assert torch.equal(pixels, image.rot90(turns, (1, 2)))
    assert torch.equal(found.masks, target.masks.rot90(turns, (1, 2)))
    assert target.maps is not None and found.maps is not None
    assert torch.equal(planes_of(found.maps), planes_of(target.maps).rot90(turns, (1, 2)))


def test_half_a_turn_of_a_rectangle_is_two_flips() -> None:
    image, target = scene()
    pixels, found = transformed(RotationSettings(degrees=(180, 180), p=1), image, target, 0)
    assert torch.equal(pixels, image.flip(1, 2))
    assert torch.equal(found.masks, target.masks.flip(1, 2))


def test_a_quarter_turn_of_a_rectangle_keeps_its_middle() -> None:
    """Of 35 x 55 px, the middle 35 x 35 px turn; the sides come from outside the image."""
    image, target = scene(35, 55)
    pixels, _ = transformed(RotationSettings(degrees=(90, 90), p=1), image, target, 0)
    assert torch.equal(pixels[:, :, 10:45], image[:, :, 10:45].rot90(1, (1, 2)))
    for side in (pixels[:, :, :10], pixels[:, :, 45:]):
        assert torch.equal(side, side[:, :1, :1].expand_as(side))


def test_whole_angles_are_drawn_with_both_ends_of_the_range() -> None:
    """Of 60 draws of three angles, one is missing with a probability of 3 (2/3)^60."""
    settings = RotationSettings(degrees=(-0.5, 2.5), whole=True, p=1)
    angles = [
        cast("Any", PLACES[RotationSettings](settings, (40, 40), drawn(k))).keywords["angle"]
        for k in range(60)
    ]
    assert set(angles) == {0.0, 1.0, 2.0}
    image, target = scene(40, 40)
    turn = RotationSettings(degrees=(90, 90), whole=True, p=1)
    assert torch.equal(transformed(turn, image, target, 0)[0], image.rot90(1, (1, 2)))
    with pytest.raises(ValueError, match="no whole number of degrees lies in the range"):
        RotationSettings(degrees=(0.2, 0.8), whole=True)


def test_black_can_come_from_outside_the_image() -> None:
    """Of 35 x 55 px, the middle 35 x 35 px turn; the sides come from outside the image."""
    image, target = scene(35, 55)
    turn = RotationSettings(degrees=(90, 90), fill="black", p=1)
    pixels, found = transformed(turn, image, target, 0)
    assert torch.equal(pixels[:, :, 10:45], image[:, :, 10:45].rot90(1, (1, 2)))
    for side in (pixels[:, :, :10], pixels[:, :, 45:]):
        assert not side.any()
    # masks do not depend on what comes from outside
    other = RotationSettings(degrees=(90, 90), p=1)
    assert torch.equal(found.masks, transformed(other, image, target, 0)[1].masks)


def test_gamma_to_the_brightest_value_by_hand() -> None:
    image = torch.tensor([[[0, 30, 99]], [[10, 50, 99]], [[1, 70, 90]]], dtype=torch.uint8)
    _, target = scene()

    def values(**changes: Any) -> list[list[int]]:
        settings = GammaSettings.model_validate({"white": "brightest", "p": 1, **changes})
        pixels, found = transformed(settings, image, target, 0)
        assert pixels.dtype == torch.uint8 and found is target
        return cast("list[list[int]]", pixels[:, 0].tolist())

    # white is 100; (x / 100)^2 * 100 is x^2 / 100: 98.01 for 99, and 0.01 for 1
    assert values(gamma=(2, 2)) == [[0, 9, 98], [1, 25, 98], [0, 49, 81]]
    # 10 times the root of x: 54.8, 99.5; 31.6, 70.7; 10, 83.7, 94.9
    assert values(gamma=(2, 2), inverted=1) == [[0, 54, 99], [31, 70, 99], [10, 83, 94]]
    assert values(gamma=(1, 1)) == image[:, 0].tolist()


def test_an_exponent_is_inverted_with_its_probability() -> None:
    """Of 256 levels, a grey value of 64 / 255 becomes 16 (0.063) or 128 (0.501).

    Fewer than 6 or more than 24 of 40 have a probability of 1 in 200 at p 0.35.
    """
    image, (_, target) = torch.full((3, 40, 40), 64, dtype=torch.uint8), scene(40, 40)
    settings = GammaSettings(gamma=(2, 2), inverted=0.35, p=1)
    found = [int(transformed(settings, image, target, k)[0][0, 0, 0]) for k in range(40)]
    assert set(found) == {16, 128}
    assert 6 <= found.count(128) <= 24


def test_values_by_hand() -> None:
    image = torch.tensor([[[0, 51, 255]], [[10, 102, 204]], [[10, 153, 204]]], dtype=torch.uint8)
    _, target = scene()
    cases: dict[str, tuple[dict[str, Any], list[list[int]]]] = {
        # (51 / 255) ** 2 = 0.04, of 256 levels the tenth
        "gamma": ({"gamma": (2, 2)}, [[0, 10, 255], [0, 40, 163], [0, 92, 163]]),
        "brightness": ({"factor": (1.5, 1.5)}, [[0, 76, 255], [15, 153, 255], [15, 229, 255]]),
        # grey 7, 92, 219, whose mean is 106
        "contrast": ({"factor": (0.5, 0.5)}, [[53, 78, 180], [58, 104, 155], [58, 130, 155]]),
    }
    assert {kind.model_fields["name"].default for kind in VALUES} == set(cases)
    for name, (changes, wanted) in cases.items():
        settings = TRANSFORMS[name].model_validate({**changes, "p": 1})
        pixels, found = transformed(settings, image, target, 0)
        assert pixels[:, 0].tolist() == wanted, name
        assert found is target


def test_contrast_does_not_depend_on_the_order_in_which_a_mean_is_summed() -> None:
    """A factor of 0 leaves the mean: here 99.5 or 100.5 exactly, which becomes 100."""
    generator, count = torch.Generator().manual_seed(0), 1000 * 1002
    for number in range(6):
        # equal channels become a grey value that is smaller by 1
        values = torch.randint(2, 201, (count,), generator=generator)
        change = round((100.5 + number % 2) * count) - int(values.sum())
        values[: abs(change)] += 1 if change > 0 else -1
        image = values.to(torch.uint8).reshape(1, 1000, 1002).expand(3, -1, -1)
        _, target = scene()
        pixels, _ = transformed(of_factor(0), image, target, 0)
        assert pixels.unique().tolist() == [100]


def test_contrast_leaves_a_uniform_image() -> None:
    _, target = scene()
    for value in (0, 1, 100, 200, 255):
        image = torch.full((3, 40, 40), value, dtype=torch.uint8)
        for factor in (0.8, 0.9, 1.1, 1.2):
            assert torch.equal(transformed(of_factor(factor), image, target, 0)[0], image)


def test_every_transform_has_one_function() -> None:
    assert set(PLACES) | set(VALUES) == set(TRANSFORMS.values())
    assert not set(PLACES) & set(VALUES)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_a_transform_acts_with_its_probability(name: str) -> None:
    image, target = scene(64, 48)
    never, always = of(name, 0), of(name, 1)
    for position in range(3):
        pixels, found = transformed(never, image, target, position)
        assert pixels is image and found is target
        pixels, _ = transformed(always, image, target, position)
        assert pixels.shape != image.shape or not torch.equal(pixels, image)
    half = of(name, 0.5)
    acts = [transformed(half, image, target, k)[0] is not image for k in range(40)]
    # fewer than 10 of 40 have a probability of 3 in 10,000
    assert 10 <= sum(acts) <= 30


def test_transforms_are_applied_in_order_and_draw_independently() -> None:
    image, target = scene(64, 48)
    first, second = CropSettings(p=1, share=(0.6, 0.6)), RotationSettings(p=1)
    both = augment(image, target, [first, second], 7, 3)
    step = augment(image, target, [first], 7, 3)
    move = PLACES[RotationSettings](second, (step[0].shape[1], step[0].shape[2]), drawn(3, 1))
    again = warp_sample(*step, move)
    assert again is not None
    assert torch.equal(both[0], again[0])
    assert torch.equal(both[1].masks, again[1].masks)


def test_an_object_that_leaves_is_dropped_with_its_label_and_map() -> None:
    image, target = scene(64, 48)
    pixels, found = transformed(ScaleSettings(zoom=(3, 3), p=1), image, target, 0)
    assert pixels.shape == image.shape
    assert found.maps is not None
    kept = [0, 1, 5]
    assert found.labels.tolist() == target.labels[kept].tolist()
    assert target.maps is not None
    assert torch.equal(found.maps.constants, target.maps.constants[kept])
    assert len(found.masks) == len(found.boxes) == len(found.maps.index) == 3


def test_a_transform_that_would_leave_no_object_is_drawn_again_and_then_left_out() -> None:
    image, target = scene(64, 64)
    corner = target.select(torch.tensor([False, False, True, False, False, False]))
    settings = CropSettings(share=(0.5, 0.5), p=1)
    shown = []
    for position in range(80):
        pixels, found = transformed(settings, image, corner, position)
        assert found.masks.any()
        shown.append(pixels is not image)
    # a crop of 32 px shows the corner of 9 x 7 px if it starts in the first 9 rows and 7 columns
    # of 33 each: 6 %, and 26 % in five draws. Of 80, one draw gives 5 and five give 21
    assert 12 <= sum(shown) <= 32
    unseen = transformed(ScaleSettings(zoom=(10, 10), p=1), image, corner, 0)
    assert unseen[0] is image and unseen[1] is corner


@pytest.mark.parametrize("name", TRANSFORMS)
def test_an_image_whose_objects_vanished_before_is_transformed_too(name: str) -> None:
    image, target = scene(64, 48)
    nothing = target.select(torch.zeros(len(target.boxes), dtype=torch.bool))
    pixels, found = transformed(of(name, 1), image, nothing, 0)
    assert torch.equal(pixels, transformed(of(name, 1), image, target, 0)[0])
    assert found.boxes.shape == (0, 4)
    assert found.masks.shape == (0, *pixels.shape[1:])
    assert found.maps is not None and found.maps.planes().shape == found.masks.shape


def test_what_comes_from_outside_has_the_usual_colour_of_the_border() -> None:
    image = torch.full((3, 40, 60), 200, dtype=torch.uint8)
    image[1] = 90
    image[:, 10:30, 10:30] = 20
    image[:, 0, :20] = 0
    _, target = scene(40, 60)
    pixels, _ = transformed(ScaleSettings(zoom=(0.5, 0.5), p=1), image, target, 0)
    assert pixels[:, 0, 0].tolist() == [200, 90, 200]
    assert pixels[:, 39, 59].tolist() == [200, 90, 200]
    # the white border of the image does not become darker where the image ends
    assert pixels[0, 20:30, 44:46].unique().tolist() == [200]


def test_an_image_smaller_than_the_smallest_crop_stays() -> None:
    image, target = scene(37, 53)
    small, part = image[:, :30, :20], target.masks[:, :30, :20]
    kept = part.flatten(1).bool().any(dim=1)
    own = Target(tight_boxes(part[kept]), target.labels[kept], part[kept])
    pixels, found = transformed(CropSettings(p=1), small, own, 0)
    assert torch.equal(pixels, small)
    assert found.maps is None


@pytest.mark.parametrize(("alpha", "sigma"), [(100.0, 1.0), (200.0, 5.0), (200.0, 10.0)])
def test_the_displacements_have_the_documented_size(alpha: float, sigma: float) -> None:
    """White noise of variance 1/3 after a Gaussian filter has the variance 1 / (12 pi sigma^2)."""
    settings = ElasticSettings(alpha=alpha, sigma=sigma)
    move: Any = PLACES[ElasticSettings](settings, (600, 900), np.random.default_rng(1))
    field = move.keywords["displacement"][0]
    assert field.shape == (600, 900, 2)
    field = field * torch.tensor([450, 300])
    assert float(field.std()) == pytest.approx(alpha / 2 / (math.sqrt(12 * math.pi) * sigma), 0.1)
    # the correlation of two values at a distance d is exp(-d^2 / (4 sigma^2))
    away = round(1.5 * sigma)
    for one, other in ((field[:, away:], field[:, :-away]), (field[away:], field[:-away])):
        pairs = torch.stack([one.flatten(), other.flatten()])
        wanted = math.exp(-(away**2) / (4 * sigma**2))
        assert float(torch.corrcoef(pairs)[0, 1]) == pytest.approx(wanted, abs=0.07)


def test_the_mean_displacement_of_a_flow_is_a_share_of_its_scale() -> None:
    settings = FlowSettings(scale=(40, 40), strength=0.25)
    move: Any = PLACES[FlowSettings](settings, (600, 900), np.random.default_rng(1))
    field = move.keywords["displacement"][0] * torch.tensor([450, 300])
    # 0.25 * 40 px
    assert float(field.norm(dim=2).mean()) == pytest.approx(10, rel=1e-5)
    # the components have the standard deviation 10 / sqrt(pi / 2) = 7.98, and at the distance of
    # the scale the correlation 1/e
    assert float(field.std()) == pytest.approx(7.98, rel=0.05)
    pairs = torch.stack([field[:, 40:].flatten(), field[:, :-40].flatten()])
    assert float(torch.corrcoef(pairs)[0, 1]) == pytest.approx(math.exp(-1), abs=0.07)


def test_the_scale_of_a_flow_is_drawn_up_to_the_short_side_of_the_image() -> None:
    means = []
    for seed in range(40):
        move: Any = PLACES[FlowSettings](FlowSettings(), (64, 96), np.random.default_rng(seed))
        field = move.keywords["displacement"][0] * torch.tensor([48, 32])
        means.append(float(field.norm(dim=2).mean()))
    # scales from 16 to 64 px; of 40, none in the lowest or highest eighth has 1 in 200 each
    assert 4 <= min(means) < 5.5
    assert 14.5 < max(means) <= 16.001


def test_global_random_states_stay() -> None:
    image, target = scene(64, 48)
    before = torch.get_rng_state()
    state: Any = np.random.get_state(legacy=True)
    augment(image, target, [of(name, 1) for name in TRANSFORMS], 1, 2)
    assert torch.equal(torch.get_rng_state(), before)
    after: Any = np.random.get_state(legacy=True)
    assert (after[1] == state[1]).all() and after[2] == state[2]


LIST: list[dict[str, Any]] = [{"name": name} for name in TRANSFORMS]


def assert_same(one: Sample, other: Sample) -> None:
    assert one.name == other.name
    assert torch.equal(one.image, other.image)
    for field in ("boxes", "labels", "masks"):
        assert torch.equal(getattr(one.target, field), getattr(other.target, field)), field
    for field in ("constants", "blocks", "corners", "index"):
        assert torch.equal(getattr(one.target.maps, field), getattr(other.target.maps, field))


def test_samples_are_the_same_in_any_number_of_processes_and_after_a_resume(tiny: Tiny) -> None:
    samples = samples_of(tiny, augmentations=LIST)
    wanted = [samples[k] for k in range(24)]
    assert len({sample.image.shape for sample in wanted}) > 5
    for workers, start in ((1, 0), (2, 0), (2, 10)):
        again = samples_of(tiny, augmentations=LIST)
        loaded = DataLoader(
            again, batch_size=4, sampler=range(start, 24), num_workers=workers, collate_fn=list
        )
        found = [sample for batch in loaded for sample in batch]
        assert len(found) == 24 - start
        for one, other in zip(found, wanted[start:], strict=True):
            assert_same(one, other)


def test_flips_sizes_and_order_are_those_of_a_recipe_without_a_list(tiny: Tiny) -> None:
    recipe: dict[str, Any] = {"vertical_flip": 0.5, "train_sizes": (48, 64)}
    plain = samples_of(tiny, **recipe)
    never = samples_of(tiny, augmentations=[{**block, "p": 0} for block in LIST], **recipe)
    colours = samples_of(
        tiny, augmentations=[{"name": "brightness", "p": 1, "factor": [0.5, 0.5]}], **recipe
    )
    for position in range(20):
        assert_same(plain[position], never[position])
        darker = colours[position]
        assert torch.equal(darker.image, plain[position].image // 2)
        assert torch.equal(darker.target.masks, plain[position].target.masks)


def test_kept_samples_are_not_changed_by_their_augmentation(tiny: Tiny) -> None:
    samples = samples_of(tiny, augmentations=[{**block, "p": 1} for block in LIST])
    assert samples.cached
    before = [samples._at_size(k, 64) for k in range(len(samples.records))]
    copies = [(s.image.clone(), s.target.masks.clone()) for s in before]
    for position in range(12):
        samples[position]
    for sample, (image, masks) in zip(before, copies, strict=True):
        assert torch.equal(sample.image, image)
        assert torch.equal(sample.target.masks, masks)
