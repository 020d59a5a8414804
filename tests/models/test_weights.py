"""Initial weights: files, refusals, and the conversion of detectron2's layouts."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from gains.fetch.sources import read_sources
from gains.methods import METHODS
from gains.models.contract import Detector, Task
from gains.models.detectron2_weights import convert_checkpoint
from gains.models.imagenet import FILES, imagenet_name
from gains.models.pretrained import load_pretrained
from gains.models.settings import BackboneSettings
from gains.support.files import sha256
from helpers.official_weights import put_official_weights
from helpers.paths import ROOT
from helpers.tiny import DETECTOR, tiny_settings

D2_HEADS = {
    "proposals.conv": "proposal_generator.rpn_head.conv",
    "proposals.objectness": "proposal_generator.rpn_head.objectness_logits",
    "proposals.deltas": "proposal_generator.rpn_head.anchor_deltas",
    "boxes.head.fc1": "roi_heads.box_head.fc1",
    "boxes.head.fc2": "roi_heads.box_head.fc2",
    "boxes.head.classes": "roi_heads.box_predictor.cls_score",
    "boxes.head.deltas": "roi_heads.box_predictor.bbox_pred",
    "branch.head.deconv": "roi_heads.mask_head.deconv",
    "branch.head.predictor": "roi_heads.mask_head.predictor",
}


def model(**backbone: object) -> Detector:
    record = METHODS.get("mask_rcnn")
    own = {"name": "resnet50", "norm": "frozen_bn", "freeze_at": 2, "width": 16, "weights": "x"}
    merged = {**DETECTOR["backbone"], **own, **backbone}
    settings = tiny_settings("mask_rcnn").model_copy(
        update={"backbone": BackboneSettings.model_validate(merged)}
    )
    return record.build(settings, Task(2, 10))


def randomised(seed: int) -> Detector:
    found = model()
    generator = torch.Generator().manual_seed(seed)
    for value in found.state_dict().values():
        value.copy_(torch.rand(value.shape, generator=generator) * 0.1 + 0.01)
    return found


def detectron2_name(name: str) -> str:
    """Return detectron2's name of one of our values, as its documentation lays them out."""
    for ours, theirs in D2_HEADS.items():
        if name.startswith(ours + "."):
            return theirs + name[len(ours) :]
    if found := re.match(r"branch\.head\.convs\.(\d)\.(.*)", name):
        return f"roi_heads.mask_head.mask_fcn{int(found[1]) + 1}.{found[2]}"
    if found := re.match(r"backbone\.fpn\.(inner|layer)_blocks\.(\d)\.0\.(.*)", name):
        kind = "lateral" if found[1] == "inner" else "output"
        return f"backbone.fpn_{kind}{int(found[2]) + 2}.{found[3]}"
    name = name.removeprefix("backbone.body.")
    if found := re.match(r"(conv|bn)1\.(.*)", name):
        norm = "norm." if found[1] == "bn" else ""
        return f"backbone.bottom_up.stem.conv1.{norm}{found[2]}"
    found = re.match(r"layer(\d)\.(\d+)\.(conv|bn|downsample\.)(\d)\.(.*)", name)
    assert found, name
    stage, block, kind, number, rest = found.groups()
    place = f"backbone.bottom_up.res{int(stage) + 1}.{block}"
    if kind == "downsample.":
        return f"{place}.shortcut.{'norm.' if number == '1' else ''}{rest}"
    return f"{place}.conv{number}.{'norm.' if kind == 'bn' else ''}{rest}"


def assert_same(a: Detector, b: Detector, prefix: str = "") -> None:
    other = b.state_dict()
    different = [
        k
        for k, v in a.state_dict().items()
        if k.startswith(prefix) and not torch.allclose(v, other[k])
    ]
    assert different == []


@pytest.mark.parametrize("suffix", [".pkl", ".pth"])
def test_a_whole_mask_rcnn_of_detectron2(tmp_path: Path, suffix: str) -> None:
    source = randomised(1)
    state = {detectron2_name(k): v for k, v in source.state_dict().items()}
    path = tmp_path / f"model_final{suffix}"
    if suffix == ".pkl":
        arrays = {k: v.numpy() for k, v in state.items()}
        path.write_bytes(pickle.dumps({"model": arrays, "__author__": "test"}))
    else:
        torch.save({"model": state, "iteration": 5}, path)
    convert_checkpoint(path, tmp_path / "ours.pt")
    target = model()
    load_pretrained(target, str(tmp_path / "ours.pt"), "resnet50")
    assert_same(source, target)


def caffe2_name(name: str) -> str | None:
    name = detectron2_name(name).removeprefix("backbone.bottom_up.")
    kinds = {"norm.weight": "bn_s", "norm.bias": "bn_b", "weight": "w"}
    if found := re.match(r"stem\.conv1\.(norm\.\w+|weight)$", name):
        kind = kinds.get(found[1])
        return kind and ("conv1_w" if kind == "w" else f"res_conv1_{kind}")
    found = re.match(r"res(\d)\.(\d+)\.(shortcut|conv\d)\.(norm\.\w+|weight)$", name)
    if not found or found[4] not in kinds:
        return None
    branch = "branch1" if found[3] == "shortcut" else f"branch2{'abc'[int(found[3][-1]) - 1]}"
    return f"res{found[1]}_{found[2]}_{branch}_{kinds[found[4]]}"


def test_an_imagenet_backbone_in_caffe2_names(tmp_path: Path) -> None:
    source = randomised(2)
    named = {caffe2_name(k): v.numpy() for k, v in source.state_dict().items() if "body" in k}
    named.pop(None, None)
    path = tmp_path / "R-50.pkl"
    path.write_bytes(pickle.dumps(named, protocol=2))
    convert_checkpoint(path, tmp_path / "ours.pt")
    target = model()
    load_pretrained(target, str(tmp_path / "ours.pt"), "resnet50")
    state, wanted = target.state_dict(), source.state_dict()
    for key, value in state.items():
        if "running_mean" in key:
            assert value.abs().sum() == 0
        elif "running_var" in key:
            torch.testing.assert_close(value, torch.ones_like(value) - 1e-5, rtol=0, atol=1e-6)
        elif "body" in key:
            torch.testing.assert_close(value, wanted[key])


def test_a_torchvision_resnet_from_a_file(tmp_path: Path) -> None:
    import torchvision

    torch.manual_seed(0)
    resnet = torchvision.models.resnet18()
    torch.save(resnet.state_dict(), tmp_path / "r18.pt")
    target = model(name="resnet18", width=64)
    load_pretrained(target, str(tmp_path / "r18.pt"), "resnet18")
    torch.testing.assert_close(
        target.state_dict()["backbone.body.layer3.1.conv2.weight"],
        resnet.state_dict()["layer3.1.conv2.weight"],
    )
    image = torch.rand(1, 3, 64, 64)
    resnet.eval()
    with torch.no_grad():
        found = target.backbone.body(image)[-1]
        x = resnet.maxpool(resnet.relu(resnet.bn1(resnet.conv1(image))))
        wanted = resnet.layer4(resnet.layer3(resnet.layer2(resnet.layer1(x))))
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match="missing or of another shape, first"):
        load_pretrained(model(), str(tmp_path / "w.pt"), "resnet50")
    with pytest.raises(FileNotFoundError, match="no such file"):
        load_pretrained(model(), str(tmp_path / "none.pt"), "resnet50")


def test_weights_of_another_width_are_refused(tmp_path: Path) -> None:
    torch.save(model(width=8).state_dict(), tmp_path / "w.pt")
    with pytest.raises(ValueError, match="missing or of another shape, first"):
        load_pretrained(model(), str(tmp_path / "w.pt"), "resnet50")


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    state = model().state_dict()
    state["backbone.body.conv1.weight"][0, 0, 0, 0] = float("nan")
    torch.save(state, tmp_path / "w.pt")
    message = r"w\.pt.*: 1 of \d+ are not finite, first 'backbone\.body\.conv1\.weight'"
    with pytest.raises(ValueError, match=message):
        load_pretrained(model(), str(tmp_path / "w.pt"), "resnet50")
    (tmp_path / "w.pkl").write_bytes(pickle.dumps({"a": np.array([np.inf])}))
    with pytest.raises(ValueError, match=r"w\.pkl: weights: 1 of 1 are not finite, first 'a'"):
        convert_checkpoint(tmp_path / "w.pkl", tmp_path / "o.pt")


def test_weights_without_names_or_numbers_are_refused(tmp_path: Path) -> None:
    torch.save({3: torch.zeros(3)}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match=r"w\.pt: expected a state dict"):
        load_pretrained(model(), str(tmp_path / "w.pt"), "resnet50")
    (tmp_path / "w.pkl").write_bytes(pickle.dumps({"a": np.array([{}, "b"], dtype=object)}))
    with pytest.raises(ValueError, match=r"w\.pkl: a holds object; expected an array of numbers"):
        convert_checkpoint(tmp_path / "w.pkl", tmp_path / "o.pt")


def test_batch_norm_weights_do_not_go_into_group_norms(tmp_path: Path) -> None:
    import torchvision

    torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "r18.pt")
    target = model(name="resnet18", width=64, norm="gn")
    with pytest.raises(ValueError, match="belong to batch norms"):
        load_pretrained(target, str(tmp_path / "r18.pt"), "resnet18")


@pytest.mark.parametrize("legacy", [False, True])
def test_fetched_weights_fill_the_backbone_without_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, legacy: bool
) -> None:
    def offline(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("socket.socket.connect", offline)
    monkeypatch.chdir(tmp_path)
    _, state = put_official_weights(monkeypatch, legacy)
    target = model(name="resnet18", width=64)
    load_pretrained(target, "imagenet", "resnet18")
    own = target.state_dict()
    body = [key for key in own if key.startswith(target.encoder) and "num_batches" not in key]
    assert len(body) == 100  # 20 convolutions, and 20 batch norms of four values each
    for key in body:
        assert torch.equal(own[key], state[key.removeprefix(target.encoder)]), key


def test_weights_with_another_checksum_than_their_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("data/raw/imagenet-resnet50/resnet50-0676ba61.pth")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"another file")
    with pytest.raises(ValueError) as error:
        load_pretrained(model(), "imagenet", "resnet50")
    assert str(error.value) == (
        f"{path}: sha256 is {sha256(path)}, but the name of the file says that it begins with "
        "0676ba61. The file is damaged or another version: remove it and run `gains fetch "
        "imagenet-resnet50`, or put the right file there yourself"
    )


def test_missing_imagenet_weights_say_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as error:
        load_pretrained(model(), "imagenet", "resnet50")
    assert str(error.value) == (
        "data/raw/imagenet-resnet50/resnet50-0676ba61.pth: there is no such file. Run `gains fetch "
        "imagenet-resnet50` in the folder of the project, on a machine with network access, or "
        "put the file there yourself"
    )


@pytest.mark.parametrize("backbone", get_args(BackboneSettings.model_fields["name"].annotation))
def test_the_addresses_of_the_weights_are_those_of_torchvision(backbone: str) -> None:
    import torchvision

    files = read_sources(ROOT / "data/sources.csv")[imagenet_name(backbone)]
    assert list(files) == [FILES[backbone]]
    ((source,),) = files.values()
    assert source.url == torchvision.models.get_model_weights(backbone)["IMAGENET1K_V1"].url
    assert source.sha256 is not None
    assert source.file == f"{backbone}-{source.sha256[:8]}.pth"


class Evil:
    """An object that would run a command when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("owned",))


def test_a_checkpoint_that_runs_code_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "evil.pkl"
    path.write_bytes(pickle.dumps({"model": {"a": Evil()}}))
    with pytest.raises(ValueError, match="not allowed in a checkpoint"):
        convert_checkpoint(path, tmp_path / "o.pt")
    assert "owned" not in capsys.readouterr().out


def test_a_file_without_a_resnet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps({"model": {"head.weight": np.zeros(3)}}))
    with pytest.raises(ValueError, match="no ResNet"):
        convert_checkpoint(path, tmp_path / "o.pt")
    path.write_bytes(b"\x80\x04 not a pickle")
    with pytest.raises(ValueError, match="not a checkpoint"):
        convert_checkpoint(path, tmp_path / "o.pt")
