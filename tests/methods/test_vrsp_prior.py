"""The shape prior of VRSP-Net: auto-encoder, code books, and a training that makes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import torch

from gains.methods.vrsp_net.model import VrspNet
from gains.methods.vrsp_net.prior import ShapePrior, object_shapes, turned_masks
from gains.models.contract import Target
from gains.prediction.predictor import Predictor
from gains.training import train as training
from gains.training.step import step
from helpers.tiny import Tiny, job_of, settings_of, tiny_settings
from helpers.training import assert_equal, samples_of, weights


def corners(count: int, label: int = 0) -> Target:
    """Return objects that are squares of 28 px, each without a corner of another size."""
    masks = torch.ones(count, 28, 28, dtype=torch.uint8)
    for i, mask in enumerate(masks):
        mask[: 4 + 2 * i, : 8 + 3 * i] = 0
    boxes = torch.tensor([[0.0, 0, 28, 28]]).repeat(count, 1)
    return Target(boxes, torch.full((count,), label), masks)


def prior_of(targets: Iterable[Target], classes: int = 2, **changes: Any) -> ShapePrior:
    torch.manual_seed(0)
    settings = tiny_settings("vrsp_net").model_copy(update={"codes": 64, **changes})
    prior = ShapePrior(settings, classes)
    prior.learn(targets, torch.Generator().manual_seed(1))
    return prior


def test_the_eight_versions_of_a_mask_differ() -> None:
    (mask,) = corners(1).masks
    versions = {turned_masks(mask[None], turn).numpy().tobytes() for turn in range(8)}
    assert len(versions) == 8


def test_shapes_are_cropped_to_their_boxes() -> None:
    masks = torch.zeros(1, 60, 80, dtype=torch.uint8)
    masks[0, 10:38, 20:34] = 1
    target = Target(torch.tensor([[20.0, 10, 48, 38]]), torch.tensor([1]), masks)
    shapes, labels = object_shapes([target])
    assert labels.tolist() == [1]
    assert shapes[0, :, :14].all()
    assert not shapes[0, :, 14:].any()


def test_the_auto_encoder_learns_the_shapes() -> None:
    masks = corners(6).masks.float()

    def error(steps: int) -> float:
        prior = prior_of([corners(6)], prior_steps=steps)
        return float((prior.net.decode(prior.net.encode(masks)) - masks).square().mean())

    assert error(300) < 0.5 * error(1)


def test_a_class_with_few_objects_keeps_all_its_codes_and_repeats_them() -> None:
    prior = prior_of([corners(1)])
    assert prior.counts.tolist() == [8, 0]
    shapes = prior.nearest(corners(1).masks, torch.tensor([0]), 16)
    assert shapes.shape == (1, 16, 28, 28)
    assert torch.equal(shapes[:, :8], shapes[:, 8:])
    assert not torch.equal(shapes[:, 0], shapes[:, 1])


def test_the_nearest_shape_of_a_training_mask_is_its_own() -> None:
    prior = prior_of([corners(3)], prior_steps=100)
    masks = corners(3).masks
    shapes = prior.nearest(masks, torch.zeros(3, dtype=torch.int64), 1)[:, 0]
    torch.testing.assert_close(shapes, prior.net.decode(prior.net.encode(masks)))


def test_a_class_without_objects_decodes_the_mask_itself() -> None:
    prior = prior_of([corners(3)])
    masks = corners(3).masks
    shapes = prior.nearest(masks, torch.tensor([1, 0, 1]), 4)
    own = prior.net.decode(prior.net.encode(masks))
    for row in (0, 2):
        torch.testing.assert_close(shapes[row], own[row].expand(4, -1, -1))


def test_classes_have_code_books_of_their_own() -> None:
    prior = prior_of([corners(1, label=1), corners(3, label=0)])
    assert prior.counts.tolist() == [24, 8]
    book = prior.codes[1, :8]
    shape = prior.nearest(corners(3).masks[2:], torch.tensor([1]), 1)[0, 0]
    decoded = prior.net.decode(book)
    assert min(float((shape - one).abs().max()) for one in decoded) < 1e-5


@pytest.mark.parametrize(("changes", "expected"), [({"codes": 10}, 10), ({"prior_objects": 2}, 16)])
def test_the_code_book_is_bounded(changes: dict[str, int], expected: int) -> None:
    assert prior_of([corners(5)], **changes).counts.tolist() == [expected, 0]


def test_equal_seeds_give_equal_priors() -> None:
    a, b = (prior_of([corners(5)], codes=10).state_dict() for _ in range(2))
    assert_equal(a, b)


def test_no_roi_has_no_shape() -> None:
    prior = prior_of([corners(1)])
    found = prior.nearest(torch.zeros(0, 28, 28), torch.zeros(0, dtype=torch.int64), 16)
    assert found.shape == (0, 16, 28, 28)


def test_a_training_gives_each_object_once_at_its_own_size(tiny: Tiny) -> None:
    samples = samples_of(tiny, maps=False, train_sizes=(32,))
    targets = list(samples.targets())
    assert len(targets) == len(samples.records)
    objects = [len(samples.coco.annotations[r.id]) for r in samples.records]
    assert [len(t.labels) for t in targets] == objects
    assert {tuple(t.masks.shape[1:]) for t in targets} == {(64, 64)}


def test_the_prior_is_made_once_and_kept(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interrupted training ends with the weights of a whole one, which detect by themselves."""
    monkeypatch.setattr("gains.training.checkpoint_timer.SHARE", 1e9)
    settings = settings_of("vrsp_net", iterations=4)
    training.train(job_of(tiny, tmp_path / "whole", settings))
    calls: list[int] = []
    learn = VrspNet.prepare

    def counted(model: VrspNet, targets: Iterable[Target], generator: torch.Generator) -> None:
        calls.append(1)
        learn(model, targets, generator)

    def killed(*arguments: Any) -> Any:
        if len(steps) == 3:
            raise KeyboardInterrupt
        steps.append(1)
        return step(*arguments)

    steps: list[int] = []
    monkeypatch.setattr(VrspNet, "prepare", counted)
    job = job_of(tiny, tmp_path / "cut", settings)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(training, "step", killed)
        training.train(job)
    training.train(job)
    assert len(calls) == 1
    state = weights(job.out)
    assert_equal(weights(tmp_path / "whole/model.pt"), state)
    assert (state["branch.prior.counts"] > 0).all()
    loaded = Predictor(job.out).model.state_dict()
    assert torch.equal(loaded["branch.prior.codes"].cpu(), state["branch.prior.codes"])
