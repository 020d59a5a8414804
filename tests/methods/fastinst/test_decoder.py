"""FastInst's attention, pixel decoder and layers."""

from __future__ import annotations

import torch
import torch.nn.functional as F

from gains.methods.fastinst.attention import Attention
from gains.methods.fastinst.decoder import attention_mask
from gains.methods.fastinst.model import FastInst
from gains.methods.fastinst.pixel_decoder import PixelDecoder
from gains.models.contract import Task
from helpers.tiny import tiny_settings


def test_attention_looks_inside_the_mask_only() -> None:
    masks = torch.tensor([[[[-1.0, 0, 2, -3]], [[-1.0, -1, -1, -1]]]])  # (1, 2, 1, 4)
    where = attention_mask(masks >= 0, 1)
    assert where.shape == (1, 1, 3, 4)
    assert where[0, 0].tolist() == [[False, True, True, False], [True] * 4, [True] * 4]


def test_attention_equals_torch_and_ignores_what_is_blocked() -> None:
    torch.manual_seed(0)
    ours, theirs = Attention(8, 2), torch.nn.MultiheadAttention(8, 2, batch_first=True)
    theirs.in_proj_weight.data = torch.cat(
        [ours.query.weight, ours.key.weight, ours.value.weight]
    ).data
    theirs.out_proj.weight.data = ours.out.weight.data
    x, memory = torch.randn(2, 3, 8), torch.randn(2, 5, 8)
    here, there = torch.randn(2, 3, 8), torch.randn(1, 5, 8)
    where = torch.tensor([True, False, True, True, False]).expand(2, 1, 3, 5)
    found = ours(x, here, ours.memory(memory, there), where)
    seen, _ = theirs(x + here, memory + there, memory, attn_mask=~where[0, 0])
    torch.testing.assert_close(found, F.layer_norm(x + seen, (8,)))
    changed = memory.clone()
    changed[:, 1] += 5
    torch.testing.assert_close(ours(x, here, ours.memory(changed, there), where), found)


def test_pixel_decoder_keeps_the_sizes_and_sends_context_down() -> None:
    torch.manual_seed(0)
    decoder = PixelDecoder([4, 6, 8], 16)
    stages = [torch.randn(1, c, s, s + 2) for c, s in ((4, 12), (6, 6), (8, 3))]
    out = decoder(stages)
    assert [tuple(x.shape) for x in out] == [(1, 16, s, s + 2) for s in (12, 6, 3)]
    stages[2] = stages[2] + torch.randn(1, 8, 3, 5)
    assert not torch.allclose(decoder(stages)[0], out[0])


def test_layers_see_the_mask_of_the_head_before_them() -> None:
    """With masks forced, the guided pass repeats the first pass."""
    model = FastInst(tiny_settings("fastinst"), Task(2, 10)).eval()
    queries, predictions, steps = model._decode([torch.randint(0, 255, (3, 64, 64)).byte()])
    for number, guided in enumerate(range(len(steps))):
        inside = predictions[number].masks >= 0
        again = model.decoder.guided(queries, steps, inside)[guided]
        torch.testing.assert_close(again.masks, predictions[number + 1].masks)
        torch.testing.assert_close(again.logits, predictions[number + 1].logits)


def test_guided_masks_reach_the_queries_they_are_matched_to() -> None:
    torch.manual_seed(0)
    model = FastInst(tiny_settings("fastinst"), Task(2, 10)).eval()
    queries, _, steps = model._decode([torch.randint(0, 255, (3, 64, 64)).byte()])
    before = steps[0].queries
    nowhere = torch.zeros(1, 12, 8, 8, dtype=torch.bool)
    inside = nowhere.clone()
    inside[0, 5, :2] = True
    layer = model.decoder._layers()[0]
    attend = [
        layer.query_attention(before, queries.positions, steps[0].memory, attention_mask(mask, 8))
        for mask in (nowhere, inside)
    ]
    changed = (attend[0] != attend[1]).any(dim=2)[0]
    assert changed.nonzero().flatten().tolist() == [5]
