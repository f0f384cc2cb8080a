"""A look at what a net makes of some validation samples: each as labelled and as found."""

from __future__ import annotations

import torch
from torch import nn

from handseg_cli.io.draw import contact_sheet
from handseg_cli.loading.batches import Batch
from handseg_cli.sample import Image
from handseg_cli.train.loop import Loop, precision, to_batch

MOST = 8
COLUMNS = 4
HEIGHT = 200  # pixels of a picture


@torch.inference_mode()
def draw_examples(loop: Loop, model: nn.Module, batch: Batch) -> Image:
    """Return a sheet of the first samples of a batch: labelled, and right of it found, (H, W, 3) uint8 RGB."""
    told = to_batch(batch, loop.device)
    with precision(loop):
        outputs = model.eval()(*loop.task.inputs(told))
    photos = [*batch.image[:MOST].permute(0, 2, 3, 1).contiguous().numpy()]
    captions = [text for key in batch.key[:MOST] for text in (key, "found")]
    return contact_sheet(loop.task.draw(photos, outputs, told), COLUMNS, HEIGHT, captions)
