"""What a training begins with: untrained, embedded or stored weights, others' checkpoints, or torchvision's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor, nn

from handseg_cli.checkpoints import import_digit
from handseg_cli.checkpoints.build import blank_card, build
from handseg_cli.checkpoints.foreign import filled, read_foreign
from handseg_cli.checkpoints.import_deeplab import with_channels
from handseg_cli.checkpoints.store import load
from handseg_cli.checkpoints.telling import LAST, changes, retold
from handseg_cli.checkpoints.torch_files import read_weights
from handseg_cli.checkpoints.weights import SUFFIXES, locate, tells_of
from handseg_cli.errors import CheckpointError, ConfigError, DownloadError
from handseg_cli.io.download import BY_HAND, Tell, fetch, silent
from handseg_cli.io.sums import digest, record_of
from handseg_cli.paths import home
from handseg_cli.registry import WEIGHTS

SITE = "https://download.pytorch.org/models/"
SITES = {"hrnet_w32-36af842e.pth": "https://download.openmmlab.com/mmpose/pretrain_models/"}  # of what lies elsewhere
# Weights of others by what they were trained on; a file's name ends with the beginning of its SHA-256.
PUBLISHED = {
    ("lite", "imagenet"): "mobilenet_v2-b0353104.pth",
    ("deeplab", "imagenet"): "resnet50-0676ba61.pth",
    ("deeplab", "coco"): "deeplabv3_resnet50_coco-cd0a2569.pth",
    ("digit", "imagenet"): "hrnet_w32-36af842e.pth",
    ("handpose", "imagenet"): "mobilenet_v2-b0353104.pth",
}
TRAINED_ON = {on for _, on in PUBLISHED}
# What of a net they leave untrained, by the beginnings of names.
WITHOUT_ENCODER = {
    "lite": ["laterals", "context", "smooth", "head"],
    "deeplab": ["head"],
    "digit": import_digit.WITHOUT_BACKBONE,
    "handpose": ["laterals", "context", "smooth", "maps", "answers"],
}
LENT = {("lite", "handpose")}  # encoders: of which net, to which
# A weight that only the classifier has, from which such a file is told.
CLASSIFIER = {
    "lite": "features.0.0.weight",
    "handpose": "features.0.0.weight",
    "deeplab": "layer1.0.conv1.weight",
    "digit": "transition1.0.0.weight",
}
BLOCKS = 18  # how much of MobileNetV2 is the encoder of `lite` and `handpose`

Start = tuple[nn.Module, dict[str, Any]]
Found = tuple[dict[str, Tensor], dict[str, Any]]  # weights by our names, and their card


def start(model_name: str, arguments: dict[str, Any], weights: str, tell: Tell | None = None) -> Start:
    """Return a model to train and its card, which under "training" tells where it is from and what is untrained yet.

    `weights` is "" for none, embedded weights by name, a .safetensors file, a checkpoint of another system or of
    torchvision's classifier, or "imagenet" or "coco", which are fetched once. What is untrained is drawn from torch's
    own generator. `tell` gets lines for people.
    """
    if not weights:
        card = blank_card(model_name, arguments)
        return build(card), card
    try:
        source = found(model_name, weights, tell or silent)
        return adapted(model_name, arguments, source, weights, tell or silent)
    except CheckpointError as error:
        raise CheckpointError(f"--weights {weights}: {error}") from error


def found(model_name: str, weights: str, tell: Tell) -> Found:
    """Read the weights that a name or a path stands for."""
    if weights in TRAINED_ON:
        return published(model_name, weights, tell)
    if weights not in WEIGHTS and Path(weights).suffix.lower() not in SUFFIXES:
        encoders = classifiers(model_name, read_weights(Path(weights))) if model_name in CLASSIFIER else None
        return encoders or read_foreign(Path(weights))
    path = locate(weights)[1]
    if path is None:
        raise CheckpointError("an .onnx file cannot be trained on; start from the .safetensors that it was made of")
    model, card = load(path)
    tensors = model.state_dict()
    if (card["model"], model_name) in LENT:
        return lent(model_name, {name: tensors[name] for name in tensors if name.startswith("encoder.")})
    return tensors, card


def adapted(model_name: str, arguments: dict[str, Any], source: Found, weights: str, tell: Tell) -> Start:
    """Return the model with these weights, made for the arguments that are wanted; say what of them begins anew."""
    tensors, card = source
    if card["model"] != model_name:
        raise CheckpointError(f"they are of {card['model']}, not of {model_name}; choose --model {card['model']}")
    wanted = {**card.get("arguments", {}), **arguments}
    untrained = card.get("training", {}).get("untrained", [])
    before, after = tells_of(card), tells_of({"arguments": wanted})
    # How it sees photos stays; what it was trained on and what it scores is no longer true of what comes of it.
    seen = {"size": card["size"], "stride": card["stride"], "fit": card.get("fit", "area")}
    training = {"started_from": origin(weights)} | ({"untrained": untrained} if untrained else {})
    card = blank_card(model_name, wanted) | seen | {"training": training}
    if model_name == "deeplab":
        tensors = with_channels(tensors, wanted.get("channels", 3))
    if before != after and f"{LAST}.weight" in tensors:
        tensors = retold(tensors, before, after)
        tell(f"--weights {weights}: {changes(before, after)}")
    return filled(card, tensors), card


def origin(weights: str) -> str:
    """Return what a card may tell of where weights came from: of a path its end, since models are passed on."""
    return weights if weights in WEIGHTS or weights in TRAINED_ON else Path(*Path(weights).parts[-2:]).as_posix()


def published(model_name: str, weights: str, tell: Tell) -> Found:
    """Read weights that others have published."""
    name = PUBLISHED.get((model_name, weights))
    if name is None:
        known = ", ".join(on for model, on in PUBLISHED if model == model_name) or "none at all"
        raise ConfigError(f"--weights {weights}: there are none of {model_name}; published are {known}")
    path = fetched(name, tell)
    return classifiers(model_name, read_weights(path)) or read_foreign(path)


def classifiers(model_name: str, tensors: dict[str, Tensor]) -> Found | None:
    """Return the encoder of our model out of a classifier of the same kind; None of other nets."""
    if CLASSIFIER.get(model_name) not in tensors:
        return None
    return lent(model_name, encoder(model_name, tensors))


def lent(model_name: str, tensors: dict[str, Tensor]) -> Found:
    """Return the weights of an encoder, by our names, and the card of a net that has been trained no further."""
    card = blank_card(model_name, {})
    card["training"] = {"untrained": WITHOUT_ENCODER[model_name]}
    return tensors, card


def encoder(model_name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a classifier that are those of an encoder of ours, by our names."""
    if model_name == "digit":
        return import_digit.backbone(tensors)
    if model_name == "deeplab":
        return {f"encoder.{name}": each for name, each in tensors.items() if not name.startswith("fc.")}
    names = {name: name.removeprefix("features.") for name in tensors if name.startswith("features.")}
    return {f"encoder.{ours}": tensors[name] for name, ours in names.items() if int(ours.split(".")[0]) < BLOCKS}


def fetched(name: str, tell: Tell) -> Path:
    """Return where a published file lies, after fetching it if it is not there, and a look at its hash."""
    path = home() / "weights" / name
    begin = path.stem.rpartition("-")[2]
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        fetch(SITES.get(name, SITE) + name, path, tell=tell, recorded=silent)
    except DownloadError as error:
        raise DownloadError(str(error).replace(BY_HAND, f"get the file by hand and save it as {path}")) from error
    if (sha256 := digest(path, "sha256")).startswith(begin):
        return path
    path.unlink()
    record_of(path).unlink(missing_ok=True)
    raise DownloadError(f"{name}: sha256 is {sha256[:16]}..., not {begin}...; it is removed: run again")
