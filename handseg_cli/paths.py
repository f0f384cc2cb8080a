"""How paths, and what is said of them, are shown to people, and where data are kept."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from handseg_cli.errors import ConfigError

WEB = ("http", "https")
BUCKETS = ("s3", "gs", "gcs", "az", "abfs", "abfss", "memory")

SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True, slots=True)
class Url:
    """The address of an object, or of a folder of them, in a store. `place` follows ://, and holds no secret."""

    scheme: str
    place: str

    @property
    def is_web(self) -> bool:
        """Tell whether it can only be read, and only where that was allowed."""
        return self.scheme in WEB

    @property
    def bucket(self) -> str:
        """Return the name of the bucket, or the host."""
        return self.place.partition("/")[0]

    @property
    def key(self) -> str:
        """Return what names the object within its bucket, "" for all of the bucket."""
        return self.place.partition("/")[2]

    @property
    def name(self) -> str:
        """Return the last part of the key."""
        return self.place.rstrip("/").rpartition("/")[2]

    @property
    def stem(self) -> str:
        """Return that without its ending."""
        return Path(self.name).stem

    @property
    def parent(self) -> Url:
        """Return the folder that the object is in."""
        return Url(self.scheme, self.place.rstrip("/").rpartition("/")[0])

    def with_name(self, name: str) -> Url:
        """Return the address of a neighbour."""
        return self.parent / name

    def __truediv__(self, key: str) -> Url:
        return Url(self.scheme, f"{self.place.rstrip('/')}/{key}")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"


Place: TypeAlias = Path | Url


def place(text: str) -> Place:
    """Return the path or the address that a text names; ConfigError for an address that is not to be used."""
    found = SCHEME.match(text)
    if found is None:
        return Path(text)
    scheme, rest = found[1].lower(), text[found.end() :]
    if scheme == "file":
        if not rest.startswith("/"):
            raise ConfigError(f"{text}: names no file of this machine; file:/// and its whole path does")
        return Path(rest)
    clean, host = cleaned(text), rest.partition("/")[0]
    if scheme not in (*WEB, *BUCKETS):
        raise ConfigError(f"{clean}: addresses of this kind are not known; there are s3, gs, az, memory, http and file")
    if "@" in host and (scheme in WEB or ":" in host):
        raise ConfigError(f"{clean}: names a user and a password; leave them to the store's own settings")
    if scheme in WEB and ("?" in rest or "#" in rest):
        raise ConfigError(
            f"{clean}: goes on with ? or #, which may hold a secret; name plain addresses, or s3://, gs://"
        )
    if not clean.bucket:
        raise ConfigError(f"{clean}: names no bucket; it goes on as {scheme}://BUCKET/KEY")
    return clean


def is_address(text: str) -> bool:
    """Tell whether a text is an address and no path."""
    return SCHEME.match(text) is not None


def cleaned(text: str) -> Url:
    """Return an address without the user, the password and the query that it may have."""
    scheme, _, rest = text.partition("://")
    scheme = scheme.lower()
    host, slash, path = rest.partition("/")
    if scheme not in BUCKETS or ":" in host.rpartition("@")[0]:  # Azure has abfs://container@account
        host = host.rpartition("@")[2]
    if scheme not in BUCKETS:  # in a bucket, a key may hold anything
        host, path = (re.split(r"[?#]", part)[0] for part in (host, path))
    return Url(scheme, host + slash + path)


def shown(text: Path | str) -> str:
    r"""Return a text as one line of plain letters: control and undecodable characters are spelt out, as \x1b."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in str(text))


def home(folder: Path | None = None) -> Path:
    """Return the folder that data are kept in: the one given, $HANDSEG_HOME, or ~/.handseg."""
    return folder or Path(os.environ.get("HANDSEG_HOME") or Path.home() / ".handseg")
