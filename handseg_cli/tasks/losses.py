"""Losses of a hand mask: (B, C, H, W) logits, of hand or of background and hand, against (B, H, W) hard labels.

In the labels 1 is hand, 0 is not, and 255 is nobody's: outside the photo, or unlabelled. Each loss is a mean over
what was judged of a photo, and then over the photos: so the gradient of a batch is the mean of those of its parts, in
whichever processes they are. Arms and sides, of which many photos tell nothing, have a mean over those that do.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

FOCUS = 2.0  # the exponent of Lin et al., "Focal Loss" (ICCV 2017)
BORDER = 5  # pixels on either side of an outline that count for the boundary loss
SMOOTH = 1.0  # pixels; keeps the dice of photos without hands from jumping


def bce(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the binary cross-entropy of each logit; of two, the background's against what is no hand."""
    return mean(cross_entropy(logits, labels), labels != 255)


def ce(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of the softmax over background and hand."""
    return mean(F.binary_cross_entropy_with_logits(hand(logits), one(labels), reduction="none"), labels != 255)


def focal(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy, less of it the surer the net is already."""
    each = F.binary_cross_entropy_with_logits(hand(logits), one(labels), reduction="none")
    return mean(each * (1 - torch.exp(-each)) ** FOCUS, labels != 255)


def dice(logits: Tensor, labels: Tensor) -> Tensor:
    """Return 1 less the soft dice of each photo, as a mean over the photos."""
    judged = (labels != 255).float()
    shown, true = hand(logits).sigmoid() * judged, one(labels) * judged
    both, total = (shown * true).sum((1, 2)), (shown + true).sum((1, 2))
    return (1 - (2 * both + SMOOTH) / (total + SMOOTH)).mean()


def boundary(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy near the outlines of hands alone."""
    true = one(labels)[:, None]
    side = 2 * BORDER + 1
    thick = F.max_pool2d(true, side, 1, BORDER)
    thin = -F.max_pool2d(-true, side, 1, BORDER)
    each = F.binary_cross_entropy_with_logits(hand(logits), true[:, 0], reduction="none")
    return mean(each, (thick != thin)[:, 0] & (labels != 255))


def told(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the binary cross-entropy of (B, 1, H, W) logits of arms or sides, a mean over the photos that know any."""
    knows = (labels != 255).flatten(1).any(1)
    # What knows nothing adds nothing to a mean over all photos.
    return ce(logits, labels) * len(knows) / knows.sum().clamp(min=1)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bce": bce,
    "ce": ce,
    "dice": dice,
    "focal": focal,
    "boundary": boundary,
    "arm": told,
    "side": told,
}


def hand(logits: Tensor) -> Tensor:
    """Return the (B, H, W) logit of hand: of two channels, how much hand is above background."""
    return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]


def one(labels: Tensor) -> Tensor:
    """Return 1.0 where the labels say hand."""
    return (labels == 1).float()


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the (B, H, W) binary cross-entropy, of two channels their mean."""
    true = one(labels)
    target = true[:, None] if logits.shape[1] == 1 else torch.stack((1 - true, true), 1)
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none").mean(1)


def mean(each: Tensor, counted: Tensor) -> Tensor:
    """Return the mean over the photos of the mean over those of their pixels that count; 0 for one without such."""
    share = counted.float()
    return ((each * share).sum((1, 2)) / share.sum((1, 2)).clamp(min=1)).mean()


def at_size(logits: Tensor, size: torch.Size) -> Tensor:
    """Bring (B, C, h, w) logits to the (H, W) of the labels, in full precision."""
    logits = logits.float()
    return logits if logits.shape[2:] == size else F.interpolate(logits, size, mode="bilinear", align_corners=False)
