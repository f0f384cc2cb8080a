"""Part files: whole or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from handseg_cli.errors import DatasetError
from handseg_cli.io.encoded import Encoded, encode_jpeg
from handseg_cli.io.parts import Part, pack, read_head, read_part, to_bytes


def part() -> Part:
    photo = encode_jpeg(np.zeros((8, 9, 3), np.uint8))
    samples = [Encoded(f"k{number}", photo, (8, 9), (8, 9), valid=bytes(number)) for number in range(5)]
    return pack(samples, (("lost", "is empty: ü"),))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "part").write_bytes(to_bytes(part()))
    return tmp_path / "part"


def test_a_part_comes_back(file: Path) -> None:
    found, expected = read_part(file), part()
    assert found.columns == expected.columns
    assert found.head.skipped == expected.head.skipped
    assert np.array_equal(found.head.lengths, expected.head.lengths)
    assert read_head(file).digests == expected.head.digests
    assert found.head.totals["valid"] == 0 + 1 + 2 + 3 + 4


def test_a_part_may_hold_nothing_but_reasons(tmp_path: Path) -> None:
    (tmp_path / "part").write_bytes(to_bytes(pack([], (("a", "b"),))))
    assert read_part(tmp_path / "part").head.skipped == (("a", "b"),)


def test_a_part_cut_anywhere_is_refused(file: Path) -> None:
    whole = file.read_bytes()
    for end in range(0, len(whole), 37):
        file.write_bytes(whole[:end])
        for read in (read_head, read_part):
            with pytest.raises(DatasetError, match="is no whole part"):
                read(file)


def test_a_part_with_a_flipped_byte_is_refused(file: Path) -> None:
    whole = bytearray(file.read_bytes())
    whole[-5] ^= 1
    file.write_bytes(whole)
    with pytest.raises(DatasetError, match="is damaged"):
        read_part(file)


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[1]\n", b"\xff\n", b'{"mark": "handseg part 1", "count": "a"}\n'])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "part").write_bytes(content)
    with pytest.raises(DatasetError, match="is no whole part"):
        read_head(tmp_path / "part")
