"""The record of losses."""

from __future__ import annotations

from pathlib import Path

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
