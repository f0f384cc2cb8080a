"""One frozen dataclass per command: its docstring is the help, each field is an option, and defaults live only here.

A field without a dash in sight is `--its-name`; `paths` and fields without a default are positional.
Values are checked when the dataclass is made, so that a verb never meets settings that make no sense.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from handseg_cli.errors import ConfigError

Kind = Literal["mask", "probability", "overlay", "cutout"]
RuntimeName = Literal["auto", "onnx", "openvino", "torch"]
DeviceName = Literal["cpu", "cuda", "mps"]
SplitName = Literal["group", "official", "seed"]

STDIN = Path("-")


class Short(NamedTuple):
    """Marks a field that has a second, shorter option."""

    flag: str


class Positional(NamedTuple):
    """Marks a field that is an argument although it has a default; its name is for the usage line."""

    metavar: str


def require(holds: bool, message: str) -> None:
    """Raise ConfigError with the message unless the condition holds."""
    if not holds:
        raise ConfigError(message)


@dataclass(frozen=True)
class NetConfig:
    """What opening a net takes: which weights, where they run, and how a mask is made of what they say."""

    weights: Annotated[str, "Embedded weights by name, or the path of an .onnx or .safetensors file."] = "lite"
    runtime: Annotated[RuntimeName, "What runs it; auto: ONNX Runtime, or PyTorch for .safetensors and GPUs."] = "auto"
    device: Annotated[DeviceName, "Where the net runs. A device that is absent is an error, never the CPU."] = "cpu"
    half: Annotated[bool, "Compute in half precision, by --runtime openvino or torch."] = False
    size: Annotated[int, "Scale each photo to about SIZE x SIZE pixels for the net; 0: what the weights ask for."] = 0
    threshold: Annotated[float, "A pixel is a hand from this probability on, 0 to 1."] = 0.5
    min_area: Annotated[float, "Drop hands smaller than this fraction of the photo, 0 to 1."] = 0.0
    crf: Annotated[bool, "Pull the border to the photo's edges with a dense CRF (slower)."] = False
    tile: Annotated[bool, "Look at overlapping tiles too, for small hands in huge photos (slower)."] = False
    tta: Annotated[bool, "Average with the mirrored photo: a little better, half as fast."] = False

    def __post_init__(self) -> None:
        require(bool(self.weights), "--weights is empty; it takes a name or the path of a weights file")
        require(0 <= self.threshold <= 1, f"--threshold is {self.threshold}; it goes from 0 to 1")
        require(0 <= self.min_area <= 1, f"--min-area is {self.min_area}; it is a fraction of the photo, from 0 to 1")
        require(self.size == 0 or 32 <= self.size <= 4096, f"--size is {self.size}; it goes from 32 to 4096, or is 0")
        may_halve = self.runtime in ("openvino", "torch") or self.device != "cpu"
        require(not self.half or may_halve, "--half is for --runtime openvino or torch; ONNX Runtime has float32 only")


@dataclass(frozen=True)
class PredictConfig(NetConfig):
    """Write masks of the hands in photos and videos.

    PATH is a photo, a folder of photos, a video, or - for one photo on stdin and its mask on stdout.
    The mask of image.jpg is image.jpg.png beside it, or under --output DIR in a mirror of the tree.
    It has the size of the photo as displayed, 255 on hands and 0 elsewhere.
    """

    paths: Annotated[tuple[Path, ...], "Photos, folders, videos, or - for stdin.", Positional("PATH")] = ()
    output: Annotated[Path | None, "Write under this folder and mirror the tree of the inputs.", Short("-o")] = None
    recursive: Annotated[bool, "Go into folders within folders.", Short("-r")] = False
    files_from: Annotated[str | None, "Read paths from this file, one a line; - is stdin."] = None
    files0_from: Annotated[str | None, "The same, paths ended by NUL as `find -print0` writes them."] = None
    kind: Annotated[tuple[Kind, ...], "What to write; repeat the option for several.", Short("-k")] = ("mask",)
    bits: Annotated[Literal[1, 8], "Bits a pixel of the mask file has."] = 8
    overwrite: Annotated[bool, "Replace files that handseg did not write, too."] = False
    refresh: Annotated[bool, "Redo masks that are up to date, too."] = False
    fail_on: Annotated[Literal["any", "all", "never"], "Exit with 1 if any input failed, if all did, or never."] = "any"
    strict: Annotated[bool, "Stop at the first input that fails."] = False
    json: Annotated[bool, "Print a JSON line for each input on stdout."] = False
    manifest: Annotated[Path | None, "Append the same JSON lines to this file."] = None
    quiet: Annotated[bool, "Say nothing on stderr but why the command cannot run.", Short("-q")] = False
    shard: Annotated[str, "Do part I of N, as I/N; else taken from Slurm, Kubernetes or torchrun; 1/1: all."] = ""
    watch: Annotated[bool, "Keep running and do photos as they arrive, once they are complete."] = False
    max_pixels: Annotated[int, "Refuse photos of more pixels than this."] = 100_000_000
    workers: Annotated[int, "Photos in work at a time; 0: two more than there are CPU cores."] = 0
    batch: Annotated[int, "Photos the net sees at once; 0: 1 on the CPU, 8 on a GPU."] = 0
    frames: Annotated[bool, "For a video: a folder of numbered PNG masks, not a mask video."] = False
    raw: Annotated[str, "Raw RGB24 frames of this WIDTHxHEIGHT on stdin, raw grey masks on stdout."] = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.bits in (1, 8), f"--bits is {self.bits}; it is 1 or 8")
        require(self.max_pixels > 0, f"--max-pixels is {self.max_pixels}; it is at least 1")
        require(self.workers >= 0, f"--workers is {self.workers}; it is 0 or more")
        require(self.batch >= 0, f"--batch is {self.batch}; it is 0 or more")
        require(bool(self.kind), "--kind is empty; give at least one of mask, probability, overlay, cutout")
        require(len(set(self.kind)) == len(self.kind), "--kind names the same kind twice")
        check_shard(self.shard)
        check_inputs(self)
        if self.from_pipe:
            check_pipe(self)

    @property
    def from_pipe(self) -> bool:
        """Tell whether stdin brings the picture and stdout takes the mask."""
        return bool(self.raw) or STDIN in self.paths

    @property
    def lists_hands(self) -> bool:
        """Tell whether the hands of a mask are to be told apart, which takes its time."""
        return self.json or self.manifest is not None or "overlay" in self.kind

    @property
    def raw_size(self) -> tuple[int, int]:
        """Return the (height, width) of raw frames, (0, 0) without `--raw`."""
        return parse_size(self.raw) if self.raw else (0, 0)


def parse_size(text: str) -> tuple[int, int]:
    """Read WIDTHxHEIGHT in pixels as (height, width)."""
    found = re.fullmatch(r"([1-9]\d{0,5})x([1-9]\d{0,5})", text)
    if found is None:
        raise ConfigError(f"--raw is {text!r}; it is the size of a frame as WIDTHxHEIGHT, such as 1280x720")
    return int(found[2]), int(found[1])


def parse_shard(text: str) -> tuple[int, int]:
    """Read I/N, counted from 1, as (I, N)."""
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    shard = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= shard[0] <= shard[1]:
        raise ConfigError(f"--shard is {text!r}; it is I/N with I from 1 to N, such as 3/8")
    return shard


def check_shard(text: str) -> None:
    """Raise ConfigError unless the shard is empty or I/N."""
    if text:
        parse_shard(text)


def check_inputs(config: PredictConfig) -> None:
    """Raise ConfigError unless there is something to read and it is said once."""
    lists = [name for name in (config.files_from, config.files0_from) if name is not None]
    named = bool(config.paths or lists or config.raw)
    require(named, "no input: give a PATH (a photo or a folder), or --files-from FILE; see `handseg predict --help`")
    require(lists.count("-") < 2, "--files-from and --files0-from cannot both read stdin")
    require("-" not in lists or not config.from_pipe, "stdin cannot bring a picture and a list of files at once")
    require(not config.watch or bool(config.paths), "--watch needs a folder to watch: name it as PATH")
    require(not (config.watch and lists), "--watch watches folders; leave out --files-from and --files0-from")
    require(not (config.watch and config.strict), "--watch goes on for ever and --strict stops; leave out one")


def check_pipe(config: PredictConfig) -> None:
    """Raise ConfigError if an option makes no sense with a picture on stdin and its mask on stdout."""
    way = "--raw" if config.raw else "-"
    if config.raw:
        height, width = parse_size(config.raw)
        fits = height * width <= config.max_pixels
        require(fits, f"--raw {config.raw} has more pixels than --max-pixels {config.max_pixels}")
        require(not config.paths, "--raw reads stdin; leave out PATH")
        require(config.bits == 8, "--raw writes 8-bit grey; leave out --bits")
    require(config.paths in ((), (STDIN,)), "- is one photo on stdin; leave out the other paths")
    require(len(config.kind) == 1, f"{way} writes one picture to stdout; give one --kind")
    require(not config.raw or config.kind[0] in ("mask", "probability"), "--raw writes --kind mask or probability")
    require(config.output is None, f"{way} writes to stdout; leave out --output")
    require(not config.json, f"{way} writes the mask to stdout; use --manifest FILE in place of --json")
    require(not config.watch, f"{way} reads stdin; leave out --watch")
    require(not (config.files_from or config.files0_from), f"{way} reads stdin; leave out the file lists")


@dataclass(frozen=True)
class DownloadConfig:
    """Fetch datasets and unpack them.

    NAME is a dataset of `handseg show datasets`; without any: eyth, egohands, hof and gtea. Licence, citation and size
    are shown first. What was cut off goes on where it stopped, and what is there already is not fetched again.
    """

    names: Annotated[tuple[str, ...], "Datasets by name.", Positional("NAME")] = ()
    root: Annotated[Path | None, "Keep data in this folder, not in $HANDSEG_HOME or ~/.handseg."] = None
    from_file: Annotated[Path | None, "Take this archive, fetched by hand, for the one named.", Short("--from")] = None
    mirror: Annotated[str, "Look for each archive below this address first."] = ""
    yes: Annotated[bool, "Do not ask, as in cron.", Short("-y")] = False
    dry_run: Annotated[bool, "Only show what would be fetched, and from where.", Short("-n")] = False
    quiet: Annotated[bool, "Say nothing on stderr but why the command cannot go on.", Short("-q")] = False

    def __post_init__(self) -> None:
        require(self.from_file is None or len(self.names) == 1, "--from is for one archive: name its dataset")
        web = self.mirror.startswith(("https://", "http://"))
        require(
            not self.mirror or web, f"--mirror is {self.mirror!r}; it is an address such as https://example.org/data"
        )


@dataclass(frozen=True)
class PrepareConfig:
    """Turn raw datasets into one HDF5 file each, ready for training.

    NAME is a dataset of `handseg show datasets`, whose raw folder is where `handseg download` has put it, or --raw.
    For photos of your own: folder, coco, labelme, yolo or pairs, with --raw.
    """

    names: Annotated[tuple[str, ...], "Datasets by name.", Positional("NAME")] = ()
    raw: Annotated[Path | None, "The raw folder of the one dataset that is named."] = None
    root: Annotated[Path | None, "Where data are kept, in place of $HANDSEG_HOME or ~/.handseg."] = None
    output: Annotated[Path | None, "Write the .h5 files into this folder, not into prepared/.", Short("-o")] = None
    size: Annotated[int, "Scale photos so that the longer side has this many pixels at most; 0: leave them."] = 512
    labels: Annotated[str, "hand, hand+arm, sides or parts; else what the dataset has first."] = ""
    split: Annotated[SplitName, "Part them by person or video, as the dataset does, or as published code shuffled."] = (
        "group"
    )
    seed: Annotated[int, "Of the split."] = 1234
    workers: Annotated[int, "Processes that read; 0: as many as there are CPU cores."] = 0
    quiet: Annotated[bool, "Say nothing on stderr but why the command cannot go on.", Short("-q")] = False

    def __post_init__(self) -> None:
        require(bool(self.names), "no dataset: give a NAME of `handseg show datasets`")
        require(self.raw is None or len(self.names) == 1, "--raw is the folder of one dataset: name just that one")
        require(self.size == 0 or 32 <= self.size <= 8192, f"--size is {self.size}; it goes from 32 to 8192, or is 0")
        require(self.workers >= 0, f"--workers is {self.workers}; it is 0 or more")


@dataclass(frozen=True)
class ExportConfig:
    """Write a checkpoint as an ONNX file.

    The file takes batches and photos of any size and carries its card. It is kept only if it says what the
    checkpoint says.
    """

    checkpoint: Annotated[Path, "The .safetensors file to read."]
    output: Annotated[Path, "The .onnx file to write."]


@dataclass(frozen=True)
class DoctorConfig:
    """Check this installation.

    Prints versions, devices, runtimes, the embedded weights with their hashes, and makes one mask for a test.
    Exits with 4 if something is broken.
    """

    json: Annotated[bool, "Print one JSON object in place of the report."] = False


@dataclass(frozen=True)
class ShowConfig:
    """List models, datasets, weights or runtimes, or tell what is in a prepared file.

    WHAT is one of these four words, or the path of an .h5 file that `handseg prepare` has written.
    """

    what: Annotated[str, "models, datasets, weights, runtimes, or the path of a prepared file."]
    sheet: Annotated[Path | None, "Draw photos of a prepared file with their labels, as a PNG.", Short("-s")] = None
    json: Annotated[bool, "Print one JSON object in place of the list."] = False
