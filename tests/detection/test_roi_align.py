"""RoIAlign by sparse products against torchvision's, on awkward boxes too."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision import ops

from gains.detection.roi_align import axis_weights, pooling_matrix, roi_align


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.sampled_from([1, 7, 14]), height=st.integers(1, 20))
def test_values_and_gradient_are_torchvisions(seed: int, size: int, height: int) -> None:
    chance = torch.Generator().manual_seed(seed)
    features = torch.randn(3, 9, height, 13, generator=chance, dtype=torch.float32)
    corners = torch.rand(9, 2, 2, generator=chance) * 120 - 20  # some lie outside, some are empty
    index = torch.randint(0, 2, (9, 1), generator=chance).float()  # the third image has none
    rois = torch.cat([index, corners[:, 0], corners[:, 0] + corners[:, 1].abs()], dim=1)
    rois[0, 3:] = rois[0, 1:3]
    rois[1, 3:] = rois[1, 1:3] - 5
    found, wanted = (features.clone().requires_grad_() for _ in range(2))
    ours = roi_align(found, rois, size, 0.25)
    theirs = ops.roi_align(wanted, rois, size, 0.25, sampling_ratio=0, aligned=True)
    torch.testing.assert_close(ours, theirs)
    weight = torch.randn(ours.shape, generator=chance)
    (ours * weight).sum().backward()
    (theirs * weight).sum().backward()
    torch.testing.assert_close(found.grad, wanted.grad, rtol=1e-4, atol=1e-4)


def test_weights_of_an_axis_on_paper() -> None:
    # one bin over cells 1 to 3 (borders 0.5 to 2.5 from the first centre): samples at 1 and 2
    first, count, weights = axis_weights(torch.tensor([0.5]), torch.tensor([2.5]), 1, 4)
    assert (first.tolist(), count.tolist()) == ([[1]], [[3]])
    torch.testing.assert_close(weights, torch.tensor([[[0.5, 0.5, 0]]]))


def test_pooling_matrix_on_paper() -> None:
    # as above along x; along y one bin over cell 2 alone, in the second of two images
    rois = torch.tensor([[1.0, 1, 2, 3, 3]])
    weights, columns, begins = pooling_matrix(rois, 1, 1.0, torch.Size([2, 9, 5, 4]))
    dense = torch.zeros(2 * 5 * 4)
    dense.index_add_(0, columns, weights)
    wanted = torch.zeros(2, 5, 4)
    wanted[1, 2, 1:3] = 0.5
    assert begins.tolist() == [0, len(weights)]
    torch.testing.assert_close(dense.view(2, 5, 4), wanted)


def test_samples_one_cell_outside_have_the_value_of_the_border() -> None:
    """Bins of a cell, whose samples lie at the centres of cells, before and after the border."""
    features = torch.ones(1, 8, 4, 4)
    edges = torch.tensor([[-2.0, 0], [-1.25, 0.75], [-1, 1], [3, 5], [3.25, 5.25]])
    rois = torch.cat([torch.zeros(5, 1), edges[:, [0, 0, 1, 1]]], dim=1)
    found = roi_align(features, rois, 2, 1.0)[:, 0]
    # samples at -2 and -1, -1.25 and -0.25, -1 and 0, 3 and 4, 3.25 and 4.25; zero beyond one cell
    seen = torch.tensor([[0.0, 1], [0, 1], [1, 1], [1, 1], [1, 0]])
    torch.testing.assert_close(found, seen[:, :, None] * seen[:, None])
