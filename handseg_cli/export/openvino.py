"""A checkpoint as OpenVINO's two files, .xml and .bin, if they say what torch says."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from handseg_cli.checkpoints.foreign import load_any
from handseg_cli.export.files import Exported
from handseg_cli.export.onnx import agreeing, to_onnx
from handseg_cli.io.files import busy, claim
from handseg_cli.runtime.openvino_session import settings
from handseg_cli.runtime.session import Batch


class Compiled:
    """A net in files of OpenVINO, on the CPU in float32."""

    def __init__(self, path: Path) -> None:
        self.net = ov.Core().compile_model(path, "CPU", settings(threads=1, half=False))

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        """Run the net on (B, H, W, 3) uint8 RGB."""
        outputs = self.net(batch)
        return {output.get_any_name(): np.asarray(outputs[output], np.float32) for output in self.net.outputs}


def export_openvino(checkpoint: Path, output: Path) -> Exported:
    """Write a checkpoint as .xml, its card inside, and .bin; write nothing if OpenVINO disagrees with torch."""
    model, card = load_any(checkpoint)
    net = ov.Core().read_model(to_onnx(model, card))
    net.set_rt_info(json.dumps(card), "card")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.xml"
        # Halved, the numbers would be off by more than rounding.
        ov.save_model(net, path, compress_to_fp16=False)
        difference = agreeing(checkpoint, model, Compiled(path))
        texts, weights = path.read_bytes(), path.with_suffix(".bin").read_bytes()
    write_both(output, texts, weights)
    return Exported(output, len(texts) + len(weights), difference, card)


def write_both(output: Path, texts: bytes, weights: bytes) -> None:
    """Write the .xml and its .bin beside it; neither gets its name before the bytes of both are on the disk."""
    beside = output.with_suffix(".bin")
    with claim(output) or busy(output) as first, claim(beside) or busy(beside) as second:
        for mine, data in ((first, texts), (second, weights)):
            with mine.file() as file:
                file.write(data)
        second.finish()
        first.finish()
