"""CondInst's dynamic heads, mask targets and losses, against independent calculations."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from gains.detection.fcos.locations import (
    FCOS_STRIDES,
    assign_batch,
    assign_locations,
    locate,
    locations_in,
)
from gains.methods.condinst.dynamic import (
    PARAMETERS,
    aligned_bilinear,
    dynamic_heads,
    relative_coordinates,
    split_parameters,
)
from gains.methods.condinst.model import (
    CondInst,
    MaskFeatureBranch,
    full_mask_targets,
    squared_dice_loss,
)
from gains.models.contract import Target, Task
from helpers.tiny import tiny_settings


def test_a_head_has_169_parameters() -> None:
    assert PARAMETERS == (10 * 8 + 8) + (8 * 8 + 8) + (8 * 1 + 1) == 169
    layers = split_parameters(torch.arange(2 * 169.0).reshape(2, 169))
    assert [tuple(w.shape) for w, _ in layers] == [(2, 8, 10), (2, 8, 8), (2, 1, 8)]
    # weights in front, row by row; biases behind
    assert layers[0][0][1, 2, 3] == 169 + 23
    assert layers[1][0][0, 0, 0] == 80
    assert layers[2][0][0, 0, 7] == 151
    assert layers[0][1][0, :, 0].tolist() == list(range(152, 160))
    assert layers[2][1][1].item() == 169 + 168


def test_dynamic_heads_equal_a_loop_over_instances() -> None:
    torch.manual_seed(0)
    x, parameters = torch.randn(3, 10, 5, 7), torch.randn(3, 169)
    expected = []
    for image, p in zip(x, parameters, strict=True):
        y = F.relu(F.conv2d(image[None], p[:80].reshape(8, 10, 1, 1), p[152:160]))
        y = F.relu(F.conv2d(y, p[80:144].reshape(8, 8, 1, 1), p[160:168]))
        expected.append(F.conv2d(y, p[144:152].reshape(1, 8, 1, 1), p[168:])[0, 0])
    torch.testing.assert_close(dynamic_heads(x, parameters), torch.stack(expected))


def test_dynamic_heads_equal_a_grouped_convolution() -> None:
    torch.manual_seed(1)
    x, parameters = torch.randn(4, 10, 6, 6), torch.randn(4, 169)
    y = x.reshape(1, 40, 6, 6)
    for number, (weight, bias) in enumerate(split_parameters(parameters)):
        y = F.relu(y) if number else y
        y = F.conv2d(y, weight.reshape(-1, weight.shape[2], 1, 1), bias.flatten(), groups=4)
    torch.testing.assert_close(dynamic_heads(x, parameters), y[0])


def test_relative_coordinates_by_hand() -> None:
    points, scales = torch.tensor([[20.0, 12.0], [4.0, 4.0]]), torch.tensor([16.0, 64.0])
    found = relative_coordinates(points, scales, (2, 3), 8)
    assert found.shape == (2, 2, 2, 3)
    # cells lie at x 4, 12, 20 and y 4, 12
    assert found[0, 0].tolist() == [[1.0, 0.5, 0.0]] * 2
    assert found[0, 1].tolist() == [[0.5] * 3, [0.0] * 3]
    assert found[1, 0, 0].tolist() == [0, -8 / 64, -16 / 64]


@given(
    st.sampled_from([2, 4, 8]),
    st.integers(2, 6),
    st.integers(2, 6),
    st.integers(-3, 3),
    st.integers(-3, 3),
)
def test_a_ramp_stays_a_ramp(factor: int, height: int, width: int, dx: int, dy: int) -> None:
    y, x = torch.meshgrid(
        torch.arange(height, dtype=torch.float64),
        torch.arange(width, dtype=torch.float64),
        indexing="ij",
    )
    fine = aligned_bilinear((dx * x + dy * y)[None, None], factor)[0, 0]
    assert fine.shape == (factor * height, factor * width)
    # new cell j lies at (j - factor / 2) / factor; beyond the outer cells nothing changes
    at = [
        ((torch.arange(factor * n, dtype=torch.float64) - factor / 2) / factor).clamp(0, n - 1)
        for n in (height, width)
    ]
    torch.testing.assert_close(fine, dy * at[0][:, None] + dx * at[1])


def test_enlarging_by_one_changes_nothing() -> None:
    x = torch.rand(1, 2, 3, 4)
    torch.testing.assert_close(aligned_bilinear(x, 1), x)
    assert aligned_bilinear(torch.zeros(0, 1, 4, 5), 4).shape == (0, 1, 16, 20)


def test_mask_targets_are_every_fourth_pixel_from_the_second() -> None:
    masks = torch.zeros(2, 32, 20, dtype=torch.uint8)
    masks[0, 2, 6] = 1
    masks[0, 3, 7] = 1
    masks[1, 30, 18] = 1
    other = torch.ones(1, 24, 24, dtype=torch.uint8)
    none = torch.zeros(0)
    targets = [Target(none, none, m) for m in (masks, other, torch.zeros(0, 9, 9))]
    found = full_mask_targets(targets, (8, 8))
    assert found.shape == (3, 8, 8)
    assert torch.nonzero(found[0]).tolist() == [[0, 1]]
    assert torch.nonzero(found[1]).tolist() == [[7, 4]]
    assert found[2, :6, :6].all()
    assert found[2].sum() == 36


def test_dice_by_hand() -> None:
    probability = torch.tensor([[[0.8, 0.4], [0.2, 0.6]], [[0.5, 0.5], [0.5, 0.5]]])
    truth = torch.tensor([[[1, 0], [0, 1]], [[0, 0], [0, 1]]], dtype=torch.uint8)
    # 2 (0.8 + 0.6) / (0.64 + 0.16 + 0.04 + 0.36 + 2), 2 * 0.5 / (1 + 1)
    expected = ((1 - 2.8 / 3.2) + (1 - 1 / 2)) / 2
    assert squared_dice_loss(probability.logit(), truth).item() == pytest.approx(expected, abs=1e-5)
    assert squared_dice_loss(torch.zeros(0, 2, 2), truth[:0]).item() == 0


def model() -> CondInst:
    torch.manual_seed(0)
    return CondInst(tiny_settings("condinst"), Task(2, 10))


def test_mask_features_have_the_stride_of_p3() -> None:
    branch = MaskFeatureBranch(tiny_settings("condinst"))
    shapes = [(8, 12), (4, 6), (2, 3), (1, 2), (1, 1)]
    assert branch([torch.rand(2, 32, *shape) for shape in shapes]).shape == (2, 8, 8, 12)


def test_masks_belong_to_their_image_and_place() -> None:
    made = model().eval()
    # with the small initial weights, another scale would change next to nothing
    torch.nn.init.normal_(made.controller.weight, std=0.2)
    images = [torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8) for _ in range(2)]
    with torch.no_grad():
        features = made.backbone(images)
        found, mask_features = made.head(features), made.masks(features)
        image, place = torch.tensor([1, 0, 1]), torch.tensor([5, 70, 85])
        together = made.mask_logits(mask_features, found, image, place)
        assert together.shape == (3, 16, 16)
        raw = [made.controller(x) for x in found.hidden]
        for row, (number, level, y, x) in enumerate([(1, 0, 0, 5), (0, 1, 1, 2), (1, 4, 0, 0)]):
            parameters = raw[level][number, :, y, x][None]
            stride = 8 * 2**level
            point = torch.tensor([[(x + 0.5) * stride, (y + 0.5) * stride]])
            # the size of interest of p7 is twice that of p6
            scale = torch.tensor([(64.0, 128.0, 256.0, 512.0, 1024.0)[level]])
            coordinates = relative_coordinates(point, scale, (8, 8), 8)
            joined = torch.cat([mask_features[number][None], coordinates], dim=1)
            alone = aligned_bilinear(dynamic_heads(joined, parameters)[None], 2)[0, 0]
            torch.testing.assert_close(together[row], alone, atol=1e-5, rtol=1e-4)


def test_detected_masks_cover_the_image_without_its_padding() -> None:
    made = model().eval()
    torch.nn.init.constant_(made.head.classes.get_parameter("bias"), 2.0)
    torch.nn.init.constant_(made.head.distances.get_parameter("bias"), 1.0)
    # constant masks: every weight 0, the last bias 3
    torch.nn.init.zeros_(made.controller.weight)
    with torch.no_grad():
        made.controller.get_parameter("bias")[-1] = 3.0
    found = made.detect([torch.zeros(3, 50, 70, dtype=torch.uint8)])[0]
    assert found.full
    assert len(found.scores) == 10
    torch.testing.assert_close(found.masks, torch.full((10, 50, 70), 3.0).sigmoid())


def test_detected_masks_are_enlarged_as_probabilities(monkeypatch: pytest.MonkeyPatch) -> None:
    made = model().eval()
    torch.nn.init.constant_(made.head.classes.get_parameter("bias"), 2.0)
    torch.nn.init.constant_(made.head.distances.get_parameter("bias"), 1.0)
    logits = torch.full((10, 16, 16), -9.0)
    logits[:, :, 8:] = 0.0
    monkeypatch.setattr(made, "mask_logits", lambda *_: logits)
    (found,) = made.detect([torch.zeros(3, 64, 64, dtype=torch.uint8)])
    # cells lie at the pixels 4 i + 2: between 30 (probability 0) and 34 (1/2) there is 32
    row = found.masks[0, 40, 30:35]
    torch.testing.assert_close(row, torch.tensor([0, 1, 2, 3, 4]) / 8, atol=2e-4, rtol=0)


def test_losses_know_bfloat16() -> None:
    made = model()
    image = torch.randint(0, 256, (3, 64, 64), dtype=torch.uint8)
    masks = torch.zeros(1, 64, 64, dtype=torch.uint8)
    masks[0, 20:40, 20:40] = 1
    target = Target(torch.tensor([[20.0, 20, 40, 40]]), torch.tensor([1]), masks)
    exact = made.losses([image], [target], torch.Generator())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rough = made.losses([image], [target], torch.Generator())
    for name, value in exact.items():
        assert rough[name].dtype == torch.float32
        assert rough[name].item() == pytest.approx(value.item(), rel=0.1)


def bars(*boxes: tuple[int, int, int, int], size: tuple[int, int] = (72, 100)) -> Target:
    """Return objects that fill their boxes, x0 y0 x1 y1 in px."""
    masks = torch.zeros(len(boxes), *size, dtype=torch.uint8)
    for mask, (x0, y0, x1, y1) in zip(masks, boxes, strict=True):
        mask[y0:y1, x0:x1] = 1
    return Target(torch.tensor(boxes).float(), torch.zeros(len(boxes)).long(), masks)


def test_objects_without_a_location_or_a_pixel_are_not_learnt_by_hand() -> None:
    """Locations of p3 lie at 4, 12, 20, ...; pixels of the mask loss at 2, 6, 10, ..."""
    target = bars(
        (10, 10, 30, 30),
        (40, 5, 60, 11),  # y 5..11 holds the pixels of row 6, but no location of row 4 or 12
        (40, 31, 60, 34),  # no row of locations or pixels
        (70, 11, 90, 13),  # the locations of row 12, but no pixel of rows 10 and 14
        (12, 12, 28, 28),  # covers the centre of the first one, which is larger
    )
    found = model().unlearnt(target)
    assert found.tolist() == [False, True, True, True, False]
    assert model().unlearnt(bars()).tolist() == []
    # only the location 108, 76 lies in this object
    assert model().unlearnt(bars((100, 70, 110, 78), size=(78, 110))).tolist() == [False]


@given(st.lists(st.tuples(*[st.integers(0, 71), st.integers(0, 50), st.integers(1, 39),
                            st.integers(1, 28)]), min_size=1, max_size=6))  # fmt: skip
def test_what_is_not_learnt_agrees_with_the_locations_of_a_padded_batch(
    corners: list[tuple[int, int, int, int]],
) -> None:
    target = bars(*((x, y, x + w, y + h) for x, y, w, h in corners), size=(78, 110))
    sizes = (16.0, 32.0, 64.0, 128.0)
    features = [torch.zeros(1, 1, 128 // s, 128 // s) for s in FCOS_STRIDES]
    matched = assign_batch(locate(features), [target], sizes).matched.tolist()
    alone = assign_locations(locations_in(78, 110, torch.device("cpu")), target, sizes)
    assert set(alone.tolist()) - {-1} == set(matched)
