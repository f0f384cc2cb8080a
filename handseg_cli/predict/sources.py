"""The inputs that a command line names, found while they are worked on: a tree may hold more than the memory does."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from handseg_cli.config import PredictConfig
from handseg_cli.errors import ConfigError, ImageError
from handseg_cli.io.files import PART
from handseg_cli.io.images import sniff, sniff_video
from handseg_cli.io.inputs import read_head
from handseg_cli.paths import Place, Url, cleaned, place
from handseg_cli.predict.globs import expand, is_glob, root_of
from handseg_cli.predict.lists import read_list
from handseg_cli.predict.names import is_image_name, is_likely, names_picture, stems
from handseg_cli.predict.objects import Objects
from handseg_cli.predict.shards import Shard
from handseg_cli.predict.stamps import SUFFIXES, Source, explain, is_stamped

HEAD = 400  # bytes that tell photos and videos from other files
Chain = tuple[tuple[int, int], ...]  # (device, inode) of a folder and of those it lies in


@dataclass(frozen=True, slots=True)
class Item:
    """One input. `key` is its relative posix path, by which it is mirrored and dealt to shards.

    With an `error` it is what was named or met but cannot be an input. `source` is what a list of its store told of it.
    """

    path: Place
    key: str
    video: bool = False
    error: str = ""
    source: Source | None = None


class Sources:
    """The inputs of a configuration that belong to a shard. `total` is how many are known to come so far.

    `met` tells whether there was an input, of whatever shard. `on_folder` is called with each folder before it is
    listed.
    """

    def __init__(self, config: PredictConfig, shard: Shard, on_folder: Callable[[Path], None] | None = None) -> None:
        self.config = config
        self.shard = shard
        self.on_folder = on_folder
        self.base = common_folder(config)
        self.objects = Objects(config)
        self.output = os.path.realpath(config.output) if isinstance(config.output, Path) else ""
        self.linked: set[tuple[int, int]] = set()
        self.total = 0
        self.met = False

    def __iter__(self) -> Iterator[Item | None]:
        """Yield the inputs in order; None now and then while a list on a pipe brings nothing."""
        self.linked.clear()
        for path in self.config.paths:
            yield from self.named(path)
        for source, end in ((self.config.files_from, b"\n"), (self.config.files0_from, b"\0")):
            for entry in read_list(source, end) if source is not None else ():
                if entry is None:
                    yield None
                else:
                    yield from self.listed(entry)

    def named(self, path: Place) -> Iterator[Item]:
        """Yield what one path of the command line stands for; one that does not exist may be a pattern."""
        if isinstance(path, Url):
            yield from self.stored(path, may_be_pattern=True)
            return
        if not is_glob(str(path)) or os.path.lexists(path):
            yield from self.given(path)
            return
        empty = True
        for match in expand(str(path)):
            empty = False
            yield from self.given(match)
        if empty:
            yield from self.mine(self.failed(path, "nothing matches this pattern"))

    def listed(self, entry: str) -> Iterator[Item]:
        """Yield what an entry of a list stands for."""
        try:
            found = place(entry)
        except ConfigError as error:
            path = cleaned(entry)
            reason = str(error).removeprefix(f"{path}: ")
            yield from self.mine(Item(path, self.objects.key_of(path), error=reason))
            return
        yield from self.stored(found) if isinstance(found, Url) else self.given(found)

    def stored(self, url: Url, may_be_pattern: bool = False) -> Iterator[Item]:
        """Yield the object, or what is in the folder or below the pattern, that an address names."""
        for found in self.objects.named(url, may_be_pattern):
            yield from self.mine(Item(found.url, self.objects.key_of(found.url), False, found.error, found.source))

    def given(self, path: Path) -> Iterator[Item]:
        """Yield the file, or what is in the folder, that was named."""
        try:
            if stat.S_ISDIR(os.stat(path).st_mode):
                found = self.walk(path)
            elif path.name.endswith(PART) or is_stamped(path):
                return  # `photos/*` names the masks of the last run, too
            else:
                video = sniff_video(read_head(path, HEAD))
                found = self.mine(Item(path, self.key_of(path), video))
        except ImageError as error:
            found = self.mine(self.failed(path, str(error).removeprefix(f"{path}: ")))
        except (OSError, ValueError) as error:
            found = self.mine(self.failed(path, explain(error)))
        yield from found

    def mine(self, item: Item) -> Iterator[Item]:
        """Yield an item if it belongs to the shard."""
        self.met = True
        if self.shard.holds(item.key):
            self.total += 1
            yield item

    def failed(self, path: Path, error: str) -> Item:
        return Item(path, self.key_of(path), error=error)

    def walk(self, root: Path) -> Iterator[Item]:
        """Yield the photos of a folder in the order of their names, and with --recursive those of the folders in it."""
        pending: list[tuple[Path, Chain]] = [(root, ())]
        while pending:
            folder, chain = pending.pop()
            try:
                if chain and not self.enters(folder, chain):
                    continue
                status = os.stat(folder)
                files, folders = self.listing(folder)
            except OSError as error:
                yield from self.mine(self.failed(folder, explain(error)))
                continue
            yield from self.photos(folder, files)
            if self.config.recursive:
                chain = (*chain, (status.st_dev, status.st_ino))
                pending += [(folder / name, chain) for name in sorted(folders, reverse=True)]

    def enters(self, folder: Path, chain: Chain) -> bool:
        """Tell whether to go into a folder: not into what we write, and by links into none twice nor in circles."""
        if self.output and os.path.realpath(folder) == self.output:
            return False
        if is_frames(folder):
            return False
        if not os.path.islink(folder):
            return True
        try:
            status = os.stat(folder)
        except OSError:
            return True  # whoever lists it will report that
        place = (status.st_dev, status.st_ino)
        if place in chain or place in self.linked:
            return False
        self.linked.add(place)
        return True

    def listing(self, folder: Path) -> tuple[list[str], list[str]]:
        """Return the names of the files, sorted, and of the folders in a folder, without hidden ones."""
        if self.on_folder is not None:
            self.on_folder(folder)
        files: list[str] = []
        folders: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if is_folder(entry):
                    folders.append(entry.name)
                elif is_file(entry):
                    files.append(entry.name)
        files.sort()
        return files, folders

    def photos(self, folder: Path, names: list[str]) -> Iterator[Item]:
        """Yield the photos of the shard among the files of a folder."""
        prefix = self.prefix_of(folder)
        siblings = set(names)
        if self.shard.count > 1:
            self.met = self.met or bool(names)  # what others have to do is not looked at
            names = [name for name in names if self.shard.holds(prefix + name)]
        self.total += sum(is_likely(name, siblings) for name in names)
        for name in names:
            path, likely = folder / name, is_likely(name, siblings)
            photo = is_photo(path, likely)
            self.total += photo - likely
            if photo:
                self.met = True
                yield Item(path, prefix + name)

    def appeared(self, path: Path) -> Iterator[Item]:
        """Yield the photos that came with a file, or a folder, which has appeared in one that was listed before."""
        if os.path.isdir(path):
            if self.config.recursive and self.enters(path, ()):
                yield from self.walk(path)
            return
        siblings = {stem for stem in stems(path.name) if os.path.isfile(path.parent / stem)}
        if os.path.isfile(path) and is_photo(path, is_likely(path.name, siblings)):
            yield from self.mine(Item(path, self.key_of(path)))

    def prefix_of(self, folder: Path) -> str:
        """Return what stands before the name of a file in this folder to make its key."""
        key = self.key_of(folder)
        return f"{key}/" if key else ""

    def key_of(self, path: Path) -> str:
        """Return the posix path relative to the folder that all inputs share. It never leads out of a folder."""
        full = os.path.abspath(str(path).replace("\0", "?"))
        inside = f"{self.base.rstrip(os.sep)}{os.sep}"
        if full == self.base:
            return ""
        relative = full.removeprefix(inside) if full.startswith(inside) else f"outside{os.sep}{full.lstrip(os.sep)}"
        return relative.replace(":", "").replace(os.sep, "/") if os.sep == "\\" else relative


def common_folder(config: PredictConfig) -> str:
    """Return the deepest folder that holds all paths of the command line and, with a list of files, the current one."""
    paths = (path for path in config.paths if isinstance(path, Path))
    folders = [path if os.path.isdir(path) else root_of(str(path)) for path in paths]
    if config.files_from is not None or config.files0_from is not None:
        folders.append(Path())
    try:
        return os.path.commonpath([os.path.abspath(folder) for folder in folders])
    except ValueError:  # none, or on different drives of Windows
        return os.getcwd()


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def is_file(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a file, or a link by the name of a photo, which may lead nowhere: that is reported."""
    return entry.is_file(follow_symlinks=False) or (entry.is_symlink() and (is_image_name(entry.name) or leads(entry)))


def leads(link: os.DirEntry[str]) -> bool:
    """Tell whether a link leads to a file."""
    try:
        return link.is_file()
    except OSError:
        return False


def is_photo(path: Path, likely: bool) -> bool:
    """Tell whether a file that was met is an input, by its content where the name does not say enough."""
    if likely:
        return not is_stamped(path)
    if is_image_name(path.name) or names_picture(path.name):
        return False
    try:
        # Raw formats of many cameras are TIFFs that hold a small preview: no mask of that is wanted.
        return sniff(read_head(path, HEAD)) not in (None, "tiff")
    except ImageError:
        return False


def is_frames(folder: Path) -> bool:
    """Tell whether a folder holds the frames that we write for a video."""
    if not folder.name.endswith(".frames"):
        return False
    stem = folder.name.removesuffix(".frames")
    stems = {stem, *(stem.removesuffix(f".{kind}") for kind in SUFFIXES)}
    return os.path.exists(folder / "handseg.json") or any(os.path.isfile(folder.parent / each) for each in stems)
