"""The U-Net: sizes, what a pixel sees, its layers written out, and its batches."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.methods import METHODS
from gains.models.contract import Task
from gains.pixelwise.settings import PixelwiseSettings
from gains.pixelwise.unet import UNet, branch, standardise

# trunk, two layers of 3 x 3 x 64 x 64 with biases and norms per branch, and 65 weights per output
COUNTS = {
    ("unet2", "S"): 7_261_889,
    ("unet2", "M"): 29_030_593,
    ("unet2", "L"): 116_083_905,
    ("unet3", "S"): 7_336_066,
    ("unet3", "M"): 29_104_770,
    ("unet3", "L"): 116_158_082,
    ("layering", "S"): 7_336_066 + 7 * 65,
    ("layering", "M"): 29_104_770 + 7 * 65,
    ("layering", "L"): 116_158_082 + 7 * 65,
}


@pytest.mark.parametrize(("method", "size"), COUNTS)
def test_weights_are_as_many_as_in_the_program(method: str, size: str) -> None:
    record = METHODS.get(method)
    with torch.device("meta"):
        model = record.build(record.settings.model_validate({"size": size}), Task(1, 10))
    assert sum(p.numel() for p in model.parameters()) == COUNTS[method, size]


@pytest.mark.parametrize(("size", "seen"), [("S", 108), ("M", 220), ("L", 444)])
def test_an_output_sees_as_many_pixels_as_the_paper_says(
    size: str, seen: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every pixel of a window counts where all weights are positive and pooling takes means.

    At places of the pooling grid where one more cell of the coarsest stage lies in the window, it
    has the size of one cell more.
    """
    monkeypatch.setattr(F, "max_pool2d", F.avg_pool2d)
    settings = PixelwiseSettings.model_validate({"size": size, "width": 1})
    trunk, head = UNet(settings).eval().double(), branch(1, 1).eval().double()
    for module in (trunk, head):
        for convolution in (m for m in module.modules() if isinstance(m, nn.Conv2d)):
            nn.init.constant_(convolution.weight, 1 / convolution.weight[0].numel())
    step = 2**trunk.stages
    spans = set()
    for place in range(step):
        image = torch.rand(1, 3, step, 20 * step, dtype=torch.float64, requires_grad=True)
        head(trunk(image))[0, 0, 0, 10 * step + place].backward()
        columns = image.grad.abs().sum(dim=(0, 1, 2)).nonzero()
        spans.add(int(columns.max() - columns.min()) + 1)
    assert spans == {seen, seen + step}


def written_out(layers: nn.Module, x: Tensor) -> Tensor:
    """Return twice a convolution, a ReLU, then a batch norm of the batch's own statistics."""
    convolutions = [m for m in layers.modules() if isinstance(m, nn.Conv2d)]
    norms = [m for m in layers.modules() if isinstance(m, nn.BatchNorm2d)]
    for number, convolution in enumerate(convolutions):
        x = F.conv2d(
            x, convolution.weight, convolution.bias, padding=convolution.kernel_size[0] // 2
        )
        if number < len(norms):
            x = norm_written_out(norms[number], x)
    return x


def norm_written_out(norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    x = x.clamp(min=0)
    mean, variance = x.mean(dim=(0, 2, 3)), x.var(dim=(0, 2, 3), correction=0)
    scaled = (x - mean[:, None, None]) / (variance[:, None, None] + 0.001).sqrt()
    return scaled * norm.weight[:, None, None] + norm.bias[:, None, None]


def test_the_pass_written_out_enlarges_before_the_1x1_convolution() -> None:
    torch.manual_seed(0)
    trunk = UNet(PixelwiseSettings(size="S", width=3)).double()
    for parameter in trunk.parameters():
        if parameter.dim() == 1:
            nn.init.uniform_(parameter, 0.2, 0.9)  # biases and norms that matter
    image = torch.randn(2, 3, 32, 48, dtype=torch.float64)
    x, seen = image, []
    for stage in trunk.encoder:
        seen.append(written_out(stage, x))
        x = seen[-1].unflatten(2, (-1, 2)).unflatten(4, (-1, 2)).amax(dim=(3, 5))
    x = written_out(trunk.bottom, x)
    for enlarge, stage in zip(trunk.enlarge, trunk.decoder, strict=True):
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = written_out(enlarge, x)
        x = written_out(stage, torch.cat([x, seen.pop()], dim=1))
    torch.testing.assert_close(trunk(image), x)
    assert x.shape == (2, 3, 32, 48)


def test_stages_double_their_channels() -> None:
    trunk = UNet(PixelwiseSettings(size="M", width=4))
    shapes = {name: tuple(value.shape) for name, value in trunk.state_dict().items()}
    assert [shapes[f"encoder.{s}.0.weight"][0] for s in range(4)] == [4, 8, 16, 32]
    assert shapes["bottom.0.weight"] == (64, 32, 3, 3)


def test_initial_weights_and_norms_are_those_of_keras() -> None:
    torch.manual_seed(0)
    trunk = UNet(PixelwiseSettings(size="S", width=16))
    weight = trunk.get_parameter("encoder.2.3.weight")  # 64 to 64 channels, 3 x 3
    limit = (6 / (9 * 64 + 9 * 64)) ** 0.5
    assert 0.99 * limit < weight.abs().max() <= limit
    assert weight.std().item() == pytest.approx(limit / 3**0.5, rel=0.02)
    for module in trunk.modules():
        if isinstance(module, nn.Conv2d):
            assert not module.bias.any()
        if isinstance(module, nn.BatchNorm2d):
            assert module.eps == 0.001
            assert module.momentum == pytest.approx(1 - 0.99)


def test_standardised_images_by_hand() -> None:
    image = torch.zeros(3, 1, 4, dtype=torch.uint8)
    image[0] = 30  # mean 10, squares (4 * 400 + 8 * 100) / 12 = 200
    found = standardise(image)
    torch.testing.assert_close(found[0], torch.full((1, 4), 20 / 200**0.5))
    torch.testing.assert_close(found[1:], torch.full((2, 1, 4), -10 / 200**0.5))
    assert not standardise(torch.full((3, 5, 5), 77, dtype=torch.uint8)).any()
    # one of 3 * 400 values is 1: the deviation 0.0289 lies just below 1 / sqrt(1200) = 0.028868
    lone = torch.zeros(3, 20, 20)
    lone[0, 0, 0] = 1
    assert standardise(lone)[0, 0, 0].item() == pytest.approx((1 - 1 / 1200) * 1200**0.5, rel=1e-5)


def test_images_of_different_size_are_padded_with_zeros_after_standardisation() -> None:
    trunk = UNet(PixelwiseSettings(size="S", width=1))
    images = [torch.randint(0, 256, (3, *size), dtype=torch.uint8) for size in ((9, 40), (17, 8))]
    batch = trunk.batch(images)
    assert batch.shape == (2, 3, 24, 40)  # multiples of 8
    for row, image in zip(batch, images, strict=True):
        height, width = image.shape[1:]
        torch.testing.assert_close(row[:, :height, :width], standardise(image))
        assert not row[:, height:].any()
        assert not row[:, :, width:].any()
