"""The predict command."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from handseg_cli.config.marks import Positional, Short, require
from handseg_cli.config.net import NetConfig, TaskName
from handseg_cli.errors import ConfigError
from handseg_cli.paths import Place, Url

Kind = Literal["mask", "probability", "overlay", "cutout", "sides", "pose", "parts"]

# What each task can write; the first is what it writes unless it is told.
KINDS: dict[TaskName, tuple[Kind, ...]] = {
    "hands": ("mask", "probability", "overlay", "cutout", "sides"),
    "pose": ("pose", "overlay"),
    "hands3d": ("pose", "parts", "overlay"),
}

STDIN = Path("-")


@dataclass(frozen=True)
class PredictConfig(NetConfig):
    """Write masks of the hands in photos and videos, or with --task pose or hands3d their joints.

    PATH is a photo, a folder of photos, a video, or - for one photo on stdin and its mask on stdout.
    It may be in object storage: s3://, gs:// and az:// addresses do for photos, --output, lists and --manifest.
    The mask of image.jpg is image.jpg.png beside it, or under --output DIR in a mirror of the tree.
    It has the size of the photo as displayed, 255 on hands and 0 elsewhere.
    Joints go to image.jpg.json: of each hand its side and 21 joints, in pixels and in millimetres.
    With --task hands3d two hands that are close are looked at together, and told part by part.
    """

    paths: Annotated[tuple[Place, ...], "Photos, folders, videos, or - for stdin.", Positional("PATH")] = ()
    task: Annotated[
        TaskName, "What is told of hands: their pixels, the joints of each, or joints and parts of two at once."
    ] = "hands"
    output: Annotated[Place | None, "Write under this folder and mirror the tree of the inputs.", Short("-o")] = None
    recursive: Annotated[bool, "Go into folders within folders.", Short("-r")] = False
    files_from: Annotated[str | None, "Read paths from this file, one a line; - is stdin."] = None
    files0_from: Annotated[str | None, "The same, paths ended by NUL as `find -print0` writes them."] = None
    kind: Annotated[
        tuple[Kind, ...],
        "What to write; repeat it for several. If left out: mask, or with another task pose.",
        Short("-k"),
    ] = ()
    bits: Annotated[Literal[1, 8], "Bits a pixel of the mask file has."] = 8
    allow_http: Annotated[bool, "Take photos from http:// and https:// addresses, never of private networks."] = False
    overwrite: Annotated[bool, "Replace files that handseg did not write, too."] = False
    refresh: Annotated[bool, "Redo masks that are up to date, too."] = False
    fail_on: Annotated[Literal["any", "all", "never"], "Exit with 1 if any input failed, if all did, or never."] = "any"
    strict: Annotated[bool, "Stop at the first input that fails."] = False
    json: Annotated[bool, "Print a JSON line for each input on stdout."] = False
    manifest: Annotated[Place | None, "Append the same JSON lines to this file."] = None
    metrics: Annotated[Path | None, "Keep counters in this file, as Prometheus' node_exporter reads them."] = None
    log_json: Annotated[bool, "Write JSON lines on stderr in place of text."] = False
    quiet: Annotated[bool, "Say nothing on stderr but why the command cannot run.", Short("-q")] = False
    shard: Annotated[str, "Do part I of N, as I/N; else taken from Slurm, Kubernetes or torchrun; 1/1: all."] = ""
    engine: Annotated[Literal["local", "ray"], "What does the work: this process, or a Ray cluster."] = "local"
    address: Annotated[str, "For --engine ray: the cluster, such as auto; if left out, one on this machine."] = ""
    actors: Annotated[int, "For --engine ray: processes with a net; 0: as many as the cluster has room for."] = 0
    watch: Annotated[bool, "Keep running and do photos as they arrive, once they are complete."] = False
    max_pixels: Annotated[int, "Refuse photos of more pixels than this."] = 100_000_000
    workers: Annotated[int, "Photos in work at a time; 0: two more than there are CPU cores."] = 0
    batch: Annotated[int, "Photos the net sees at once; 0: 1 on the CPU, 8 on a GPU."] = 0
    frames: Annotated[bool, "For a video: a folder of numbered PNG masks, not a mask video."] = False
    raw: Annotated[
        str, "Raw RGB24 frames of this WIDTHxHEIGHT on stdin, raw grey masks, or lines of joints, on stdout."
    ] = ""
    finder: Annotated[str, "For --task pose, hands3d: which net finds the hands; lite, or the pose model's own."] = ""
    focal: Annotated[float, "For the same: the camera's focal length in pixels; 0: by EXIF, or a usual one."] = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.bits in (1, 8), f"--bits is {self.bits}; it is 1 or 8")
        require(self.max_pixels > 0, f"--max-pixels is {self.max_pixels}; it is at least 1")
        require(self.workers >= 0, f"--workers is {self.workers}; it is 0 or more")
        require(self.batch >= 0, f"--batch is {self.batch}; it is 0 or more")
        require(len(set(self.kind)) == len(self.kind), "--kind names the same kind twice")
        of_hands = self.label != "arm" or "sides" not in self.kind
        require(of_hands, "--kind sides is of hands, left and right; leave out --label arm")
        check_task(self)
        check_shard(self.shard)
        check_inputs(self)
        check_urls(self)
        check_engine(self)
        if self.from_pipe:
            check_pipe(self)

    @property
    def from_pipe(self) -> bool:
        """Tell whether stdin brings the picture and stdout takes the mask."""
        return bool(self.raw) or STDIN in self.paths

    @property
    def is_remote(self) -> bool:
        """Tell whether photos come from, or pictures go to, another machine, which takes its time."""
        return any(isinstance(each, Url) for each in (*self.paths, self.output))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Return what is to be written."""
        return self.kind or KINDS[self.task][:1]

    @property
    def lists_hands(self) -> bool:
        """Tell whether the hands of a mask are to be told apart, which takes its time."""
        return self.json or self.manifest is not None or self.draws_sides

    @property
    def draws_sides(self) -> bool:
        """Tell whether pictures show which hands are left and which are right, where the net tells."""
        return "overlay" in self.kinds or "sides" in self.kinds

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


def check_task(config: PredictConfig) -> None:
    """Raise ConfigError if options of one task are given to the other."""
    kinds, pose = KINDS[config.task], config.task != "hands"
    odd = [kind for kind in config.kind if kind not in kinds]
    adds = "it takes" if pose else "add"
    other = next((task for task, written in KINDS.items() if {*odd[:1]} <= {*written}), config.task)
    advice = f"run again without --task {config.task} for it" if other == "hands" else f"{adds} --task {other}"
    require(not odd, f"--kind {''.join(odd[:1])}: --task {config.task} writes {', '.join(kinds)}; {advice}")
    require(pose or not config.finder, "--finder is for --task pose and hands3d; else --weights finds the hands")
    require(pose or not config.focal, "--focal is for --task pose and hands3d")
    require(0 <= config.focal < float("inf"), f"--focal is {config.focal}; it is a length in pixels, or 0")
    require(not pose or config.label == "hand", f"--task {config.task} is of hands; leave out --label")


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


def check_urls(config: PredictConfig) -> None:
    """Raise ConfigError for addresses that cannot be what they are to be."""
    urls = [path for path in config.paths if isinstance(path, Url)]
    web = [url for url in urls if url.is_web]
    shown = str(web[0]) if web else ""
    require(config.allow_http or not web, f"{shown} is on the web; add --allow-http to take photos from there")
    require(
        config.output is not None or not web, f"{shown} is on the web, which cannot be written to; add --output DIR"
    )
    for name, each in (("--output", config.output), ("--manifest", config.manifest)):
        require(not (isinstance(each, Url) and each.is_web), f"{name} {each}: the web cannot be written to")
    remote = bool(urls) or isinstance(config.output, Url)
    require(not (config.watch and remote), "--watch watches folders of this machine; run again now and then instead")


def check_engine(config: PredictConfig) -> None:
    """Raise ConfigError if options for a cluster come without one, or it cannot do what is asked for."""
    ray = config.engine == "ray"
    require(ray or not config.address, "--address is for --engine ray")
    require(ray or not config.actors, "--actors is for --engine ray")
    require(config.actors >= 0, f"--actors is {config.actors}; it is 0 or more")
    require(not (ray and config.from_pipe), "--engine ray does files; leave it out for what comes on stdin")


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
    require(len(config.kinds) == 1, f"{way} writes one picture to stdout; give one --kind")
    plain = config.kinds[0] in ("mask", "probability", "pose", "parts")
    require(
        not config.raw or plain,
        "--raw writes --kind mask or probability, or with --task pose pose, or with --task hands3d parts",
    )
    require(config.output is None, f"{way} writes to stdout; leave out --output")
    require(not config.json, f"{way} writes the mask to stdout; use --manifest FILE in place of --json")
    require(not config.watch, f"{way} reads stdin; leave out --watch")
    require(config.metrics is None and not config.log_json, f"{way}: --metrics and --log-json are for runs over files")
    require(not (config.files_from or config.files0_from), f"{way} reads stdin; leave out the file lists")
