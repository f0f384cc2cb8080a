"""Published recipes, as settings to begin with; what is a defect in their code is not repeated."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    # DeepLabV3-ResNet50 on EYTH, EgoHands, HandOverFace and GTEA: squares whatever the photo's shape, nothing altered,
    # a constant rate, and no mean of the weights. Norms take their statistics from the weights they start from, and
    # masks are not widened by their scaling, as they were.
    "seed-deeplab": {
        "model": "deeplab",
        "datasets": ("eyth", "egohands", "hof", "gtea"),
        "weights": "coco",
        "size": 256,
        "fit": "squash",
        "augment": "none",
        "loss": ("bce",),
        "optimizer": "adam",
        "lr": 3e-4,
        "encoder_lr": 1.0,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup": 0,
        "epochs": 50,
        "batch": 16,
        "clip": 0.0,
        "ema": 0.0,
    },
    # U-Net on GTEA gaze: photos of half their size, as the square at their left and the one at their right, both of
    # which are used. Adam at 0.02 diverges; this rate is ours.
    "seed-unet": {
        "model": "unet",
        "datasets": ("gtea_gaze_part",),
        "size": 640,
        "fit": "halves",
        "augment": "none",
        "loss": ("bce", "dice"),
        "optimizer": "adam",
        "lr": 1e-3,
        "encoder_lr": 1.0,
        "weight_decay": 0.0,
        "schedule": "constant",
        "warmup": 0,
        "epochs": 100,
        "batch": 2,
        "clip": 0.0,
        "ema": 0.0,
    },
}
