"""Entry points for torch.hub, which looks for them here.

model = torch.hub.load("path/to/this/folder", "hand_segmentor", pretrained=True, source="local")
masks = model(images).argmax(1)  # (B, 3, H, W) normalised by ImageNet's mean and deviation to (B, H, W), 1 on hands
"""

from handseg_cli.export.hub import hand_segmentor

__all__ = ["hand_segmentor"]
dependencies = ["numpy", "safetensors", "torch", "torchvision"]
