"""The published weights of other systems, which `handseg download checkpoints` fetches; none of them is ours."""

from __future__ import annotations

from handseg_cli.datasets.dataset import Archive

HRNET = "https://download.openmmlab.com/mmpose/pretrain_models/hrnet_w32-36af842e.pth"


class Checkpoints:
    """Files to import from: DeepLabV3 hand masks, a U-Net, HandSegNet and the lifting nets, DIGIT, and its backbone."""

    archives = (
        Archive("deeplab-rgb.ckpt", "gdrive:1w7dztGAsPHD_fl_Kv_a8qHL4eW92rlQg", unpacked=False),
        Archive("deeplab-grey.ckpt", "gdrive:1dJTPikk1V4No-4vfq1269IFEfbDZvrV6", unpacked=False),
        Archive("MODEL.pth", "https://www.dropbox.com/s/ggqejsr5hl2l1o5/MODEL.pth", about=54_000_000, unpacked=False),
        Archive(
            "ColorHandPose3D_data_v3.zip",
            "https://lmb.informatik.uni-freiburg.de/projects/hand3d/ColorHandPose3D_data_v3.zip",
            into="hand3d",
        ),
        Archive("digit.pt", "https://dataset.ait.ethz.ch/downloads/dE6qPPePCV/db7cba8c1.pt", unpacked=False),
        Archive("hrnet_w32-36af842e.pth", HRNET, unpacked=False),
    )
    licence = "each its authors'; DIGIT and its data are CC BY-NC 4.0: ask them before any other use"
    citation = "Zimmermann & Brox (ICCV 2017); Fan et al., DIGIT (3DV 2021); Sun et al., HRNet (CVPR 2019)"
    page = "https://github.com/lmb-freiburg/hand3d and https://github.com/zc-alexfan/digit-interacting"
