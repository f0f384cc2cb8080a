"""What a training begins with."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torchvision.models import mobilenet_v2
from torchvision.models.segmentation import deeplabv3_resnet50

from handseg_cli.checkpoints import start as start_module
from handseg_cli.checkpoints.build import blank_card
from handseg_cli.checkpoints.start import PUBLISHED, encoder, start
from handseg_cli.checkpoints.store import load, save
from handseg_cli.checkpoints.weights import locate
from handseg_cli.errors import CheckpointError, ConfigError, DownloadError
from handseg_cli.io import download
from handseg_cli.models.deeplab import DeepLab
from handseg_cli.models.lite import Lite
from tests.tiny import hand3d
from tests.tiny.server import Fault, Served, Server

Publish = Callable[[tuple[str, str], dict[str, Tensor]], Served]


def test_nothing_is_an_untrained_net_with_the_card_it_will_have() -> None:
    model, card = start("lite", {"width": 8}, "")
    assert isinstance(model, Lite)
    assert card == blank_card("lite", {"width": 8})


def test_a_file_of_torchvisions_classifier_is_an_encoder_to_start_from(tmp_path: Path) -> None:
    classifier = mobilenet_v2()
    torch.save(classifier.state_dict(), tmp_path / "mine.pth")
    model, card = start("lite", {}, str(tmp_path / "mine.pth"))
    assert torch.equal(model.state_dict()["encoder.0.0.weight"], classifier.state_dict()["features.0.0.weight"])
    assert card["training"]["untrained"] == ["laterals", "context", "smooth", "head"]


def test_the_pose_net_takes_the_encoder_of_the_embedded_one() -> None:
    model, card = start("handpose", {}, "lite")
    embedded, _ = start("lite", {}, "lite")
    ours, theirs = model.state_dict(), embedded.state_dict()
    assert all(torch.equal(each, theirs[name]) for name, each in ours.items() if name.startswith("encoder."))
    assert card["training"]["untrained"] == ["laterals", "context", "smooth", "maps", "answers"]
    assert (card["task"], card["size"], card["fit"]) == ("pose", 128, "squash")


def test_the_pose_net_takes_a_classifiers_features(tmp_path: Path) -> None:
    classifier = mobilenet_v2()
    torch.save(classifier.state_dict(), tmp_path / "mine.pth")
    model, _ = start("handpose", {}, str(tmp_path / "mine.pth"))
    assert torch.equal(model.state_dict()["encoder.17.conv.2.weight"], classifier.features[17].conv[2].weight)


@pytest.mark.parametrize("suffix", ["", "#poselift"])
def test_the_third_systems_weights_go_on_learning(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "lifting-proposed.pickle"
    path.write_bytes(pickle.dumps(hand3d.lifting(), 2))
    model, card = start("poselift", {"variant": "proposed"}, f"{path}{suffix}")
    assert model.get_parameter("prior.dense.fc_xyz.bias").shape == (63,)
    # Not where it lay: cards go with models to other people.
    assert card["training"] == {"started_from": f"{tmp_path.name}/{path.name}{suffix}"}


def test_a_classifier_of_another_kind_is_no_encoder(tmp_path: Path) -> None:
    torch.save(mobilenet_v2().state_dict(), tmp_path / "mine.pth")
    with pytest.raises(CheckpointError, match="no net that is known"):
        start("deeplab", {}, str(tmp_path / "mine.pth"))


def test_the_embedded_weights_by_name() -> None:
    model, card = start("lite", {}, "lite")
    path = locate("lite")[1]
    assert path is not None
    assert torch.equal(model.state_dict()["context.weight"], load(path)[0].state_dict()["context.weight"])
    assert card["training"] == {"started_from": "lite"}
    assert (card["model"], card["size"], card["stride"], card["fit"]) == ("lite", 288, 32, "area")


def test_a_checkpoint_keeps_its_arguments_and_how_it_sees_photos(tmp_path: Path) -> None:
    card = {"model": "lite", "arguments": {"width": 8}, "size": 128, "stride": 32, "iou": 0.9, "fit": "squash"}
    save(tmp_path / "a.safetensors", Lite(width=8), card)
    model, found = start("lite", {}, str(tmp_path / "a.safetensors"))
    assert model.get_parameter("context.weight").shape[0] == 8
    assert (found["size"], found["fit"], found["arguments"]) == (128, "squash", {"width": 8})
    assert "iou" not in found  # it is not true of what comes of the training


def test_what_is_told_beside_hands_begins_anew_and_the_rest_is_kept(tmp_path: Path) -> None:
    before = Lite(width=8, tells=("hand", "side"))
    save(tmp_path / "a.safetensors", before, blank_card("lite", {"width": 8, "tells": ["hand", "side"]}))
    said: list[str] = []
    model, card = start("lite", {"tells": ["hand", "arm", "side"]}, str(tmp_path / "a.safetensors"), said.append)
    for name in ("head.1.weight", "head.1.bias"):
        assert torch.equal(model.state_dict()[name][[0, 2]], before.state_dict()[name])
    assert model.get_parameter("head.1.weight")[1].abs().sum() > 0
    assert torch.equal(model.get_parameter("head.0.3.weight"), before.get_parameter("head.0.3.weight"))
    assert card["arguments"] == {"width": 8, "tells": ["hand", "arm", "side"]}
    assert said == [f"--weights {tmp_path / 'a.safetensors'}: arm begins untrained"]


def test_what_no_term_asks_for_is_told_no_longer(tmp_path: Path) -> None:
    before = Lite(width=8, tells=("hand", "arm"))
    save(tmp_path / "a.safetensors", before, blank_card("lite", {"width": 8, "tells": ["hand", "arm"]}))
    said: list[str] = []
    model, _ = start("lite", {"tells": ["hand"]}, str(tmp_path / "a.safetensors"), said.append)
    assert torch.equal(model.get_parameter("head.1.weight"), before.get_parameter("head.1.weight")[:1])
    assert said[0].endswith("arm is no longer told")


def test_colour_becomes_grey_where_that_is_asked_for(tmp_path: Path) -> None:
    save(tmp_path / "a.safetensors", DeepLab(), blank_card("deeplab", {}))
    model, card = start("deeplab", {"channels": 1}, str(tmp_path / "a.safetensors"))
    assert model.get_parameter("encoder.conv1.weight").shape == (64, 1, 7, 7)
    assert card["arguments"] == {"channels": 1}


@pytest.mark.parametrize(
    ("model", "weights", "reason"),
    [
        ("posenet", "lite", "--weights lite: they are of lite, not of posenet"),
        ("unet", "lite", "--weights lite: they are of lite, not of unet; choose --model lite"),
        ("lite", "net.onnx", r"start from the \.safetensors"),
        ("lite", "none.safetensors", r"none\.safetensors: there is no such file"),
        ("lite", "none.ckpt", r"none\.ckpt: there is no such file"),
    ],
)
def test_what_does_not_fit_is_refused(model: str, weights: str, reason: str) -> None:
    with pytest.raises(CheckpointError, match=reason):
        start(model, {}, weights)


@pytest.mark.parametrize(("model", "weights"), [("unet", "imagenet"), ("lite", "coco")])
def test_weights_that_were_never_published_are_refused(model: str, weights: str) -> None:
    with pytest.raises(ConfigError, match=f"--weights {weights}: there are none of {model}; published are"):
        start(model, {}, weights)


def test_the_head_of_imagenet_is_not_an_encoder() -> None:
    ours = encoder("lite", mobilenet_v2(weights=None).state_dict())
    assert ours.keys() == {name for name in Lite().state_dict() if name.startswith("encoder.")}


# --- what torchvision has published, from a server on this machine ---------------------------------------------------


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publish]:
    """Return what puts weights on a server, under a name that begins their hash, and returns how they are served."""
    monkeypatch.setenv("HANDSEG_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "TRIES", 1)
    with Server() as server:
        monkeypatch.setattr(start_module, "SITE", f"{server.base}/")

        def put(key: tuple[str, str], tensors: dict[str, Tensor]) -> Served:
            torch.save(tensors, tmp_path / "published.pth")
            data = (tmp_path / "published.pth").read_bytes()
            name = f"net-{hashlib.sha256(data).hexdigest()[:8]}.pth"
            monkeypatch.setitem(PUBLISHED, key, name)
            served = Served(data)
            server.serve(served, path=f"/{name}")
            return served

        yield put


def test_imagenet_fills_the_encoder_and_is_fetched_once(publish: Publish, tmp_path: Path) -> None:
    source = mobilenet_v2(weights=None)
    served = publish(("lite", "imagenet"), source.state_dict())
    for _ in range(2):
        model, card = start("lite", {}, "imagenet")
    assert torch.equal(model.get_parameter("encoder.0.0.weight"), source.get_parameter("features.0.0.weight"))
    assert card["training"] == {"started_from": "imagenet", "untrained": ["laterals", "context", "smooth", "head"]}
    assert len(served.asked) == 1
    assert len(list((tmp_path / "home" / "weights").glob("net-*.pth"))) == 1


def test_coco_fills_all_but_the_last_layer_statistics_and_all(publish: Publish) -> None:
    net = deeplabv3_resnet50(weights=None, weights_backbone=None, num_classes=21, aux_loss=True)
    net.backbone.bn1.running_mean += 0.5
    net.classifier[2].running_var *= 3
    publish(("deeplab", "coco"), net.state_dict())
    model, card = start("deeplab", {"channels": 4}, "coco")
    assert torch.equal(model.get_buffer("encoder.bn1.running_mean"), net.backbone.bn1.running_mean)
    assert torch.equal(model.get_buffer("head.2.running_var"), net.classifier[2].running_var)
    assert model.get_parameter("encoder.conv1.weight").shape[1] == 4
    assert card["training"] == {"started_from": "coco", "untrained": ["head.4"]}


def test_other_bytes_than_the_name_says_are_removed(publish: Publish, tmp_path: Path) -> None:
    publish(("lite", "imagenet"), {"a": torch.zeros(1)}).data = b"x" * 100
    with pytest.raises(DownloadError, match="it is removed: run again"):
        start("lite", {}, "imagenet")
    assert not list((tmp_path / "home" / "weights").glob("net*"))


def test_without_the_server_it_says_where_a_file_from_elsewhere_goes(publish: Publish, tmp_path: Path) -> None:
    publish(("lite", "imagenet"), {"a": torch.zeros(1)}).always = Fault(status=404)
    with pytest.raises(DownloadError, match=rf"get the file by hand and save it as {tmp_path}/home/weights/net-"):
        start("lite", {}, "imagenet")
