"""Quantise an exported net to 8 bits and measure what it gains and loses against the original.

    python data_scripts/quantize.py handseg_cli/checkpoints/lite.onnx PHOTOS lite.int8.onnx

Static, weights by channel, activations calibrated on half of the photos of a folder; the other half shows how well
both nets agree. Speed is CPU time at 288x512, from one thread and from as many as there are cores.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from quantize_graph import copy_rows, quantize_front

from handseg_cli.checkpoints.weights import card_of, tells_of
from handseg_cli.config import Label
from handseg_cli.io.files import write_atomic
from handseg_cli.io.images import Photo, read_photo
from handseg_cli.metrics.regions import count, iou
from handseg_cli.predict.predictor import Predictor, batched
from handseg_cli.runtime.onnx_file import read_model
from handseg_cli.runtime.onnx_session import OnnxSession
from handseg_cli.runtime.session import Batch

METHODS = {"minmax": CalibrationMethod.MinMax, "percentile": CalibrationMethod.Percentile}


class Photos(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime ships no types
    """Net inputs, one photo at a time."""

    def __init__(self, photos: list[Photo], size: int) -> None:
        # The histograms of onnxruntime want all inputs of one shape, so aspects are given up.
        self.batches = (batched([photo.image], (size, size)) for photo in photos)

    def get_next(self) -> dict[str, Batch] | None:
        """Return the next input by name, None after the last."""
        batch = next(self.batches, None)
        return None if batch is None else {"image": batch}


def read_photos(folder: Path, count: int, pixels: int) -> list[Photo]:
    """Read some photos of a folder and those below, the same ones each time."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
    random.Random(0).shuffle(paths)
    return [read_photo(path.read_bytes(), path.name, max_pixels=10**8, pixels=pixels) for path in paths[:count]]


def quantized(model: bytes, photos: list[Photo], size: int, method: str, bits: int) -> bytes:
    """Return the net in 8 bits, or with weights of 7."""
    with tempfile.TemporaryDirectory() as folder:
        plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(plain)
        ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        convolutions = [node.name for node in onnx.load(plain).graph.node if node.op_type == "Conv"]
        quantize_static(
            plain,
            small,
            Photos(photos, size),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,  # the one that x86 has fast instructions for
            weight_type=QuantType.QInt8,
            calibrate_method=METHODS[method],
            reduce_range=bits == 7,
            nodes_to_exclude=convolutions[:1],
        )
        proto = onnx.load(small)
        quantize_front(proto, bits)
        copy_rows(proto)
        return bytes(proto.SerializeToString())


def with_card(model: bytes, card: dict[str, object]) -> bytes:
    """Return the net with its card, which quantising drops."""
    proto = onnx.load_from_string(model)
    onnx.helper.set_model_props(proto, {"card": json.dumps(card)})
    return bytes(proto.SerializeToString(deterministic=True))


def agreement(model: bytes, small: bytes, label: Label, photos: list[Photo], card: dict[str, Any]) -> str:
    """Say how near two nets are in what they mark as hand or as arm and, of hands, in their sides."""
    sides = label == "hand" and "side" in tells_of(card)
    settings: dict[str, Any] = {"size": card["size"], "label": label, "sides": sides, "draws_sides": sides}
    both = [Predictor(OnnxSession(data), **settings).segment(photos) for data in (model, small)]
    pairs = list(zip(*both, strict=True))
    drift = np.mean([np.abs(one.probability.astype(int) - other.probability).mean() for one, other in pairs]) / 255
    agreed = np.mean([iou(count(one.mask, other.mask)) for one, other in pairs])
    found = f"probability off by {drift:.4f} on average, masks agree to IoU {agreed:.4f}"
    drawn = [(one.sides, other.sides) for one, other in pairs if one.sides is not None and other.sides is not None]
    alike = [(one == other)[(one > 0) & (other > 0)] for one, other in drawn]
    if not sum(map(len, alike)):
        return found
    return f"{found}, sides on {np.concatenate(alike).mean():.1%} of the pixels of both"


def cpu_ms(model: bytes, threads: int, seconds: float = 3.0) -> float:
    """Return the milliseconds of CPU time that a photo takes when so many threads share a session."""
    session = OnnxSession(model)
    batch = np.random.default_rng(0).integers(0, 256, (1, 288, 512, 3), np.uint8)
    session.run(batch)

    def keep_busy(_: int) -> int:
        count, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            session.run(batch)
            count += 1
        return count

    start = time.process_time()
    with ThreadPoolExecutor(threads) as pool:
        count = sum(pool.map(keep_busy, range(threads)))
    return 1000 * (time.process_time() - start) / count


def main() -> None:
    """Write the small net and print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("photos", type=Path, help="folder of photos like those it will see")
    parser.add_argument("output", type=Path)
    parser.add_argument("--count", type=int, default=96, help="photos to read, half of them to calibrate")
    parser.add_argument("--method", choices=METHODS, default="percentile")
    # Without VNNI, x86 adds products of 8 by 8 bits in 16 bits, which overflow; of 8 by 7 they do not.
    parser.add_argument("--bits", type=int, choices=(7, 8), default=8, help="of the weights; 8 needs a newer processor")
    asked = parser.parse_args()
    logging.getLogger().setLevel(logging.ERROR)
    model = read_model(asked.model)
    card = card_of(asked.model, model)
    photos = read_photos(asked.photos, asked.count, card["size"] ** 2)
    half = len(photos) // 2
    small = quantized(model, photos[:half], card["size"], asked.method, asked.bits)
    small = with_card(small, card | {"quantised": f"8 bits, weights {asked.bits}, {asked.method} of {half} photos"})
    write_atomic(asked.output, small)
    for name, data in (("float", model), ("8 bits", small)):
        times = "  ".join(f"{cpu_ms(data, threads):6.2f} ms CPU x{threads}" for threads in (1, os.cpu_count() or 1))
        print(f"{name:8} {len(data) / 1e6:5.1f} MB  {times}")
    print(f"on {len(photos) - half} other photos:")
    for label in ("hand", "arm"):
        if label in tells_of(card):
            print(f"{label:8} {agreement(model, small, label, photos[half:], card)}")


if __name__ == "__main__":
    main()
