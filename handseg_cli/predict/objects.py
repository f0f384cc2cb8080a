"""The inputs that addresses of stores name, found page by page: no list of a bucket is ever held in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handseg_cli.config import PredictConfig
from handseg_cli.errors import ImageError
from handseg_cli.io.images import sniff_video
from handseg_cli.io.store import Meta, store_of
from handseg_cli.paths import Url
from handseg_cli.predict.globs import is_glob, segments_match
from handseg_cli.predict.names import is_image_name, is_likely
from handseg_cli.predict.stamps import Source
from handseg_cli.predict.stored import source_of

HEAD = 400  # bytes that tell videos from other objects
MAGIC = re.compile(r"[*?[]")


@dataclass(frozen=True, slots=True)
class Found:
    """An object that is an input, or with an `error` what cannot be one; `source` where a list has told of it."""

    url: Url
    source: Source | None = None
    error: str = ""


class Objects:
    """What addresses name, by the settings of a run."""

    def __init__(self, config: PredictConfig) -> None:
        self.config = config
        self.base = common_base(config)
        self.output = config.output if isinstance(config.output, Url) else None

    def named(self, url: Url, may_be_pattern: bool) -> Iterator[Found]:
        """Yield an object, what is in a folder, or what matches a pattern."""
        try:
            if url.is_web:
                yield self.on_web(url)
            elif may_be_pattern and MAGIC.search(url.key) and store_of(url).look(url) is None:
                yield from self.matches(url)
            elif is_image_name(url.key):  # whether it is there is found out with many others at once
                yield Found(url)
            else:
                yield from self.folder_or_object(url)
        except ImageError as error:
            yield Found(url, error=str(error).removeprefix(f"{url}: "))

    def on_web(self, url: Url) -> Found:
        """Return what is at an address of the web, if photos are to be taken from there."""
        if self.config.allow_http:
            return Found(url)
        return Found(url, error="is on the web; add --allow-http to take photos from there")

    def folder_or_object(self, url: Url) -> Iterator[Found]:
        """Yield the photos of a folder or, where there is none of the name, the one object."""
        is_folder, siblings = False, list[str]()
        for page in store_of(url).pages(url, self.config.recursive):
            is_folder = is_folder or bool(page)
            yield from self.photos(url, page, siblings)
        if not is_folder and url.key:
            yield self.object(url)

    def object(self, url: Url) -> Found:
        """Return the one object of an address."""
        store = store_of(url)
        meta = store.look(url)
        if meta is None:
            return Found(url, error="does not exist; check the address")
        if meta.size and sniff_video(store.head(url, HEAD)):
            return Found(url, error="is a video; copy it to a disk, where videos are done")
        return Found(url, source_of(meta))

    def photos(self, folder: Url, page: list[tuple[str, Meta]], siblings: list[str]) -> Iterator[Found]:
        """Yield the photos among some objects of a folder; their names alone tell what they are.

        `siblings` are the photos whose keys the last key begins with: a picture beside its photo comes right after
        it, perhaps after other keys that begin alike, so that no more need to be known.
        """
        root = len(folder.key.rstrip("/")) + 1 if folder.key else 0
        for key, meta in page:
            while siblings and not key.startswith(siblings[-1]):
                siblings.pop()
            if not is_image_name(key) or is_hidden(key[root:]) or self.is_ours(folder, key):
                continue
            if is_likely(key, siblings):
                yield Found(Url(folder.scheme, f"{folder.bucket}/{key}"), source_of(meta))
            siblings.append(key)

    def is_ours(self, folder: Url, key: str) -> bool:
        """Tell whether an object is in the folder that is written to, within the one that is read."""
        output = self.output
        if output is None or (output.scheme, output.bucket) != (folder.scheme, folder.bucket):
            return False
        inside = f"{output.key.rstrip('/')}/"
        return len(inside) > len(folder.key.rstrip("/")) + 1 and key.startswith(inside)

    def matches(self, pattern: Url) -> Iterator[Found]:
        """Yield the objects that match a pattern, in order."""
        parts = pattern.key.split("/")
        plain = next(number for number, part in enumerate(parts) if is_glob(part))
        folder = Url(pattern.scheme, "/".join([pattern.bucket, *parts[:plain]]))
        wanted = parts[plain:]
        empty, siblings = True, list[str]()
        for page in store_of(folder).pages(folder, recursive=len(wanted) > 1):
            for found in self.photos(folder, page, siblings):
                if segments_match(found.url.key.split("/")[plain:], wanted):
                    empty = False
                    yield found
        if empty:
            yield Found(pattern, error="nothing matches this pattern")

    def key_of(self, url: Url) -> str:
        """Return what stands behind the folder that all addresses share; no part of it leads elsewhere on a disk."""
        full = f"{url.scheme}/{url.place}"
        relative = url.name if f"{full}/" == self.base else full.removeprefix(self.base)
        return "/".join(SAFE.get(part, part) for part in relative.replace("\0", "%00").split("/"))


SAFE = {"": "%", ".": "%2E", "..": "%2E%2E"}


def is_hidden(key: str) -> bool:
    """Tell whether a name on the way to an object begins with a dot."""
    return key.startswith(".") or "/." in key


def common_base(config: PredictConfig) -> str:
    """Return the begin that all addresses share, up to a slash; "" with a list, which may hold any, or beside paths."""
    urls = [path for path in config.paths if isinstance(path, Url)]
    if len(urls) < len(config.paths) or config.files_from is not None or config.files0_from is not None:
        return ""
    folders = [root_of(url).split("/") for url in urls]
    shared = []
    for parts in zip(*folders, strict=False):
        if len({*parts}) > 1:
            break
        shared.append(parts[0])
    return "".join(f"{part}/" for part in shared)


def root_of(url: Url) -> str:
    """Return the folder that all inputs of an address are in, begun by its scheme."""
    parts = f"{url.scheme}/{url.place.rstrip('/')}".split("/")
    if is_image_name(url.key) and not MAGIC.search(url.key):
        return "/".join(parts[:-1])
    plain = next((number for number, part in enumerate(parts) if is_glob(part)), len(parts))
    return "/".join(parts[:plain])
