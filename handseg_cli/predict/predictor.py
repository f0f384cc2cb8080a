"""From photos to predictions: scale, run the net, decode. What a folder run and the Python API share."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from pathlib import Path
from typing import Literal, cast

import cv2
import numpy as np

from handseg_cli.checkpoints.weights import Weights, find_weights, require_task, tells_of
from handseg_cli.config import Label, NetConfig, PredictConfig
from handseg_cli.errors import CheckpointError, ConfigError
from handseg_cli.io.images import Photo
from handseg_cli.io.shapes import net_shape
from handseg_cli.predict.closer import DETAIL, SIDE, Box, Outputs, look_closer, seen, without_doubt
from handseg_cli.predict.crf import refine
from handseg_cli.predict.tiling import segment_tiled
from handseg_cli.registry import RUNTIMES, resolve
from handseg_cli.runtime.session import Batch, Session
from handseg_cli.sample import Image, Mask, Prediction
from handseg_cli.tasks.decode import Logits, asked, binary, find_hands, probability
from handseg_cli.tasks.sides import Sides

GPU_BATCH = 8

Fit = Literal["area", "squash"]


@dataclass(frozen=True)
class Predictor:
    """An opened net and how its answer becomes a mask; may be called from several threads at once.

    `size`, `stride` and `fit`: a photo is scaled to about size x size pixels of its own shape or, by "squash", to
    just these; both sides are multiples of the stride.
    `hands`: whether predictions list the hands of their masks; without them nobody pays for that. `sides`: whether
    these hands have sides, which the net has to tell; `draws_sides`: whether predictions show them, too.
    `closer`: whether small hands are looked at again, each larger and by itself, and what is too small or too doubtful
    is let go.
    """

    session: Session
    _: KW_ONLY
    size: int
    stride: int = 32
    fit: Fit = "area"
    threshold: float = 0.5
    min_area: float = 0.0
    crf: bool = False
    tile: bool = False
    tta: bool = False
    closer: bool = False
    label: Label = "hand"
    trusts_arms: bool = True  # what the net says of arms, where it is asked for hands
    hands: bool = True
    sides: bool = False
    draws_sides: bool = False

    @property
    def needs_full(self) -> bool:
        """Tell whether photos have to be decoded at their full size."""
        return self.crf or self.tile

    @property
    def pixels(self) -> int:
        """Return how many pixels of a photo the net looks at, at first or closer."""
        return (DETAIL * self.size) ** 2 if self.closer else self.size**2

    def __call__(self, image: Image) -> Prediction:
        """Segment one photo: (H, W, 3) uint8 RGB, or (H, W) uint8 grey, of any size."""
        image = checked(image)
        return self.segment([Photo(image, (image.shape[0], image.shape[1]))])[0]

    def segment(self, photos: Sequence[Photo]) -> list[Prediction]:
        """Segment photos, perhaps decoded smaller than they are; the masks have the photos' full sizes.

        Photos that the net sees in the same shape share a batch.
        """
        groups = defaultdict(list)
        for index, photo in enumerate(photos):
            groups[self.shape(photo.size)].append(index)
        found: dict[int, Prediction] = {}
        for shape, indices in groups.items():
            predictions = self._segment_alike([photos[index] for index in indices], shape)
            found.update(zip(indices, predictions, strict=True))
        return [found[index] for index in range(len(photos))]

    def shape(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the (height, width) at which the net sees a photo of a size (height, width)."""
        return net_shape(size, self.size, self.stride, self.fit)

    def _segment_alike(self, photos: list[Photo], shape: tuple[int, int]) -> list[Prediction]:
        start = time.perf_counter()
        outputs = self._outputs(batched([photo.image for photo in photos], shape))
        seconds = (time.perf_counter() - start) / len(photos)
        return [self._finish(photo, of_photo(outputs, place), seconds) for place, photo in enumerate(photos)]

    def _finish(self, photo: Photo, outputs: Outputs, net_seconds: float) -> Prediction:
        begun = time.perf_counter()
        logits = self._asked(outputs)
        logits, looks = look_closer(self._part, photo.image, logits) if self.closer else (logits, [])
        start = time.perf_counter()
        score = seen(photo, logits, [(box, self._asked(each)) for box, each in looks])
        if self.closer and self.label == "hand":  # arms are often less sure, and right
            without_doubt(score)
        if self.tile:
            score = segment_tiled(self._tiles, photo.image, score)
        if self.crf:
            score = refine(photo.image, score)
        mask = binary(score, self.threshold)
        sides = self._sides(photo, score, outputs, looks) if self.sides else None
        hands = find_hands(mask, score, self.min_area, sides) if self.hands or self.min_area else ()
        seconds = {"net": net_seconds + start - begun, "post": time.perf_counter() - start}
        drawn = sides.drawn if sides else None
        return Prediction(mask, score, hands, seconds, drawn, self.sides, focal=photo.focal)

    def _asked(self, outputs: Outputs) -> Logits:
        return asked(outputs, self.label, self.trusts_arms)

    def _sides(self, photo: Photo, score: Mask, outputs: Outputs, looks: Sequence[tuple[Box, Outputs]]) -> Sides:
        hand = score if self.label == "hand" else probability(outputs["mask"], photo.size)
        drawn = np.zeros_like(score) if self.draws_sides else None
        return Sides(seen(photo, outputs["side"], [(box, each["side"]) for box, each in looks]), hand, drawn)

    def _outputs(self, batch: Batch) -> Outputs:
        """Run the net on (B, h, w, 3); (B, C, h', w') logits, the mean with those of the mirrored photo if `tta`."""
        outputs = self.session.run(batch)
        if not self.tta:
            return outputs
        mirrored = self.session.run(np.ascontiguousarray(batch[:, :, ::-1]))
        # A right hand is a left one in the mirror.
        turned = {name: -logits if name == "side" else logits for name, logits in mirrored.items()}
        return {
            name: np.asarray((logits + turned[name][..., ::-1]) / 2, np.float32) for name, logits in outputs.items()
        }

    def _part(self, part: Image) -> Outputs:
        """Run the net on a part of a photo, (h, w, 3) uint8, that is looked at closer."""
        shape = net_shape((part.shape[0], part.shape[1]), round(SIDE * self.size), self.stride)
        return of_photo(self._outputs(batched([part], shape)), 0)

    def _tiles(self, tiles: Sequence[Image]) -> list[Mask]:
        """Return the probability of each of some tiles, (h, w, 3) uint8 of one shape."""
        height, width = tiles[0].shape[:2]
        outputs = self._outputs(batched(tiles, self.shape((height, width))))
        every = (self._asked(of_photo(outputs, place)) for place in range(len(tiles)))
        return [probability(logits, (height, width)) for logits in every]


def of_photo(outputs: Outputs, place: int) -> Outputs:
    """Return the outputs for one photo of a batch."""
    return {name: logits[place] for name, logits in outputs.items()}


def checked(image: Image) -> Image:
    """Return an (H, W, 3) uint8 RGB image, grey made RGB; raise a ConfigError that tells what else was given."""
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
        kind = f"an array of {image.dtype}" if isinstance(image, np.ndarray) else f"a {type(image).__name__}"
        raise ConfigError(f"the image is {kind}; give a numpy array of uint8, 0 to 255")
    if image.ndim == 2:
        image = np.repeat(image[:, :, None], 3, axis=2)
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ConfigError(f"the image has the shape {image.shape}; give (height, width, 3) RGB or (height, width) grey")
    return np.ascontiguousarray(image)


def batched(images: Sequence[Image], shape: tuple[int, int]) -> Batch:
    """Scale (H, W, 3) images to one (h, w) and stack them as (B, h, w, 3)."""
    images = [scaled(image, shape) for image in images]
    return images[0][None] if len(images) == 1 else np.stack(images)


def scaled(image: Image, shape: tuple[int, int]) -> Image:
    """Scale an image to (h, w), by halves while it is twice as large: each pixel counts, at a sixth of the time."""
    while min(image.shape[0] / shape[0], image.shape[1] / shape[1]) >= 2:
        height, width = image.shape[0] // 2, image.shape[1] // 2
        # OpenCV averages fast only where the size is exactly half; an odd row or column at the end is let go.
        image = resized(image[: 2 * height, : 2 * width], (height, width), cv2.INTER_AREA)
    return image if image.shape[:2] == shape else resized(image, shape, cv2.INTER_LINEAR)


def resized(image: Image, shape: tuple[int, int], how: int) -> Image:
    """Resize an image to (h, w)."""
    return np.asarray(cv2.resize(image, shape[::-1], interpolation=how), dtype=np.uint8)


def open_predictor(config: NetConfig, hands: bool = True) -> tuple[Predictor, Weights]:
    """Open the net that a configuration names; each call of the predictor keeps one CPU thread busy."""
    weights = find_weights(config.weights, choose_runtime(config))
    require_task(weights.name, weights.card, "hands")
    if config.label != "hand":
        require_told(weights, "arm", f"--label {config.label}")
    return predictor_of(open_net(weights, config), weights, config, hands), weights


def open_net(weights: Weights, config: NetConfig) -> Session:
    """Open weights in the runtime that a configuration chooses for them."""
    open_session = cast(Callable[..., Session], resolve(RUNTIMES[choose_runtime(config)]))
    return open_session(weights, device=config.device, threads=1, half=config.half)


def predictor_of(session: Session, weights: Weights, config: NetConfig, hands: bool = True) -> Predictor:
    """Return the predictor of an opened net, for photos as its card has them and masks as a configuration does."""
    return Predictor(
        session,
        size=config.size or whole(weights, "size"),
        stride=whole(weights, "stride"),
        fit=fit_of(weights),
        threshold=config.threshold,
        min_area=config.min_area,
        crf=config.crf,
        tile=config.tile,
        tta=config.tta,
        # Tiles look closely at all of a photo. Nets of others are to do what is published of them.
        closer=config.closer and not config.tile and (weights.card.get("model"), fit_of(weights)) == ("lite", "area"),
        label=config.label,
        trusts_arms="arm" not in weights.card.get("untaught", ()),
        hands=hands,
        sides=hands and "side" in tells_of(weights.card) and config.label != "arm",
    )


def open_for(config: PredictConfig) -> tuple[Predictor, Weights]:
    """Open the net for what the predict command is to write; ConfigError if the net cannot tell it."""
    predictor, weights = open_predictor(config, config.lists_hands)
    if "sides" in config.kinds:
        require_told(weights, "side", "--kind sides")
    sides = predictor.sides and not config.raw
    return replace(predictor, sides=sides, draws_sides=sides and config.draws_sides), weights


def require_told(weights: Weights, what: str, option: str) -> None:
    """Raise a ConfigError, from an option, unless some weights tell what it needs."""
    told = tells_of(weights.card)
    if what not in told:
        advice = f"name weights trained with {what} among the terms of --loss, or leave it out"
        raise ConfigError(f"{option}: {weights.name} tells {' and '.join(told)} alone; {advice}")


def choose_runtime(config: NetConfig) -> str:
    """Return the runtime that "auto" stands for: torch for .safetensors and on a GPU, else ONNX Runtime."""
    if config.runtime != "auto":
        return config.runtime
    suffix = Path(config.weights).suffix.lower()
    return "torch" if suffix == ".safetensors" or (config.device != "cpu" and suffix != ".onnx") else "onnx"


def batch_size(config: PredictConfig) -> int:
    """Return how many photos the net sees at once; on a CPU more than one only takes more memory."""
    return config.batch or (1 if config.device == "cpu" else GPU_BATCH)


def whole(weights: Weights, key: str) -> int:
    """Return a length in pixels that the card of some weights has to name."""
    value = weights.card.get(key)
    if type(value) is not int or not 1 <= value <= 4096:
        raise CheckpointError(f"{weights.name}: its card says {key} {value!r}, not a number of pixels; export it again")
    return value


def fit_of(weights: Weights) -> Fit:
    """Return how photos are fitted to the net, as the card of some weights says; older ones do not."""
    value = weights.card.get("fit", "area")
    if value not in ("area", "squash"):
        raise CheckpointError(f"{weights.name}: its card says fit {value!r}, not area or squash; export it again")
    return cast(Fit, value)
