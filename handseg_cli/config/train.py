"""The commands that make models: train and finetune."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from handseg_cli.config.marks import Positional, Short, check_addresses, require
from handseg_cli.config.words import weighted
from handseg_cli.registry import FIRST_SYSTEM

ModelName = Literal["lite", "deeplab", "unet", "handsegnet", "posenet", "poselift", "handpose", "digit"]
PresetName = Literal["", "seed-deeplab", "seed-unet", "rhd-handsegnet", "rhd-posenet", "rhd-lifting", "digit"]
FitName = Literal["crop", "squash", "halves", "cut", "hand", "hand3d", "pair"]
Strength = Literal["none", "light", "full"]
NoiseName = Literal["hue", "points", "centre", "scale", "offset"]
TrainSplit = Literal["train", "minitrain", "smalltrain", "tinytrain"]
ValSplit = Literal["val", "minival", "smallval"]
VariantName = Literal["proposed", "direct", "bottleneck", "local", "unfused"]

LOSS_NAMES = ("bce", "ce", "dice", "focal", "boundary")
TOLD_NAMES = ("arm", "side")  # terms that have a net tell more than hands
# Those of nets that see one hand, or both.
LOSSES_OF_JOINTS = {
    "posenet": ("score_maps",),
    "poselift": ("told", "joints"),
    "handpose": ("points", "depths", "right", "hand", "maps"),
    "digit": ("joints", "root_depth", "handedness", "parts", "bones"),
}
FITS_OF_JOINTS = ("hand", "hand3d", "pair")
FITS_OF_MODELS = {"digit": ("pair",)}
VARIANTS = {"poselift": ("proposed", "direct", "bottleneck", "local"), "digit": ("proposed", "unfused")}


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """What train and finetune share: the recipe, and how a run behaves."""

    root: Annotated[Path | None, "Where data are kept, in place of $HANDSEG_HOME or ~/.handseg."] = None
    config: Annotated[Path | None, "Take settings from this TOML file; options win.", Short("-c")] = None
    resume: Annotated[bool, "Go on with the run that is there, by its own settings."] = False
    weights: Annotated[str, "Start from these: a name, a file, or torchvision's own as imagenet or coco."] = ""
    freeze: Annotated[tuple[str, ...], "Parts that do not learn, such as encoder; norms: all norms."] = ()
    size: Annotated[int, "Pixels of a side of the training pictures; 0: what the net asks for."] = 256
    fit: Annotated[
        FitName,
        "Crop photos, squash them whole, halve them into squares left and right, or cut pieces out at their own scale; "
        "for nets of joints windows around each hand, around one as the third system has them, or around the pair.",
    ] = "crop"
    augment: Annotated[Strength, "How far training pictures are altered; see `handseg show FILE --augmented`."] = "full"
    cutouts: Annotated[Path | None, "Paste hands cut out of photos: a folder of pairs, hand and mask."] = None
    loss: Annotated[
        tuple[str, ...],
        "Terms of the loss, each NAME or NAME=WEIGHT: bce, ce, dice, focal, boundary of hands; arm and side have lite "
        "tell arms, and left from right, too; nets of joints have terms of their own.",
    ] = ("bce", "dice=0.5")
    optimizer: Annotated[Literal["adamw", "adam", "sgd"], "What follows the gradients."] = "adamw"
    lr: Annotated[float, "Learning rate at its peak."] = 1e-3
    encoder_lr: Annotated[float, "That of the encoder, as a fraction of it."] = 0.1
    weight_decay: Annotated[float, "Of everything but norms and biases."] = 0.01
    schedule: Annotated[Literal["cosine", "poly", "constant", "steps"], "How the rate falls after the warm-up."] = (
        "cosine"
    )
    drops: Annotated[
        tuple[float, ...], "With --schedule steps: after each of these shares of the training it is a tenth."
    ] = ()
    warmup: Annotated[int, "Steps over which the rate rises."] = 100
    epochs: Annotated[int, "Times through the training samples."] = 50
    batch: Annotated[int, "Pictures the net sees at once, in each process."] = 16
    accumulate: Annotated[int, "Batches that make one step."] = 1
    clip: Annotated[float, "Longest that a gradient may be; 0: as long as it is."] = 1.0
    ema: Annotated[float, "Keep a running mean of the weights, with this share of the old; 0: none."] = 0.999
    amp: Annotated[Literal["auto", "off", "bf16", "fp16"], "Half precision; auto: where a GPU gains by it."] = "auto"
    compile: Annotated[bool, "Compile the net first: slow to start, then faster."] = False
    patience: Annotated[int, "Stop after so many epochs without a better score; 0: never."] = 0
    seed: Annotated[int, "Of everything that is left to chance."] = 0
    device: Annotated[Literal["auto", "cpu", "cuda", "mps"], "auto: a GPU where there is one."] = "auto"
    workers: Annotated[int, "Processes that make batches; -1: none on the CPU, one less than cores for a GPU."] = -1
    quiet: Annotated[bool, "Say nothing on stderr but why the command cannot go on.", Short("-q")] = False

    def __post_init__(self) -> None:
        require(self.size == 0 or 32 <= self.size <= 2048, f"--size is {self.size}; it goes from 32 to 2048, or is 0")
        self.check_losses()
        within = all(0 < drop < 1 for drop in self.drops)
        require(within, "--drops are shares of the training, each above 0 and below 1, such as 0.5")
        steps = self.schedule == "steps"
        require(steps == bool(self.drops), "--drops go with --schedule steps, which takes one at least")
        require(self.lr > 0, f"--lr is {self.lr}; it is above 0")
        require(0 <= self.encoder_lr <= 100, f"--encoder-lr is {self.encoder_lr}; it goes from 0 to 100")
        require(0 <= self.weight_decay < 1, f"--weight-decay is {self.weight_decay}; it goes from 0 to 1")
        require(0 <= self.ema < 1, f"--ema is {self.ema}; it goes from 0 to just below 1")
        require(0 <= self.clip < float("inf"), f"--clip is {self.clip}; it is 0 or more")
        for name, least in (("epochs", 1), ("batch", 1), ("accumulate", 1), ("warmup", 0), ("patience", 0)):
            require(getattr(self, name) >= least, f"--{name} is {getattr(self, name)}; it is {least} or more")
        require(self.workers >= -1, f"--workers is {self.workers}; it is 0 or more, or -1")
        require(self.augment == "full" or self.cutouts is None, "--cutouts are pasted with --augment full alone")

    def check_losses(self) -> None:
        """Raise ConfigError unless all terms of the loss are of masks, and one of hands."""
        known = (*LOSS_NAMES, *TOLD_NAMES)
        unknown = ", ".join(sorted(self.terms.keys() - set(known)))
        require(not unknown, f"--loss {unknown}: there are {', '.join(known)}")
        of_hands = not self.terms.keys().isdisjoint(LOSS_NAMES)
        require(of_hands, f"--loss names no term of hands; add one of {', '.join(LOSS_NAMES)}")

    @property
    def terms(self) -> dict[str, float]:
        """Return the weight of each term of the loss."""
        return weighted(self.loss)

    @property
    def tells(self) -> tuple[str, ...]:
        """Return what the terms of the loss have a net tell beside hands."""
        return tuple(name for name in TOLD_NAMES if name in self.terms)


@dataclass(frozen=True, kw_only=True)
class TrainConfig(LoopConfig):
    """Train a net on prepared datasets.

    RUN is the folder of the run: last.safetensors to go on from, best.safetensors to predict with, a log, curves and
    example pictures. Interrupted? Run it again with --resume.
    """

    run: Annotated[Path, "Folder of the run.", Positional("RUN")]
    preset: Annotated[PresetName, "Begin with the settings of a published recipe."] = ""
    datasets: Annotated[
        tuple[str, ...],
        "Prepared datasets, by name, .h5 file, or address as s3://bucket/a.h5; NAME=2 is drawn twice as often.",
    ] = FIRST_SYSTEM
    allow_http: Annotated[bool, "Read them from http:// and https:// addresses, never of private networks."] = False
    train_split: Annotated[TrainSplit, "What is learned from: all, 1000 photos, a tenth, a twentieth."] = "train"
    val_split: Annotated[ValSplit, "What is judged by: all, 1000 photos, a quarter."] = "val"
    model: Annotated[ModelName, "The net."] = "lite"
    channels: Annotated[Literal[1, 3, 4], "What deeplab sees: grey, colour, or colour and depth."] = 3
    variant: Annotated[VariantName, "How poselift tells joints; unfused: digit without its look at parts."] = "proposed"
    palm: Annotated[bool, "For nets of joints: have the middle of the palm in the wrist's place."] = False
    noise: Annotated[
        tuple[NoiseName, ...], "What the third system disturbs: hues; with --fit hand3d also joints and their window."
    ] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.check_joints()
        self.check_noise()
        require(bool(self.mixture), "--datasets is empty; name at least one that `handseg prepare` has made")
        check_addresses(self.mixture, self.allow_http)
        require(self.channels == 3 or self.model == "deeplab", "--channels is for --model deeplab")
        require(
            not self.tells or self.model == "lite", "--loss arm and side are for --model lite; others tell hands alone"
        )

    def check_losses(self) -> None:
        """Raise ConfigError for terms of the loss that the net does not have."""
        if self.model not in LOSSES_OF_JOINTS:
            super().check_losses()
            return
        known = LOSSES_OF_JOINTS[self.model]
        fits = bool(self.terms) and self.terms.keys() <= {*known}
        require(fits, f"--loss {', '.join(self.terms)}: of {self.model} there are {', '.join(known)}")

    def check_joints(self) -> None:
        """Raise ConfigError where settings of masks and of joints are mixed up."""
        of_joints = self.model in LOSSES_OF_JOINTS
        fits = FITS_OF_MODELS.get(self.model, ("hand", "hand3d") if of_joints else ("crop", "squash", "halves", "cut"))
        wanted = " or ".join(filter(None, (", ".join(fits[:-1]), fits[-1])))
        require(self.fit in fits, f"--fit {self.fit}: of {self.model} it is {wanted}")
        require(not of_joints or self.cutouts is None, "--cutouts are pasted into photos with masks, not beside joints")
        may_palm = of_joints and self.fit != "pair"
        require(may_palm or not self.palm, "--palm is for nets of joints of one hand: posenet, poselift, handpose")
        require(not of_joints or self.size % 32 == 0, f"--size is {self.size}; of {self.model} it is a multiple of 32")
        there_are = " and ".join(f"{model}: {', '.join(names)}" for model, names in VARIANTS.items())
        is_there = self.variant in VARIANTS.get(self.model, ("proposed",))
        require(is_there, f"--variant is for --model {there_are}")
        turned = self.model == "poselift" and self.augment == "full"
        require(not turned, "--augment full turns pictures but no joints in space; poselift takes none or light")

    def check_noise(self) -> None:
        """Raise ConfigError where a picture would be altered in two ways, or in one that it does not have."""
        plain = self.augment == "none"
        require(plain or self.fit != "hand3d", "--fit hand3d alters pictures by --noise alone; give --augment none")
        require(plain or not self.noise, "--noise is in the place of other alterations; give --augment none")
        of_windows = {*self.noise} - {"hue"}
        require(not of_windows or self.fit == "hand3d", f"--noise {', '.join(sorted(of_windows))}: needs --fit hand3d")

    @property
    def mixture(self) -> dict[str, float]:
        """Return how often each dataset is drawn."""
        return weighted(self.datasets)


@dataclass(frozen=True, kw_only=True)
class FinetuneConfig(LoopConfig):
    """Teach a model your own photos: a folder of pairs, photo and mask.

    FOLDER holds images/ and masks/, or a.jpg beside a.jpg.png. A fifth of it, by person or video where the names of
    folders tell, is kept to judge by. RUN/best.safetensors is the model, the old one if nothing was gained.
    """

    folder: Annotated[Path, "Photos with masks.", Positional("FOLDER")]
    run: Annotated[Path, "Folder of the run.", Positional("RUN")]
    weights: Annotated[str, "The model to teach: an embedded one by name, or a checkpoint.", Short("--model")] = "lite"
    freeze: Annotated[tuple[str, ...], "Parts that do not learn; norms: all norms."] = (
        "encoder",
        "norms",
    )
    steps: Annotated[int, "Steps of an epoch, however few photos there are."] = 25
    size: Annotated[int, "Pixels of a side of the training pictures; 0: what the net asks for."] = 0
    lr: Annotated[float, "Learning rate at its peak."] = 5e-4
    warmup: Annotated[int, "Steps over which the rate rises."] = 10
    epochs: Annotated[int, "Times `steps` steps."] = 12
    batch: Annotated[int, "Pictures the net sees at once."] = 8
    ema: Annotated[float, "Keep a running mean of the weights, with this share of the old; 0: none."] = 0.98
    patience: Annotated[int, "Stop after so many epochs without a better score; 0: never."] = 5

    def __post_init__(self) -> None:
        super().__post_init__()
        require(not self.tells, "--loss arm and side are for handseg train: masks in a folder tell neither")
        require(self.fit not in FITS_OF_JOINTS, f"--fit {self.fit} is for handseg train: masks tell no joints")
        require(self.steps >= 1, f"--steps is {self.steps}; it is 1 or more")
