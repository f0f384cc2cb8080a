"""Train the default model: ImageNet features kept general, a light decoder, and scenes of pasted hands.

The encoder stays frozen for the first part of the run: trained freely on composites it learns pasted outlines and
forgets real photos. Its last blocks then follow at a far lower rate. Needs a folder of backgrounds/, cutouts/ and
labelled/ (see `scenes.py`), MobileNetV2 weights, and a folder of validation sets that is only ever measured on.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from composites import Array, mask_of, read
from scenes import Pools, read_pools, scene
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, IterableDataset

from handseg_cli.checkpoints.store import load, save
from handseg_cli.metrics.regions import count, iou
from handseg_cli.models.lite import Lite

# What the weights say of themselves; the scores of the last look join it.
CARD = {"model": "lite", "arguments": {}, "task": "hands", "classes": ["hand"], "size": 384, "stride": 32}

# The encoder's blocks that are tuned in the second part, and how much slower than the decoder.
TUNED_BLOCKS, TUNED_RATE = range(11, 18), 0.03


class Scenes(IterableDataset[tuple[Tensor, Tensor]]):
    """An endless stream of scenes; the one numbered `index` is always the same for one seed."""

    def __init__(self, pools: Pools, size: int, seed: int, start: int) -> None:
        self.pools, self.size, self.seed, self.start = pools, size, seed, start

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        cv2.setNumThreads(1)
        worker = torch.utils.data.get_worker_info()
        index, step = self.start + (worker.id if worker else 0), worker.num_workers if worker else 1
        while True:
            image, truth = scene(self.pools, self.size, np.random.default_rng([self.seed, index]))
            yield torch.from_numpy(image).permute(2, 0, 1), torch.from_numpy(truth)
            index += step


def loss_of(logits: Tensor, truth: Tensor) -> Tensor:
    """Binary cross-entropy and dice against the share of hand in each of the net's cells."""
    target = F.avg_pool2d(truth[:, None].float(), truth.shape[-1] // logits.shape[-1])
    cross = F.binary_cross_entropy_with_logits(logits, target)
    shown = logits.sigmoid()
    both, total = (shown * target).sum((1, 2, 3)), (shown + target).sum((1, 2, 3))
    return cross + 0.5 * (1 - (2 * both + 8) / (total + 8)).mean()


def predict(model: nn.Module, image: Array, size: int) -> Array:
    """Return the mask of one (H, W, 3) BGR photo, as the product makes it: about size * size pixels, aspect kept."""
    height, width = image.shape[:2]
    scale = size / math.sqrt(height * width)
    shape = [max(32, round(side * scale / 32) * 32) for side in (width, height)]
    small = cv2.cvtColor(cv2.resize(image, shape, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2RGB)
    with torch.inference_mode():
        logits = model(torch.from_numpy(small).permute(2, 0, 1)[None].float() / 255)["mask"][0, 0].numpy()
    return np.asarray(cv2.resize(logits, (width, height)) > 0, np.uint8)


def evaluate(model: nn.Module, folder: Path, size: int) -> dict[str, float]:
    """Return the mean hand IoU over the photos of each validation set."""
    scores = {}
    for kind in sorted(path for path in folder.iterdir() if path.is_dir()):
        found = []
        for path in sorted((kind / "images").iterdir()):
            found.append(iou(count(predict(model, read(path), size), mask_of(kind, path.stem))))
        scores[kind.name] = round(float(np.mean(found)), 4)
    return scores


def tune_encoder(model: Lite) -> list[nn.Parameter]:
    """Let the encoder's later blocks learn; their norms keep the statistics they came with."""
    chosen = [parameter for index in TUNED_BLOCKS for parameter in model.encoder[index].parameters()]
    for parameter in chosen:
        parameter.requires_grad_(True)
    return chosen


def start(options: argparse.Namespace) -> Lite:
    """Build the net on its ImageNet features, or on what an earlier run left."""
    model = load(options.resume)[0] if options.resume else Lite()
    assert isinstance(model, Lite)
    if options.features:
        features = torch.load(options.features, weights_only=True)
        for name, value in model.encoder.state_dict().items():
            value.copy_(torch.lerp(value.float(), features[name].float(), options.back))
    model.encoder.requires_grad_(False)
    return model


def train(options: argparse.Namespace) -> None:
    """Train for the given minutes; at each look at the validation sets write last.safetensors and a line of the log."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    model = start(options)
    average = copy.deepcopy(model).eval()
    decoder = [p for name, p in model.named_parameters() if not name.startswith("encoder")]
    groups = [{"params": decoder, "lr": options.rate, "scale": 1.0}]
    if options.tune:
        groups.append({"params": tune_encoder(model), "lr": 0.0, "scale": TUNED_RATE})
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    scenes = Scenes(read_pools(options.data, options.arms, options.people), options.size, options.seed, options.first)
    loader = iter(DataLoader(scenes, options.batch, num_workers=options.workers, prefetch_factor=3))
    began, looked, step, losses = time.monotonic(), time.monotonic(), 0, []
    while (share := (time.monotonic() - began) / (60 * options.minutes)) < 1:
        rate = options.rate * min(1, step / 100 + 0.01) * 0.5 * (1 + math.cos(math.pi * share))
        for group in optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        images, truth = next(loader)
        model.train()
        model.encoder.eval()
        with torch.autocast("cpu", torch.bfloat16):
            logits = model(images.float() / 255)["mask"]
        loss = loss_of(logits.float(), truth)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        step += 1
        losses.append(loss.item())
        decay = min(0.998, step / (step + 20))
        with torch.no_grad():
            for slow, fast in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
                slow.lerp_(fast, 1 - decay) if slow.is_floating_point() else slow.copy_(fast)
        if time.monotonic() - looked > 60 * options.look or step == 200:
            look(average, options, step, began, float(np.mean(losses)))
            looked, losses = time.monotonic(), []
    look(average, options, step, began, float(np.mean(losses)))


def look(model: nn.Module, options: argparse.Namespace, step: int, began: float, loss: float) -> None:
    """Measure on the validation sets, keep the weights, and log one line."""
    line = {"step": step, "minutes": round((time.monotonic() - began) / 60, 1), "loss": round(loss, 4)}
    line |= evaluate(model, options.validation, 384)
    options.output.mkdir(parents=True, exist_ok=True)
    save(options.output / "last.safetensors", model, CARD | {"training": line})
    with (options.output / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of backgrounds/, cutouts/ and labelled/")
    parser.add_argument("output", type=Path, help="folder for last.safetensors and log.jsonl")
    parser.add_argument("--features", type=Path, help="MobileNetV2 features to start from (.pth)")
    parser.add_argument("--back", type=float, default=1.0, help="how far to bring the encoder to them, 0 to 1")
    parser.add_argument("--resume", type=Path, help="last.safetensors of an earlier run")
    parser.add_argument("--validation", type=Path, required=True, help="folder of sets with images/ and masks/")
    parser.add_argument("--arms", type=Path, help="folder of rendered arms (render_hands.py arms)")
    parser.add_argument("--people", type=Path, help="folder of rendered people (render_hands.py people)")
    parser.add_argument("--tune", action="store_true", help="let the encoder's later blocks learn, slowly")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--look", type=float, default=4, help="minutes between looks at the validation sets")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--size", type=int, default=320)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first scene")
    return parser.parse_args()


if __name__ == "__main__":
    train(options())
