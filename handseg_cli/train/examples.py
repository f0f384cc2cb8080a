"""A look at what a net makes of some validation samples: each with its hands as labelled and as found."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from handseg_cli.io.draw import contact_sheet, overlay
from handseg_cli.loading.batches import Batch
from handseg_cli.sample import Image
from handseg_cli.tasks.losses import at_size, hand
from handseg_cli.train.loop import Loop, images, precision

MOST = 8
COLUMNS = 4
HEIGHT = 200  # pixels of a picture


@torch.inference_mode()
def draw_examples(loop: Loop, model: nn.Module, batch: Batch) -> Image:
    """Return a sheet of the first samples of a batch: labelled, and right of it found, (H, W, 3) uint8 RGB."""
    with precision(loop):
        logits = model.eval()(images(batch, loop.device))["mask"][:MOST]
    found = hand(at_size(logits, batch["mask"].shape[1:])).cpu() >= 0
    masks = torch.stack((batch["mask"][:MOST] == 1, found), 1).numpy().astype(np.uint8) * np.uint8(255)
    photos = batch["image"][:MOST].permute(0, 2, 3, 1).contiguous().numpy()
    tiles = [overlay(photo, mask) for photo, pair in zip(photos, masks, strict=True) for mask in pair]
    captions = [text for key in batch["key"][:MOST] for text in (key, "found")]
    return contact_sheet(tiles, COLUMNS, HEIGHT, captions)
