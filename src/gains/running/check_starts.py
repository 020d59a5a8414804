"""The check that a training can start from the model of another run, before either is trained."""

from __future__ import annotations

from collections.abc import Sequence

from gains.methods.run_settings import build_method
from gains.study.runs import Run
from gains.study.starts import start_model
from gains.study.study import Study


def check_start_fits(study: Study, run: Run, categories: Sequence[int]) -> None:
    """Refuse a training that starts from the model of a run which is built differently.

    The training would refuse it too, but only after the other one, which may take days. The models
    are built without values.

    Args:
        study: the study.
        run: the training.
        categories: category ids of its data set, ascending.

    Raises:
        ValueError: the models do not fit; the message names what differs.
    """
    settings, path = study.run_settings(run), start_model(study, run)
    if settings.start is None or path is None:
        return
    import torch

    from gains.models.start import Start

    with torch.device("meta"):
        first = build_method(settings.start, categories)
        model = build_method(settings, categories)
        larger = build_method(settings, [*categories, max(categories) + 1])
    names = {number: str(number) for number in categories}  # both have the same data set
    start = Start(path, first.state_dict(), names, settings.start.recorded_json())
    start.check_backbone(settings.model.model_dump(mode="json"))
    start.check(model, larger, len(categories))
