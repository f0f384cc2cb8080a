"""The net as torch.hub gives it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from handseg_cli.api import load
from handseg_cli.errors import CheckpointError
from handseg_cli.export.hub import HandSegmentor, hand_segmentor
from handseg_cli.metrics.regions import count, iou

ROOT = Path(__file__).parents[1]
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)

# What the first system's README tells its users to do.
AS_A_USER = """
import sys, torch
model = torch.hub.load(sys.argv[1], "hand_segmentor", pretrained=True, source="local")
masks = model(torch.randn(1, 3, 256, 256)).argmax(1)
assert masks.shape == (1, 256, 256), masks.shape
assert "onnxruntime" not in sys.modules
print("fine")
"""


def test_a_user_loads_it_from_another_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-c", AS_A_USER, str(ROOT)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.stdout.strip().endswith("fine"), done.stderr


def of_hub(path: Path, model: torch.nn.Module) -> np.ndarray:
    """Return the (H, W) mask of a photo, 1 on hands, as a user of torch.hub makes it."""
    pixels = torch.from_numpy(np.array(Image.open(path).convert("RGB")))
    images = (pixels.permute(2, 0, 1)[None] / 255 - MEAN) / STD
    with torch.inference_mode():
        return np.asarray(model(images).argmax(1)[0], np.uint8)


@pytest.mark.parametrize("name", ["desk_two_hands", "spread_on_mat"])
def test_its_mask_is_that_of_predict(name: str) -> None:
    path = ROOT / "tests" / "photos" / f"{name}.jpg"
    wanted = load("lite", runtime="torch")(np.array(Image.open(path).convert("RGB"))).mask
    # Each makes photos smaller in its own way, which tells at fingertips.
    assert iou(count(of_hub(path, hand_segmentor()), wanted)) > 0.93


def test_logits_are_background_and_hand_at_the_size_of_the_input() -> None:
    model = hand_segmentor()
    with torch.inference_mode():
        assert model(torch.randn(2, 3, 99, 130)).shape == (2, 2, 99, 130)
    assert not model.training


def test_a_file_takes_the_place_of_the_embedded_weights(tiny_weights: Path) -> None:
    model = hand_segmentor(weights=str(tiny_weights.with_suffix(".safetensors")))
    assert isinstance(model, HandSegmentor)
    assert model.card["size"] == 128
    with pytest.raises(CheckpointError, match=r"none\.ckpt: there is no such file"):
        hand_segmentor(weights="none.ckpt")


def test_untrained_it_is_the_same_net_by_chance() -> None:
    one, other = hand_segmentor(pretrained=False).state_dict(), hand_segmentor().state_dict()
    assert one.keys() == other.keys()
    assert not torch.equal(one["net.context.weight"], other["net.context.weight"])
