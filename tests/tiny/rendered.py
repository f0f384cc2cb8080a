"""The renderer itself, which makes each photo once in a process, whoever asks for it."""

from __future__ import annotations

from functools import cache

from handseg_cli.synth import render as real

render = cache(real.render)
