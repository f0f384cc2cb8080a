"""Event files hold what TensorBoard's own reader finds in them."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from handseg_cli.errors import OutputError
from handseg_cli.io.events import Events, masked, varint
from handseg_cli.io.png import encode_rgb


def written(folder: Path) -> Path:
    events = Events(folder)
    events.numbers(3, {"loss/bce": 0.5, "lr": 1e-4})
    events.numbers(300, {"loss/bce": 0.25})
    events.picture(300, "examples", encode_rgb(np.full((20, 30, 3), 200, np.uint8)), (20, 30))
    return events.path


def test_tensorboard_reads_numbers_and_pictures(tmp_path: Path) -> None:
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    written(tmp_path)
    found = reader.EventAccumulator(str(tmp_path)).Reload()
    assert [(each.step, each.value) for each in found.Scalars("loss/bce")] == [(3, 0.5), (300, 0.25)]
    assert found.Scalars("lr")[0].value == pytest.approx(1e-4)
    assert (found.Images("examples")[0].width, found.Images("examples")[0].height) == (30, 20)


def test_every_record_is_framed_by_its_length_and_sums(tmp_path: Path) -> None:
    data, records = written(tmp_path).read_bytes(), 0
    while data:
        (length,) = struct.unpack("<Q", data[:8])
        assert struct.unpack("<I", data[8:12])[0] == masked(data[:8])
        event, data = data[12 : 12 + length], data[12 + length :]
        assert struct.unpack("<I", data[:4])[0] == masked(event)
        data, records = data[4:], records + 1
    assert records == 4


def test_the_sum_is_the_castagnoli_one() -> None:
    crc = 0xE3069283  # of "123456789", as RFC 3720 has it
    assert masked(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize(("whole", "data"), [(0, b"\0"), (127, b"\x7f"), (128, b"\x80\x01"), (300, b"\xac\x02")])
def test_whole_numbers_take_seven_bits_a_byte(whole: int, data: bytes) -> None:
    assert varint(whole) == data


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="nowhere"):
        Events(tmp_path / "nowhere")
