"""Values of an LMDB: found by name, from several threads, and never written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lmdb
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.io.lmdb_images import read_value


def made(folder: Path) -> Path:
    path = folder / "a.lmdb"
    with lmdb.open(str(path), map_size=1 << 20) as environment, environment.begin(write=True) as transaction:
        for number in range(50):
            transaction.put(f"test/{number}.jpg".encode(), bytes([number]) * 100)
    return path


def test_values_are_found_by_name_from_many_threads(tmp_path: Path) -> None:
    path = made(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda number: read_value(path, f"test/{number}.jpg"), range(50)))
    assert values == [bytes([number]) * 100 for number in range(50)]
    assert read_value(path, "test/50.jpg") is None


def test_what_is_no_lmdb_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"none\.lmdb: cannot be read as LMDB"):
        read_value(tmp_path / "none.lmdb", "a")
    assert not (tmp_path / "none.lmdb").exists()
    (tmp_path / "b.lmdb").mkdir()
    (tmp_path / "b.lmdb" / "data.mdb").write_bytes(b"no data of this kind" * 1000)
    with pytest.raises(DatasetError, match=r"b\.lmdb"):
        read_value(tmp_path / "b.lmdb", "a")
