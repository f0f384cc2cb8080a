from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from handseg_cli.io.images import IMAGE_SUFFIXES, sniff, sniff_video


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "jpeg"), ("MPO", "jpeg"), ("PNG", "png"), ("WEBP", "webp"), ("TIFF", "tiff")]
)
def test_sniff_names_the_format(kind: str, name: str) -> None:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8)).save(stream, kind)
    assert sniff(stream.getvalue()[:64]) == name


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"II+\0\x08\0", "tiff"),
        (b"MM\0*", "tiff"),
        (b"GIF87a", "gif"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "bmp"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "avif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "heic"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"BMW is a maker of cars in Munich", None),
        (b"", None),
    ],
)
def test_sniff_of_heads(head: bytes, name: str | None) -> None:
    assert sniff(head) == name


@given(st.binary(max_size=500))
def test_sniffing_never_fails(head: bytes) -> None:
    sniff(head)
    sniff_video(head)


@pytest.mark.parametrize(
    ("head", "video"),
    [
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavc1", True),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", True),
        (b"\0\0\0\x08wide", True),
        (b"RIFF\0\0\0\0AVI ", True),
        (b"\x1aE\xdf\xa3", True),
        (b"\0\0\1\xba", True),
        ((b"G" + bytes(187)) * 3, True),
        ((bytes(4) + b"G" + bytes(187)) * 3, True),
        (b"G" + bytes(500), False),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", False),
        (b"\0\0\0\x18ftypM4A \0\0\0\0", False),
        (b"RIFF\0\0\0\0WEBP", False),
        (b"\xff\xd8\xff", False),
        (b"", False),
    ],
)
def test_sniff_video(head: bytes, video: bool) -> None:
    assert sniff_video(head) is video


def test_suffixes_are_lower_case_with_their_dot() -> None:
    assert {".jpg", ".jpeg", ".png", ".webp", ".heic", ".mpo"} <= IMAGE_SUFFIXES
    assert all(suffix == suffix.lower() and suffix[0] == "." for suffix in IMAGE_SUFFIXES)
