"""The contract that every method keeps, as tests that pytest collects.

A package with a method of its own needs one line in a file of its tests:
``from gains.testing.method_contract import *``. They test every method that other packages offer.
A name ``CONTRACT`` below the line says otherwise; see :class:`Contract`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gains.config.base import Changes
from gains.methods import METHODS
from gains.models.contract import Detections, Detector, Target, Task
from gains.testing.small_models import maps_of, scene, small_model, tiny_settings

Case = tuple[str, str]
"""A method and a variant of it."""


@dataclass(frozen=True)
class Contract:
    """What is tested.

    Attributes:
        methods: names of the methods; None for all that other packages offer.
        settings: by method, changes of its settings that make a small and quick model, besides
            those of the keys that it shares with the methods of this package.
        steps_before: by case, training steps after which every parameter gets a gradient.
        two_classes: cases that refuse data sets of a single category.
        adamw: methods that are trained with AdamW instead of SGD.
    """

    methods: Collection[str] | None = None
    settings: Mapping[str, Changes] = field(default_factory=dict)
    steps_before: Mapping[Case, int] = field(default_factory=dict)
    two_classes: Collection[Case] = ()
    adamw: Collection[str] = ()

    def cases(self) -> list[Case]:
        """Return every method with each of its variants.

        Raises:
            ValueError: no other package offers a method, or one cannot be used.
        """
        names = self.methods
        if names is None:
            names = [name for name in METHODS.names() if METHODS.origin(name)]
        if not names:
            raise ValueError("no installed package offers a method in the group 'gains.methods'")
        return [(name, v) for name in names for v in ("default", *METHODS.get(name).variants)]

    def settings_of(self, case: Case) -> Any:
        """Return the settings of a small model."""
        return tiny_settings(*case, self.settings.get(case[0]))

    def model(self, case: Case, classes: int = 2) -> Detector:
        """Return a small model."""
        return small_model(*case, classes, self.settings.get(case[0]))

    def threshold(self, case: Case) -> float:
        """Return the score threshold of a small model; 0 if the method has none."""
        return float(getattr(self.settings_of(case), "score_threshold", 0.0))


CONTRACT = Contract()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give each test every case of the module that collects it."""
    if "case" in metafunc.fixturenames:
        cases = metafunc.module.CONTRACT.cases()
        metafunc.parametrize("case", cases, ids=["-".join(case) for case in cases])


@pytest.fixture
def contract(request: pytest.FixtureRequest) -> Contract:
    """Return the contract of the module that collects the tests."""
    found = request.module.CONTRACT
    assert isinstance(found, Contract)
    return found


def _total(losses: dict[str, torch.Tensor]) -> torch.Tensor:
    return torch.stack(list(losses.values())).sum()


def _descend(model: Detector, steps: int, adamw: bool = False) -> list[float]:
    """Train on one image; return the losses."""
    image, target = scene()
    optimiser: torch.optim.Optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    if adamw:
        optimiser = torch.optim.AdamW(model.parameters(), lr=0.001)
    values = []
    for _ in range(steps):
        loss = _total(model.losses([image], [target], torch.Generator().manual_seed(0)))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        values.append(loss.item())
    model.zero_grad()
    return values


def test_every_trained_parameter_gets_a_gradient(case: Case, contract: Contract) -> None:
    """Train all parameters, from targets of several random draws."""
    model = contract.model(case)
    _descend(model, contract.steps_before.get(case, 0))
    image, target = scene()
    for seed in range(4):  # 32 of 1,023 anchors at a time: among them some of the coarsest levels
        generator = torch.Generator().manual_seed(seed)
        loss = _total(model.losses([image, image], [target, target], generator))
        assert torch.isfinite(loss)
        loss.backward()  # type: ignore[no-untyped-call]
    without = [
        name
        for name, p in model.named_parameters()
        if p.requires_grad and (p.grad is None or not p.grad.abs().sum() > 0)
    ]
    assert without == []


def test_the_loss_falls_on_one_image(case: Case, contract: Contract) -> None:
    """Learn one image in 25 steps."""
    values = _descend(contract.model(case), 25, case[0] in contract.adamw)
    # squares fill their first RoIs, so logits grow, and the first other RoI costs a few steps much
    assert np.median(values[-10:]) < 0.7 * values[0]


@pytest.mark.parametrize("classes", [1, 3])
def test_numbers_of_classes(case: Case, contract: Contract, classes: int) -> None:
    """Train and predict with one category and with three."""
    if classes == 1 and case in contract.two_classes:
        with pytest.raises(ValueError, match="at least 2 categories, found 1; set"):
            contract.model(case, classes)
        return
    model = contract.model(case, classes)
    image, target = scene(classes)
    assert torch.isfinite(_total(model.losses([image], [target], torch.Generator())))
    for found in model.eval().detect([image]):
        assert found.labels.numel() == 0 or int(found.labels.max()) < classes


def test_an_image_without_objects(case: Case, contract: Contract) -> None:
    """Accept images without any object in a batch."""
    model = contract.model(case)
    image, target = scene()
    nothing = Target(
        torch.zeros(0, 4),
        torch.zeros(0, dtype=torch.int64),
        torch.zeros(0, 64, 64, dtype=torch.uint8),
        maps_of(torch.zeros(0, 64, 64)),
    )
    for targets in ([nothing], [nothing, target]):
        loss = _total(model.losses([image] * len(targets), targets, torch.Generator()))
        assert torch.isfinite(loss)
        loss.backward()  # type: ignore[no-untyped-call]


def test_detections_are_valid(case: Case, contract: Contract) -> None:
    """Return detections within the image and the settings, best first."""
    model = contract.model(case).eval()
    image, _ = scene()
    wide = torch.zeros(3, 48, 90, dtype=torch.uint8)
    for found, (height, width) in zip(
        model.detect([image, wide]), [(64, 64), (48, 90)], strict=True
    ):
        _assert_valid(found, height, width, contract.threshold(case))


def _assert_valid(found: Detections, height: int, width: int, threshold: float) -> None:
    n = len(found.scores)
    assert n <= 10
    assert found.boxes.shape == (n, 4)
    assert found.labels.shape == (n,)
    side = found.masks.shape[-1]
    assert found.masks.shape == ((n, height, width) if found.full else (n, side, side))
    assert (found.scores[:-1] >= found.scores[1:]).all()
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    selected_by = found.scores if found.box_scores is None else found.box_scores
    assert selected_by.shape == (n,)
    assert ((selected_by > threshold) & (selected_by <= 1)).all()
    assert ((found.masks >= 0) & (found.masks <= 1)).all()
    limit = torch.tensor([width, height, width, height])
    assert (found.boxes >= 0).all()
    assert (found.boxes <= limit).all()


def test_saved_weights_detect_the_same(case: Case, contract: Contract, tmp_path: Path) -> None:
    """Depend on nothing but the settings and the saved weights."""
    model = contract.model(case).eval()
    torch.save(model.state_dict(), tmp_path / "w.pt")
    torch.manual_seed(99)
    other = METHODS.get(case[0]).build(contract.settings_of(case), Task(2, 10, 0)).eval()
    other.load_state_dict(torch.load(tmp_path / "w.pt", weights_only=True))
    image, _ = scene()
    for a, b in zip(model.detect([image]), other.detect([image]), strict=True):
        assert torch.equal(a.boxes, b.boxes)
        assert torch.equal(a.masks, b.masks)


def test_the_record_imports_no_torch(contract: Contract) -> None:
    """Verbs that read the settings of a method would otherwise start seconds later."""
    names = sorted({name for name, _ in contract.cases()})
    code = f"import sys; from gains.methods import METHODS; [METHODS.get(n) for n in {names}]; "
    code += "sys.exit('torch' in sys.modules)"
    path = os.pathsep.join(filter(None, sys.path))
    done = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, check=False)
    assert done.returncode == 0
