"""HTC's semantic branch."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from gains.detection.pooling import pool
from gains.methods.htc.semantic import (
    IGNORED_CELL,
    SemanticBranch,
    pool_with,
    semantic_loss,
    semantic_target,
)
from gains.models.contract import Target

SIDE = 128


def drawn() -> tuple[Target, Target]:
    """Return a large object, a small one upon it, one across its edge; and an image of nothing."""
    masks = torch.zeros(3, 32, 48, dtype=torch.uint8)
    masks[0, 6:14, 6:14] = 1  # small: the cell of row 1, column 1, whose centre is pixel 12
    masks[1, :, :28] = 1  # large: columns 0 to 2; the centre of column 3 is pixel 28
    masks[2, 16:24, 16:48] = 1  # middle: row 2, columns 2 to 5
    boxes = torch.tensor([[6.0, 6, 14, 14], [0, 0, 28, 32], [16, 16, 48, 24]])
    nothing = Target(
        torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0, 21, 16).byte()
    )
    return Target(boxes, torch.tensor([2, 0, 1]), masks), nothing


SEMANTICS = [
    [0, 0, 0, 3, 3, 3],
    [0, 2, 0, 3, 3, 3],
    [0, 0, 1, 1, 1, 1],
    [0, 0, 0, 3, 3, 3],
]


def test_semantic_target_of_overlapping_objects() -> None:
    found = semantic_target(list(drawn()), 3, (4, 8))
    padding = [IGNORED_CELL] * 2
    assert found[0].tolist() == [row + padding for row in SEMANTICS]
    # 21 x 16 px hold the centres 4, 12, 20 and 4, 12
    assert found[1].tolist() == [[3, 3] + [IGNORED_CELL] * 6] * 3 + [[IGNORED_CELL] * 8]


def test_semantic_loss_is_the_mean_over_the_cells_of_the_images() -> None:
    torch.manual_seed(3)
    logits = torch.randn(2, 4, 4, 8)
    total, cells = 0.0, 0
    for image, rows in enumerate([SEMANTICS, [[3, 3]] * 3]):
        for y, row in enumerate(rows):
            for x, k in enumerate(row):
                total -= math.log(logits[image, :, y, x].softmax(dim=0)[k].item())
                cells += 1
    found = semantic_loss(logits, list(drawn())).item()
    assert found == pytest.approx(total / cells, rel=1e-5)


def test_semantic_branch_fuses_all_levels_at_stride_8() -> None:
    branch = SemanticBranch(8, 2)
    for conv in (*branch.laterals, *branch.convs, branch.embedding):
        nn.init.zeros_(conv.get_parameter("weight"))
        middle = conv.get_parameter("weight").shape[-1] // 2
        conv.get_parameter("weight").data[:, :, middle, middle] = torch.eye(8)
    nn.init.ones_(branch.classes.weight)
    shapes = [(64 // s, 96 // s) for s in (4, 8, 16, 32)] + [(1, 2)]
    # a level of negative numbers adds nothing, since each lateral ends in a ReLU
    values = (1.0, 10.0, 100.0, -500.0, 1000.0)
    features = [torch.full((1, 8, *s), v) for s, v in zip(shapes, values, strict=True)]
    logits, embedding = branch(features)
    torch.testing.assert_close(embedding, torch.full((1, 8, 8, 12), 1111.0))
    torch.testing.assert_close(logits, torch.full((1, 3, 8, 12), 8 * 1111.0))
    # the embedding ends in a ReLU, the logits do not
    nn.init.constant_(branch.embedding.get_parameter("bias"), -2000.0)
    nn.init.constant_(branch.classes.get_parameter("bias"), -10000.0)
    logits, embedding = branch(features)
    assert (embedding == 0).all()
    torch.testing.assert_close(logits, torch.full((1, 3, 8, 12), 8 * 1111.0 - 10000))


def test_outer_cells_of_coarse_levels_lie_on_outer_cells_of_p3() -> None:
    branch = SemanticBranch(8, 2)
    for conv in (*branch.laterals, *branch.convs, branch.embedding):
        weight = conv.get_parameter("weight")
        nn.init.zeros_(weight)
        weight.data[:, :, weight.shape[-1] // 2, weight.shape[-1] // 2] = torch.eye(8)
    shapes = [(4, 8), (2, 4), (1, 2), (1, 1), (1, 1)]
    features = [torch.zeros(1, 8, *shape) for shape in shapes]
    features[2][..., 1] = 3.0
    _, embedding = branch(features)
    assert embedding[0, 0].tolist() == [[0, 1, 2, 3]] * 2


@pytest.mark.parametrize("size", [7, 14])
def test_the_semantic_embedding_is_added_to_roi_features(size: int) -> None:
    torch.manual_seed(4)
    features = [torch.rand(2, 3, SIDE // s, SIDE // s) for s in (4, 8, 16, 32)]
    boxes = [torch.tensor([[16.0, 24, 100, 80]]), torch.tensor([[30.0, 16, 90, 72]])]
    # cells count on to the right, from 0 in the first image and from 100 in the second
    ramp = torch.arange(16.0).expand(2, 3, 16, 16) + torch.tensor([0.0, 100]).reshape(2, 1, 1, 1)
    added = pool_with(ramp, features, boxes, size) - pool(features, boxes, size)
    for row, box in enumerate((boxes[0][0], boxes[1][0])):
        x0, x1 = box[0].item(), box[2].item()
        centres = [x0 + (x1 - x0) * (j + 0.5) / size for j in range(size)]
        wanted = torch.tensor([100 * row + c / 8 - 0.5 for c in centres])
        torch.testing.assert_close(added[row], wanted.expand(3, size, size), rtol=1e-4, atol=1e-4)
