"""The record of losses."""

from __future__ import annotations

import weakref
from pathlib import Path

import pytest
import torch

from gains.training.loss_log import LossRecord


def test_loss_record_by_hand(tmp_path: Path) -> None:
    record = LossRecord(every=2)
    for i in range(3):
        record.add(i, 0.1, ["a.png"], {"x": torch.tensor(1.0), "y": torch.tensor(float(i))})
    assert len(record.rows) == 2
    record.flush()
    record.write(tmp_path / "l.csv")
    assert (tmp_path / "l.csv").read_text() == (
        "iteration,lr,loss,x,y\n0,0.1,1,1,0\n1,0.1,2,1,1\n2,0.1,3,1,2\n"
    )


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_loss_that_is_not_finite_is_refused_at_once(value: str) -> None:
    losses = {"x": torch.tensor(1.0), "y": torch.tensor(float(value))}
    expected = rf"iteration 7: the loss is not finite \(x 1, y {value}\) on images a\.png, b\.png;"
    with pytest.raises(ValueError, match=expected):
        LossRecord(every=1).add(7, 0.1, ["a.png", "b.png"], losses)


def test_rows_of_a_checkpoint_are_continued_in_a_record_of_its_own(tmp_path: Path) -> None:
    earlier = [{"iteration": 0.0, "lr": 0.1, "loss": 2.0, "x": 2.0}]
    record = LossRecord(earlier, every=1)
    record.add(1, 0.1, ["a.png"], {"x": torch.tensor(3.1234567)})
    assert len(earlier) == 1
    assert record.last == "loss 3.123"
    record.write(tmp_path / "l.csv")
    assert (tmp_path / "l.csv").read_text() == (
        "iteration,lr,loss,x\n0,0.1,2,2\n1,0.1,3.12346,3.12346\n"
    )


def test_losses_that_wait_do_not_keep_the_graph_of_their_iteration() -> None:
    class Memory:
        """What an operation keeps for its gradient."""

    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx: torch.autograd.function.FunctionCtx, x: torch.Tensor) -> torch.Tensor:
            ctx.kept = kept[0]  # type: ignore[attr-defined]
            return 2 * x

    kept = [Memory()]
    reference = weakref.ref(kept[0])
    loss = Doubled.apply(torch.ones((), requires_grad=True))
    record = LossRecord()
    record.add(0, 0.1, ["a.png"], {"x": loss})
    del loss, kept[0]
    assert reference() is None
    assert record.rows == []
