"""The embedded net tells what it is asked for, each in an output of its own."""

from __future__ import annotations

import pytest
import torch

from handseg_cli.models.lite import Lite

ALL = ("hand", "arm", "side")


@pytest.mark.parametrize("tells", [("hand",), ("hand", "arm"), ("hand", "side"), ALL])
def test_each_has_its_output_and_all_have_one_size(tells: tuple[str, ...]) -> None:
    with torch.inference_mode():
        outputs = Lite(width=8, tells=tells).eval()(torch.rand(2, 3, 64, 32))
    assert [*outputs] == ["mask", *tells[1:]]
    assert {each.shape for each in outputs.values()} == {(2, 1, 16, 8)}


def test_each_is_a_channel_of_the_last_layer() -> None:
    net = Lite(width=8, tells=ALL).eval()
    images = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        before = net(images)
        net.get_parameter("head.1.bias")[1] += 1
        after = net(images)
    assert torch.allclose(after["arm"], before["arm"] + 1, atol=1e-5)
    assert torch.equal(after["mask"], before["mask"])
    assert torch.equal(after["side"], before["side"])


@pytest.mark.parametrize("tells", [(), ("arm",), ("arm", "hand"), ("hand", "hand"), ("hand", "foot")])
def test_what_it_cannot_tell_is_refused(tells: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="it tells hand, arm, side"):
        Lite(width=8, tells=tells)
