"""The names a user may give and where each leads, as strings, so that nothing is imported before it is used."""

from __future__ import annotations

import importlib

from handseg_cli.errors import HandsegError

# "module:attribute" of an nn.Module that returns a dict of named arrays.
MODELS: dict[str, str] = {
    "lite": "handseg_cli.models.lite:Lite",
    "deeplab": "handseg_cli.models.deeplab:DeepLab",
    "unet": "handseg_cli.models.unet:UNet",
    "handsegnet": "handseg_cli.models.handsegnet:HandSegNet",
    "posenet": "handseg_cli.models.posenet:PoseNet",
    "poselift": "handseg_cli.models.poselift:PoseLift",
    "handpose": "handseg_cli.models.handpose:HandPose",
    "digit": "handseg_cli.models.digit:Digit",
}

# "module:attribute" of an object with archives, find and read.
DATASETS: dict[str, str] = {
    "eyth": "handseg_cli.datasets.eyth:Eyth",
    "egohands": "handseg_cli.datasets.egohands:EgoHands",
    "hof": "handseg_cli.datasets.hof:Hof",
    "gtea": "handseg_cli.datasets.gtea:Gtea",
    "gtea_gaze_part": "handseg_cli.datasets.gtea_gaze_part:GteaGazePart",
    "rhd": "handseg_cli.datasets.rhd:Rhd",
    "interhand": "handseg_cli.datasets.interhand:InterHand",
    "folder": "handseg_cli.datasets.folder:Folder",
    "coco": "handseg_cli.datasets.coco:Coco",
    "labelme": "handseg_cli.datasets.labelme:LabelMe",
    "yolo": "handseg_cli.datasets.yolo:Yolo",
    "pairs": "handseg_cli.datasets.pairs:Pairs",
}
FIRST_SYSTEM = ("eyth", "egohands", "hof", "gtea")
ALIASES: dict[str, str] = {"eh": "egohands"}

# What can be fetched besides: "module:attribute" of an object with archives.
DOWNLOADS: dict[str, str] = {
    "checkpoints": "handseg_cli.datasets.checkpoints:Checkpoints",
    "assets": "handseg_cli.datasets.assets:Assets",
}

# Weights that ship in the package, by the stem of their files in checkpoints/.
WEIGHTS: dict[str, str] = {"lite": "lite", "fast": "lite", "handpose": "handpose"}

# What size photos are scaled to for weights of these names, where it is not the one that their card asks for.
SIZES: dict[str, int] = {"fast": 224}

# "module:attribute" of open_session(weights, *, device, threads, half).
RUNTIMES: dict[str, str] = {
    "onnx": "handseg_cli.runtime.onnx_session:open_session",
    "openvino": "handseg_cli.runtime.openvino_session:open_session",
    "torch": "handseg_cli.runtime.torch_session:open_session",
}

# By the scheme of an address, "module:attribute" of what reads and writes objects, and of the class of fsspec it uses.
STORES: dict[str, tuple[str, str]] = {
    "s3": ("handseg_cli.io.s3:S3", "s3fs:S3FileSystem"),
    "gs": ("handseg_cli.io.gcs:Gcs", "gcsfs:GCSFileSystem"),
    "gcs": ("handseg_cli.io.gcs:Gcs", "gcsfs:GCSFileSystem"),
    "az": ("handseg_cli.io.bucket:Bucket", "adlfs:AzureBlobFileSystem"),
    "abfs": ("handseg_cli.io.bucket:Bucket", "adlfs:AzureBlobFileSystem"),
    "abfss": ("handseg_cli.io.bucket:Bucket", "adlfs:AzureBlobFileSystem"),
    "memory": ("handseg_cli.io.bucket:Bucket", "fsspec.implementations.memory:MemoryFileSystem"),
}

# Packages that an extra brings, by the name they are imported under.
EXTRAS: dict[str, str] = {
    "openvino": "openvino",
    "pillow_heif": "heic",
    "lmdb": "lmdb",
    "onnx": "export",
    "onnxscript": "export",
    "moderngl": "synth",
    "scipy": "synth",
    "ray": "ray",
    "fsspec": "cloud",
    "s3fs": "cloud",
    "gcsfs": "cloud",
    "adlfs": "cloud",
}


def resolve(target: str) -> object:
    """Import "module:attribute" and return the attribute; name the extra to install where a package is missing."""
    module, _, attribute = target.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if missing in ("", "handseg_cli"):
            raise
        wanted = f"handseg[{EXTRAS[missing]}]" if missing in EXTRAS else missing
        raise HandsegError(f"needs {missing}: pip install '{wanted}'") from error
