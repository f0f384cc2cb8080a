"""Published recipes, as settings to begin with; what is a defect in their code is not repeated."""

from __future__ import annotations

from typing import Any

# The third system (Zimmermann & Brox 2017) on RHD: Adam, and a rate that is a tenth from time to time.
HAND3D: dict[str, Any] = {
    "datasets": ("rhd",),
    "size": 256,
    "augment": "none",
    "optimizer": "adam",
    "encoder_lr": 1.0,
    "weight_decay": 0.0,
    "schedule": "steps",
    "warmup": 0,
    "batch": 8,
    "clip": 0.0,
    "ema": 0.0,
}

DIGIT_LOSS = ("joints", "root_depth", "handedness", "parts=10", "bones=0.1")

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
    # HandSegNet on RHD, 40,000 steps of 8 pieces, counted in epochs as near as whole ones come. Theirs began with a net
    # of people, which can be given by --weights as far as it is one of ours.
    "rhd-handsegnet": HAND3D
    | {"model": "handsegnet", "fit": "cut", "noise": ("hue",), "loss": ("ce",), "lr": 1e-5, "drops": (0.5, 0.75)}
    | {"epochs": 8},
    # PoseNet, 30,000 steps.
    "rhd-posenet": HAND3D
    | {"model": "posenet", "fit": "hand3d", "palm": True, "noise": ("points", "centre"), "loss": ("score_maps",)}
    | {"lr": 1e-4, "drops": (1 / 3, 2 / 3), "epochs": 6},
    # PosePrior and Viewpoint, 80,000 steps. What is dropped out in training is so in ours only: theirs forgot to.
    "rhd-lifting": HAND3D
    | {"model": "poselift", "fit": "hand3d", "palm": True, "noise": ("points", "centre", "scale", "offset")}
    | {"loss": ("told",), "lr": 1e-5, "drops": (0.75,), "epochs": 16},
    # DIGIT (Fan et al. 2021) on InterHand2.6M: 64 photos a step, and a rate that is a tenth after 40 of 50 epochs.
    "digit": {
        "model": "digit",
        "datasets": ("interhand",),
        "weights": "imagenet",
        "size": 256,
        "fit": "pair",
        "augment": "full",
        "loss": DIGIT_LOSS,
        "optimizer": "adam",
        "lr": 1e-4,
        "encoder_lr": 1.0,
        "weight_decay": 0.0,
        "schedule": "steps",
        "drops": (0.8,),
        "warmup": 0,
        "epochs": 50,
        "batch": 32,
        "accumulate": 2,
        "clip": 0.0,
        "ema": 0.0,
        "seed": 1,
    },
}

# What is the default of one net alone.
OF_MODELS: dict[str, dict[str, Any]] = {
    "handsegnet": {"lr": 1e-4, "encoder_lr": 1.0},
    "posenet": {"fit": "hand", "loss": ("score_maps",), "lr": 1e-4, "encoder_lr": 1.0},
    "poselift": {"fit": "hand", "augment": "light", "loss": ("told",)},
    "handpose": {"fit": "hand", "size": 128} | {"loss": ("points", "depths", "right=0.1", "hand=0.1", "maps=0.05")},
    "digit": {"fit": "pair", "loss": DIGIT_LOSS, "lr": 1e-4, "encoder_lr": 1.0},
}
