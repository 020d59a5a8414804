"""The training loop: schedule, samples, resuming, refusals."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gains.anomaly.store import MapStore
from gains.config.recipe import RecipeSettings
from gains.datasets.coco import ImageArchive, read_coco
from gains.datasets.split_file import read_split
from gains.models import checkpoint
from gains.models.contract import Detector
from gains.models.resize import scaled_size
from gains.training import train as training
from gains.training.loss_log import LossRecord
from gains.training.optimiser import learning_rate, make_optimiser
from gains.training.samples import Samples
from gains.training.targets import tight_box
from helpers.tiny import Tiny, job_of, make_tiny, planes_of, settings_of


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return make_tiny(tmp_path_factory.mktemp("tiny"))


def weights(path: Path) -> dict[str, torch.Tensor]:
    return dict(checkpoint.load_model(path)["state"])


def assert_equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    assert [k for k in a if not torch.equal(a[k], b[k])] == []


def test_learning_rate_by_hand() -> None:
    recipe = RecipeSettings(
        lr=0.1, warmup_iterations=10, warmup_factor=0.1, milestones=(20, 30), gamma=0.1
    )
    found = [learning_rate(recipe, i) for i in (0, 5, 10, 19, 20, 30)]
    assert found == pytest.approx([0.01, 0.055, 0.1, 0.1, 0.01, 0.001])


def test_norms_are_not_decayed_and_biases_are() -> None:
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 1), torch.nn.GroupNorm(2, 4))
    decayed, plain = make_optimiser(model, RecipeSettings(weight_decay=0.1)).param_groups
    assert [tuple(p.shape) for p in decayed["params"]] == [(4, 3, 1, 1), (4,)]
    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.1, 0.0)
    assert len(plain["params"]) == 2


@pytest.mark.parametrize(
    ("shape", "short", "longest", "wanted"),
    [
        ((512, 512), 800, 1333, (800, 800)),
        ((100, 400), 200, 500, (125, 500)),
        ((9, 6), 3, 9, (5, 3)),
    ],
)
def test_scaled_size(
    shape: tuple[int, int], short: int, longest: int, wanted: tuple[int, int]
) -> None:
    assert scaled_size(shape, short, longest) == wanted


def samples_of(tiny: Tiny, maps: bool = True, **recipe: Any) -> Samples:
    coco = read_coco(tiny.coco)
    records = coco.by_name(read_split(tiny.split).names("train"))
    settings = RecipeSettings.model_validate(
        {"train_sizes": (64,), "test_size": 64, "max_size": 96, **recipe}
    )
    archive = ImageArchive(tiny.coco.with_suffix(".zip"))
    store = MapStore(tiny.maps) if maps else None
    return Samples(coco, archive, records, settings, store, seed=3, length=40)


def test_every_image_once_in_an_epoch(tiny: Tiny) -> None:
    samples = samples_of(tiny)
    n = len(samples.records)
    for epoch in range(3):
        names = [samples[epoch * n + i].name for i in range(n)]
        assert sorted(names) == sorted(r.file_name for r in samples.records)


def test_a_sample_depends_on_its_position_alone(tiny: Tiny) -> None:
    first, second = samples_of(tiny), samples_of(tiny)
    for position in (7, 2, 7):
        a, b = first[position], second[position]
        assert a.name == b.name
        assert torch.equal(a.image, b.image)
        assert torch.equal(a.target.masks, b.target.masks)


def test_kept_samples_are_those_read_anew(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = {"train_sizes": (48, 64), "vertical_flip": 0.5}
    kept = samples_of(tiny, **recipe)
    monkeypatch.setattr("gains.training.samples.CACHE_BYTES", {"cpu": 0})
    fresh = samples_of(tiny, **recipe)
    assert (kept.cached, fresh.cached) == (True, False)
    for position in range(30):
        a, b = kept[position], fresh[position]
        assert a.name == b.name
        assert torch.equal(a.image, b.image)
        for field in ("boxes", "labels", "masks"):
            assert torch.equal(getattr(a.target, field), getattr(b.target, field)), field
        for field in ("constants", "blocks", "corners", "index"):
            assert torch.equal(getattr(a.target.maps, field), getattr(b.target.maps, field)), field


@pytest.mark.parametrize("fits", [True, False])
def test_samples_are_kept_where_their_tensors_fit(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, fits: bool
) -> None:
    """The estimate leaves out boxes and labels, and the ring around the blocks of maps."""
    recipe = {"train_sizes": (48, 64), "horizontal_flip": 0.0}
    samples = samples_of(tiny, **recipe)
    sizes = {}
    for position in range(40):
        sample = samples[position]
        maps = sample.target.maps
        assert maps is not None
        tensors = (sample.target.masks, maps.blocks)
        own = 3 * sample.image[0].numel() + sum(t.numel() * t.element_size() for t in tensors)
        sizes[sample.name, sample.image.shape] = own
    assert len(sizes) == 2 * len(samples.records)
    share = 1.0 if fits else 0.5
    monkeypatch.setattr("gains.training.samples.CACHE_BYTES", {"cpu": share * sum(sizes.values())})
    assert samples_of(tiny, **recipe).cached == fits


@pytest.mark.parametrize("size", [64, 48, 90])
def test_masks_and_maps_follow_the_image(tiny: Tiny, size: int) -> None:
    """What is painted on the image where masks and maps are, is there after augmentation."""
    samples = samples_of(
        tiny, horizontal_flip=1.0, vertical_flip=1.0, train_sizes=(size,), max_size=200
    )
    plain = samples_of(
        tiny, horizontal_flip=0.0, vertical_flip=0.0, train_sizes=(size,), max_size=200
    )
    a, b = samples[0], plain[0]
    assert a.image.shape == (3, size, size)
    assert torch.equal(a.image.flip(1, 2), b.image)
    assert torch.equal(a.target.masks.flip(1, 2), b.target.masks)
    assert a.target.maps is not None
    assert b.target.maps is not None
    torch.testing.assert_close(planes_of(a.target.maps).flip(1, 2), planes_of(b.target.maps))
    boxes = [tight_box(mask > 0) for mask in a.target.masks]
    assert torch.equal(a.target.boxes, torch.stack(boxes))


def test_maps_stay_on_their_objects(tiny: Tiny) -> None:
    sample = samples_of(tiny, horizontal_flip=1.0)[0]
    maps = sample.target.maps
    assert maps is not None
    high = planes_of(maps) > 1.05
    near = torch.nn.functional.max_pool2d(sample.target.masks[:, None].float(), 7, 1, 3)[:, 0] > 0
    assert high.any()
    assert (high & ~near).sum() == 0


def test_images_without_objects_are_left_out(tiny: Tiny) -> None:
    coco = read_coco(tiny.coco)
    records = list(coco.images.values())
    coco.annotations[records[0].id] = []
    recipe = RecipeSettings()
    archive = ImageArchive(tiny.coco.with_suffix(".zip"))
    samples = Samples(coco, archive, records, recipe, None, 0, 10)
    assert records[0] not in samples.records
    for record in records:
        coco.annotations[record.id] = []
    with pytest.raises(ValueError, match="none of the 6 training images has objects"):
        Samples(coco, archive, records, recipe, None, 0, 10)


@pytest.mark.parametrize("method", ["mask_rcnn", "gains"])
def test_training_writes_what_it_promises(tiny: Tiny, tmp_path: Path, method: str) -> None:
    job = job_of(tiny, tmp_path, settings_of(method))
    training.train(job)
    rows = (tmp_path / "losses.csv").read_text().splitlines()
    assert rows[0].startswith("iteration,lr,loss,")
    assert len(rows) == 7
    record = json.loads((tmp_path / "run.json").read_text())
    assert record["settings"] == job.settings
    assert record["seed"] == 0
    assert record["versions"]["torch"] == torch.__version__
    assert set(record["inputs"]) - {"maps"} == {"coco", "images", "split"}
    assert not job.scratch.exists()


def test_same_seed_same_weights(tiny: Tiny, tmp_path: Path) -> None:
    settings = settings_of("gains")
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        training.train(job_of(tiny, tmp_path / name, settings, seed))
    a, b, c = (weights(tmp_path / n / "model.pt") for n in "abc")
    assert_equal(a, b)
    assert any(not torch.equal(a[k], c[k]) for k in a)
    assert (tmp_path / "a/model.pt").read_bytes() == (tmp_path / "b/model.pt").read_bytes()


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the package catches it."""


@pytest.mark.parametrize("after", [1, 2, 3, 5])
def test_a_killed_training_resumes_to_the_same_weights(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(
        "gains.training.checkpoint_timer.SHARE", 1e9
    )  # checkpoints are made whatever they cost
    settings = settings_of("gains")
    training.train(job_of(tiny, tmp_path / "whole", settings))
    step, calls = training.step, []

    def dying(*args: Any) -> Any:
        if len(calls) == after:
            raise Killed
        calls.append(1)
        return step(*args)

    job = job_of(tiny, tmp_path / "cut", settings)
    with monkeypatch.context() as patch:
        patch.setattr(training, "step", dying)
        with pytest.raises(Killed):
            training.train(job)
    assert not job.out.exists()
    steps: list[int] = []
    monkeypatch.setattr(training, "step", lambda *a: (steps.append(1), step(*a))[1])
    training.train(job)
    assert len(steps) == 6 - after // 2 * 2  # a checkpoint every 2 iterations
    assert_equal(weights(tmp_path / "whole/model.pt"), weights(job.out))
    assert (tmp_path / "whole/losses.csv").read_text() == (tmp_path / "cut/losses.csv").read_text()


def test_the_checkpoint_of_another_job_is_not_continued(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))
    checkpoint.save(job.scratch / "last.pt", {"key": "other", "iteration": 4})
    steps: list[int] = []
    step = training.step
    monkeypatch.setattr(training, "step", lambda *a: (steps.append(1), step(*a))[1])
    training.train(job)
    assert len(steps) == 6


def test_a_truncated_checkpoint_is_named(tiny: Tiny, tmp_path: Path) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))
    checkpoint.save(job.scratch / "last.pt", {"key": "x", "iteration": 4})
    path = job.scratch / "last.pt"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ValueError, match=r"last\.pt: not a complete checkpoint"):
        training.train(job)


def test_a_loss_that_is_not_finite_names_the_images(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))

    def broken(*args: Any) -> dict[str, torch.Tensor]:
        return {"loss_mask": torch.tensor(float("nan"))}

    monkeypatch.setattr(training, "step", broken)
    with pytest.raises(ValueError, match=r"iteration 0: the loss is not finite .*cells-\d+\.png"):
        training.train(job)
    assert not job.out.exists()


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


def test_time_and_memory_of_a_resumed_training_add_up(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, step, calls = job_of(tiny, tmp_path, settings_of("mask_rcnn")), training.step, []

    def dying(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setattr(training, "step", dying)
    with pytest.raises(KeyboardInterrupt):
        training.train(job)
    path = job.scratch / training.CHECKPOINT
    kept = checkpoint.load(path, torch.device("cpu"))
    assert kept["spent"]["memory_mb"]["host"] > 100
    kept["spent"] = {"seconds": 1000.0, "memory_mb": {"host": 10**6}}
    checkpoint.save(path, kept)
    training.train(job)
    record = json.loads((tmp_path / "run.json").read_text())
    assert 1000 < record["seconds"] < 1500
    assert record["memory_mb"] == {"host": 10**6}


def test_parts_of_a_batch_add_up_to_its_gradient(tiny: Tiny) -> None:
    class Mean(Detector):
        """Its loss is a mean over images, as a detector's is."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(3))

        def losses(self, images, *_):  # type: ignore[no-untyped-def,override]
            means = torch.stack([image.float().mean(dim=(1, 2)) for image in images])
            return {"a": (means * self.weight).mean(), "b": (self.weight**2).sum()}

        def detect(self, *_):  # type: ignore[no-untyped-def,override]
            raise AssertionError

    samples = samples_of(tiny)
    batch = [samples[k] for k in range(4)]
    found = []
    for accumulate in (1, 2, 4):
        recipe = RecipeSettings(batch_size=4, accumulate=accumulate, lr=0.5)
        model = Mean()
        optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
        losses = training.step(
            model, optimiser, batch, recipe, torch.Generator(), torch.device("cpu")
        )
        found.append((model.weight.detach(), losses["a"], losses["b"]))
    for other in found[1:]:
        torch.testing.assert_close(other, found[0])
    assert not torch.equal(found[0][0], torch.ones(3))


def test_a_batch_falls_into_equal_parts() -> None:
    with pytest.raises(ValueError, match="batch_size 4 does not fall into 3 equal parts"):
        RecipeSettings(batch_size=4, accumulate=3)


def test_a_full_disk_leaves_nothing_half(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_of(tiny, tmp_path / "run", settings_of("mask_rcnn"))
    earlier = tmp_path / "earlier.pt"
    checkpoint.save(earlier, {"kept": torch.ones(3)})

    def full(content: Any, file: Any) -> None:
        file.write(b"the beginning")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        training.train(job)
    monkeypatch.undo()
    assert not job.out.exists()
    assert [p for p in (tmp_path / "run").rglob("*") if p.name.startswith(".tmp")] == []
    assert torch.equal(checkpoint.load(earlier)["kept"], torch.ones(3))
    training.train(job)


def test_maps_of_another_data_set_are_refused(tiny: Tiny, tmp_path: Path) -> None:
    other = make_tiny(tmp_path, "synthetic-chromosomes", images=5)
    job = job_of(tiny, tmp_path / "run", settings_of("gains"))
    wrong = training.Job(**{**job.__dict__, "maps": other.maps})
    with pytest.raises(ValueError, match="no map of annotation"):
        training.train(wrong)


def test_a_split_of_another_data_set_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    other = make_tiny(tmp_path, "synthetic-chromosomes", images=5)
    job = job_of(tiny, tmp_path / "run", settings_of("mask_rcnn"))
    wrong = training.Job(**{**job.__dict__, "split": other.split})
    with pytest.raises(ValueError, match="split belongs to another data set"):
        training.train(wrong)


def test_maps_of_other_settings_are_refused(tiny: Tiny, tmp_path: Path) -> None:
    settings = settings_of("gains")
    settings["maps"]["window_size"] = 4
    with pytest.raises(ValueError, match="made with isbi-t1-w3.*wants isbi-t1-w4"):
        training.train(job_of(tiny, tmp_path, settings))


def test_other_labels_are_another_job(tiny: Tiny, tmp_path: Path) -> None:
    job = job_of(tiny, tmp_path, settings_of("gains"))
    relabelled = tmp_path / "other" / tiny.coco.name
    content = json.loads(tiny.coco.read_text())
    content["annotations"].pop()
    relabelled.parent.mkdir()
    relabelled.write_text(json.dumps(content))
    relabelled.with_suffix(".zip").write_bytes(tiny.coco.with_suffix(".zip").read_bytes())
    other = training.Job(**{**job.__dict__, "coco": relabelled})
    assert job.inputs()["images"] == other.inputs()["images"]
    assert job.inputs() != other.inputs()


def test_files_of_others_in_scratch_are_kept(tiny: Tiny, tmp_path: Path) -> None:
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn"))
    job.scratch.mkdir()
    (job.scratch / "thesis.txt").write_text("mine")
    training.train(job)
    assert [p.name for p in job.scratch.iterdir()] == ["thesis.txt"]


def test_weights_that_are_not_finite_are_no_model(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = training.step

    def last_one_breaks(model: Any, *rest: Any) -> Any:
        losses = step(model, *rest)
        with torch.no_grad():
            model.proposals.conv.bias.fill_(float("inf"))
        return losses

    monkeypatch.setattr(training, "step", last_one_breaks)
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn", iterations=1))
    with pytest.raises(ValueError, match="weights are not finite"):
        training.train(job)
    assert not job.out.exists()


def test_missing_maps_are_asked_for(tiny: Tiny, tmp_path: Path) -> None:
    job = job_of(tiny, tmp_path, settings_of("gains"))
    with pytest.raises(ValueError, match="--maps"):
        training.train(training.Job(**{**job.__dict__, "maps": None}))


def test_cuda_that_is_not_there_is_refused(tiny: Tiny, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    job = job_of(tiny, tmp_path, settings_of("mask_rcnn", device="cuda"))
    with pytest.raises(ValueError, match="finds no GPU"):
        training.train(job)


def test_loading_processes_change_nothing(
    tiny: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training.train(job_of(tiny, tmp_path / "a", settings_of("mask_rcnn")))
    monkeypatch.setattr("gains.training.samples.CACHE_BYTES", {"cpu": 0})
    training.train(job_of(tiny, tmp_path / "b", settings_of("mask_rcnn", workers=1)))
    assert_equal(weights(tmp_path / "a/model.pt"), weights(tmp_path / "b/model.pt"))


def test_amp_trains(tiny: Tiny, tmp_path: Path) -> None:
    training.train(job_of(tiny, tmp_path, settings_of("gains", amp=True)))
    values = np.loadtxt(tmp_path / "losses.csv", delimiter=",", skiprows=1)
    assert np.isfinite(values).all()
