"""FastInst's layers written out: pixel decoder, one decoder layer, and the last prediction."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gains.methods.fastinst.attention import Attention, FeedForward
from gains.methods.fastinst.decoder import Decoder, Head
from gains.methods.fastinst.model import FastInst
from gains.methods.fastinst.pixel_decoder import PixelDecoder
from gains.methods.fastinst.queries import Queries
from gains.models.contract import Detections, Task
from helpers.tiny import tiny_settings
from helpers.written_out import conv, linear


def shaken(module: nn.Module) -> None:
    """Draw all biases and norms anew, which begin as zeros and ones."""
    for parameter in module.parameters():
        if parameter.dim() == 1:
            nn.init.normal_(parameter, std=0.5)


def norm(layer: nn.LayerNorm, x: Tensor) -> Tensor:
    mean, variance = x.mean(dim=-1, keepdim=True), x.var(dim=-1, keepdim=True, correction=0)
    return (x - mean) / (variance + layer.eps).sqrt() * layer.weight + layer.bias


def attended(
    layer: Attention, x: Tensor, position: Tensor, seen: Tensor, where: Tensor, allowed: Tensor
) -> Tensor:
    """Return attention of x (N, C) to seen (M, C), head by head; ``allowed`` is bool (N, M)."""
    width = x.shape[1] // layer.heads
    query = linear(layer.query, x + position)
    key, value = (seen + where) @ layer.key.weight.T, linear(layer.value, seen)
    heads = []
    for start in range(0, x.shape[1], width):
        part = slice(start, start + width)
        scores = query[:, part] @ key[:, part].T / width**0.5
        heads.append(scores.masked_fill(~allowed, -torch.inf).softmax(dim=1) @ value[:, part])
    return norm(layer.norm, x + linear(layer.out, torch.cat(heads, dim=1)))


def fed(layer: FeedForward, x: Tensor) -> Tensor:
    return norm(layer.norm, x + linear(layer.leave, linear(layer.enter, x).clamp(min=0)))


def perceptron(layers: nn.Sequential, x: Tensor) -> Tensor:
    one, _, two, _, three = layers
    return linear(three, linear(two, linear(one, x).clamp(min=0)).clamp(min=0))


def test_two_decoder_layers_written_out() -> None:
    """Pixels attend to queries, then queries to pixels inside the last mask, then to themselves."""
    torch.manual_seed(0)
    settings = tiny_settings("fastinst").model_copy(
        update={"decoder_layers": 2, "auxiliary_queries": 2}
    )
    decoder = Decoder(settings, 2).eval()
    shaken(decoder)
    channels, count, side = settings.backbone.fpn_channels, 5, 4
    queries = Queries(
        torch.randn(1, count + 2, channels),
        torch.randn(1, count + 2, channels),
        torch.rand(1, count, 2),
        torch.zeros(1, 3, side, side),
    )
    start, position = torch.randn(1, channels, side, side), torch.randn(1, side * side, channels)
    predictions, _ = decoder(queries, start, position)

    x, where = queries.features[0], queries.positions[0]
    pixels, spot = start[0].flatten(1).T, position[0]
    everywhere = torch.ones(side * side, count + 2, dtype=torch.bool)

    def head(layer: Head, x: Tensor, pixels: Tensor) -> tuple[Tensor, Tensor]:
        picked = norm(layer.norm, x[:count])
        masks = perceptron(layer.embedding, picked) @ linear(layer.features, pixels).T
        return perceptron(layer.classes, picked), masks

    wanted = [head(decoder.head, x, pixels)]
    for layer in decoder._layers():
        pixels = attended(layer.pixel_attention, pixels, spot, x, where, everywhere)
        pixels = fed(layer.pixel_feedforward, pixels)
        inside = torch.cat([wanted[-1][1] >= 0, torch.zeros(2, side * side, dtype=torch.bool)])
        inside[~inside.any(dim=1)] = True
        x = attended(layer.query_attention, x, where, pixels, spot, inside)
        free = torch.ones(count + 2, count + 2, dtype=torch.bool)
        x = attended(layer.self_attention, x, where, x, where, free)
        x = fed(layer.query_feedforward, x)
        wanted.append(head(layer.head, x, pixels))
    assert len(predictions) == len(wanted) == 3
    for found, (logits, masks) in zip(predictions, wanted, strict=True):
        torch.testing.assert_close(found.logits[0], logits, rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(found.masks[0].flatten(1), masks, rtol=1e-3, atol=1e-4)


def test_the_pixel_decoder_written_out() -> None:
    torch.manual_seed(0)
    decoder = PixelDecoder([4, 6, 8], 16).eval()
    shaken(decoder)
    stages = [torch.randn(2, c, s, s + 2) for c, s in ((4, 12), (6, 6), (8, 3))]

    def block(layers: nn.Module, x: Tensor) -> Tensor:
        convolution, group = list(layers.children())[:2]
        weight = convolution.get_parameter("weight")
        return group(F.conv2d(x, weight, padding=weight.shape[-1] // 2))

    def resized(x: Tensor, like: Tensor) -> Tensor:
        return F.interpolate(x, like.shape[-2:], mode="bilinear", align_corners=False)

    one, two, three = (block(m, x) for m, x in zip(decoder.laterals, stages, strict=True))
    context = [
        resized(conv(layer, F.adaptive_avg_pool2d(three, side)).clamp(min=0), three)
        for layer, side in zip(decoder.pooling.scales, (1, 2, 3, 6), strict=True)
    ]
    joined = conv(decoder.pooling.join, torch.cat([*context, three], dim=1)).clamp(min=0)
    coarse = block(decoder.outputs[2], joined).clamp(min=0)
    middle = block(decoder.outputs[1], two + resized(coarse, two)).clamp(min=0)
    fine = block(decoder.outputs[0], one + resized(middle, one)).clamp(min=0)
    for found, wanted in zip(decoder(stages), (fine, middle, coarse), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def test_the_last_head_predicts_and_queries_come_from_the_middle_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    model = FastInst(tiny_settings("fastinst"), Task(2, 10)).eval()
    image = torch.randint(0, 255, (3, 96, 64)).byte()
    queries, predictions, _ = model._decode([image])
    # p4 of 96 x 64 px has cells of 16 px, at whose centres queries lie
    assert queries.logits.shape == (1, 3, 6, 4)
    seen: list[Tensor] = []
    real = FastInst._detections

    def remember(
        self: FastInst, logits: Tensor, masks: Tensor, size: tuple[int, int]
    ) -> Detections:
        seen.append(masks)
        return real(self, logits, masks, size)

    monkeypatch.setattr(FastInst, "_detections", remember)
    model.detect([image])
    torch.testing.assert_close(seen[0], predictions[-1].masks[0])
