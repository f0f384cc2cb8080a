"""Names are shown so that a terminal cannot be fooled by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from handseg_cli.paths import shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("photos/hände.jpg", "photos/hände.jpg"),
        ("a\nb.jpg", r"a\nb.jpg"),
        ("\x1b[31mred.jpg", r"\x1b[31mred.jpg"),
        ("bad\udcff.jpg", r"bad\udcff.jpg"),
        ("right\u202eto left", r"right\u202eto left"),
    ],
)
def test_control_characters_are_spelt_out(name: str, text: str) -> None:
    assert shown(Path(name)) == text
