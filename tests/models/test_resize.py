"""Sizes of images after scaling, and their pixels."""

from __future__ import annotations

import pytest
import torch

from gains.models.resize import resize_image, scaled_size


@pytest.mark.parametrize(
    ("shape", "short", "longest", "wanted"),
    [
        ((512, 512), 800, 1333, (800, 800)),
        ((100, 400), 200, 500, (125, 500)),
        ((9, 6), 3, 9, (5, 3)),
    ],
)
def test_the_shorter_side_is_scaled_unless_the_longer_gets_too_long(
    shape: tuple[int, int], short: int, longest: int, wanted: tuple[int, int]
) -> None:
    assert scaled_size(shape, short, longest) == wanted


def test_half_the_size_by_hand() -> None:
    """With antialiasing a pixel of half the size has four pixels' values, 1 3 3 1 of 8 parts."""
    row = torch.tensor([0, 80, 160, 0, 0, 240, 80, 0])
    # at the borders the pixel outside is missing: 0 3 3 1 of 7 parts, and 1 3 3 of 7
    wanted = [
        (3 * 0 + 3 * 80 + 160) / 7,
        (80 + 3 * 160 + 3 * 0 + 0) / 8,
        (0 + 3 * 0 + 3 * 240 + 80) / 8,
        (240 + 3 * 80 + 3 * 0) / 7,
    ]
    grey = row.expand(3, 6, 8).byte()
    coloured = (
        torch.stack([row, row.flip(0), torch.full_like(row, 7)])[:, None].expand(3, 6, 8).byte()
    )
    yellow = torch.stack([row, row, torch.full_like(row, 7)])[:, None].expand(3, 6, 8).byte()
    assert (resize_image(yellow, (3, 4))[2] == 7).all()
    for image in (grey, coloured):
        found = resize_image(image, (3, 4))
        assert found.shape == (3, 3, 4)
        assert found.dtype == torch.uint8
        assert found[0].tolist() == [pytest.approx(wanted, abs=0.51)] * 3
    assert found[1].tolist() == [pytest.approx(wanted[::-1], abs=0.51)] * 3
    assert (found[2] == 7).all()


def test_rows_and_columns_are_resized_alike() -> None:
    image = (torch.rand(3, 11, 7, generator=torch.Generator().manual_seed(0)) * 255).byte()
    across = resize_image(image, (20, 5))
    assert torch.equal(resize_image(image.transpose(1, 2), (5, 20)), across.transpose(1, 2))
    assert torch.equal(resize_image(image, (11, 7)), image)


def test_sizes_of_tall_and_of_flat_images() -> None:
    assert scaled_size((200, 100), 100, 150) == (150, 75)
    assert scaled_size((1, 1000), 32, 100) == (1, 100)
    assert scaled_size((1000, 1), 32, 100) == (100, 1)
