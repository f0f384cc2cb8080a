"""Files kept in an LMDB, by name. Needs the extra `lmdb`, so it is reached through `registry.resolve`."""

from __future__ import annotations

import threading
from pathlib import Path

import lmdb

from handseg_cli.errors import DatasetError

# A process may open an LMDB once at a time and use none that its parent opened; opening it takes 40 microseconds.
LOCK = threading.Lock()


def read_value(path: Path, name: str) -> bytes | None:
    """Return the bytes kept in an LMDB under a name, None where there are none."""
    try:
        with (
            LOCK,
            lmdb.open(str(path), readonly=True, lock=False, readahead=False, create=False) as environment,
            environment.begin() as transaction,
        ):
            value = transaction.get(name.encode())
    except (lmdb.Error, OSError) as error:
        raise DatasetError(f"{path}: cannot be read as LMDB ({error}); make or fetch it again") from error
    return None if value is None else bytes(value)
