"""What a net tells beside hands: arms where they are asked for, and of which side each hand is."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from handseg_cli.checkpoints.store import save
from handseg_cli.config import Label, NetConfig, PredictConfig
from handseg_cli.errors import ConfigError
from handseg_cli.io.video import VideoWriter
from handseg_cli.models.lite import Lite
from handseg_cli.predict.manifest import Summary
from handseg_cli.predict.predictor import Predictor, open_for, open_predictor
from handseg_cli.runtime.session import Batch
from handseg_cli.sample import Image, Prediction
from tests.tiny.photos import put, read, records

Run = Callable[..., Summary]
LABELS: tuple[Label, ...] = ("hand", "arm", "hand+arm")


class Red:
    """A net to which red is hand, green is arm, and what is in the right half is of a right hand."""

    device = "cpu"

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        cells = batch[:, 2::4, 2::4].transpose(3, 0, 1, 2)[:, :, None].astype(np.float32) / 255
        side = np.sign(np.arange(cells.shape[-1]) - (cells.shape[-1] - 1) / 2)
        return {
            "mask": 20 * cells[0] - 10,
            "arm": 20 * cells[1] - 10,
            "side": np.broadcast_to(9 * side, cells[0].shape),
        }


class Dexter(Red):
    """A net to which all hands are right."""

    def run(self, batch: Batch) -> dict[str, NDArray[np.float32]]:
        outputs = super().run(batch)
        return outputs | {"side": np.full_like(outputs["mask"], 5)}


def limb(right: bool = False) -> Image:
    """Return a red square at the left, or at the right, with a green bar below it."""
    image = np.zeros((96, 160, 3), np.uint8)
    image[16:40, 20:44, 0] = 255
    image[40:88, 28:36, 1] = 255
    return np.ascontiguousarray(image[:, ::-1]) if right else image


def seen(image: Image, session: Red | None = None, **settings: Any) -> Prediction:
    return Predictor(session or Red(), size=128, **{"sides": True, **settings})(image)


def test_a_label_is_marked_where_the_net_tells_of_it() -> None:
    masks = {label: seen(limb(), label=label, sides=False).mask > 0 for label in LABELS}
    assert masks["hand"][28, 32]
    assert masks["arm"][64, 32]
    assert not (masks["hand"] & masks["arm"]).any()
    assert not masks["hand+arm"][5:10].any()
    either = masks["hand"] | masks["arm"]
    assert masks["hand+arm"][either].all()
    rows = np.flatnonzero((masks["hand+arm"] & ~either).any(1))
    assert set(rows) <= set(range(37, 44)), "they meet at the wrist, and nothing is added elsewhere"


@pytest.mark.parametrize("label", LABELS)
def test_tiles_and_crf_work_on_the_label_that_is_asked(label: Label) -> None:
    image = np.kron(limb(), np.ones((24, 16, 1), np.uint8))
    plain, tiled, refined = (
        Predictor(Red(), size=128, label=label, tile=tile, crf=crf)(image).mask
        for tile, crf in ((False, False), (True, False), (False, True))
    )
    assert (plain == tiled).mean() > 0.98
    assert (plain == refined).mean() > 0.98


@pytest.mark.parametrize("tta", [False, True])
@pytest.mark.parametrize("label", ["hand", "hand+arm"])
def test_each_hand_has_its_side(tta: bool, label: str) -> None:
    both = limb() | limb(right=True)
    found = seen(both, tta=tta, label=label, draws_sides=True)
    assert {hand.side: hand.box[0] > 80 for hand in found.hands} == {"left": False, "right": True}
    assert all(hand.certainty > 0.99 for hand in found.hands)
    assert found.sides is not None
    assert np.array_equal(found.sides, np.where(found.mask, np.where(np.arange(160) < 80, 1, 2), 0))


def test_a_net_that_sees_the_same_side_in_the_mirror_is_not_believed() -> None:
    assert [hand.side for hand in seen(limb(), Dexter()).hands] == ["right"]
    (hand,) = seen(limb(), Dexter(), tta=True).hands
    assert hand.side == ""
    assert hand.certainty == pytest.approx(0.5, abs=0.01)


def test_an_arm_without_a_hand_has_no_side() -> None:
    image = limb()
    image[..., 0] = 0
    (found,) = seen(image, label="hand+arm").hands
    assert found.side == ""


def test_nothing_is_said_of_sides_unless_it_is_asked() -> None:
    plain = seen(limb(), sides=False)
    assert (plain.sides, plain.tells_sides) == (None, False)
    assert [(hand.side, hand.certainty) for hand in plain.hands] == [("", 0.0)]
    assert seen(limb()).sides is None


@pytest.fixture
def hands_alone(tmp_path: Path) -> str:
    """Return weights that tell nothing but hands."""
    save(
        tmp_path / "plain.safetensors",
        Lite(width=8),
        {"model": "lite", "arguments": {"width": 8}, "size": 64, "stride": 32},
    )
    return str(tmp_path / "plain.safetensors")


def test_what_is_judged_depends_on_net_and_question(tiny_weights: Path, hands_alone: str) -> None:
    tiny, photo = str(tiny_weights), (Path("a.jpg"),)
    assert open_predictor(NetConfig(tiny))[0].sides
    assert not open_predictor(NetConfig(tiny, label="arm"))[0].sides
    assert not open_predictor(NetConfig(tiny), hands=False)[0].sides
    assert not open_predictor(NetConfig(hands_alone))[0].sides
    assert not open_for(PredictConfig(tiny, paths=photo))[0].sides
    assert open_for(PredictConfig(tiny, paths=photo, json=True))[0].sides
    assert not open_for(PredictConfig(tiny, raw="8x8", manifest=Path("m")))[0].sides
    assert not open_for(PredictConfig(hands_alone, paths=photo, kind=("overlay",)))[0].draws_sides


@pytest.mark.parametrize("asked", [{"label": "arm"}, {"label": "hand+arm"}, {"kind": ("sides",)}])
def test_what_a_net_does_not_tell_is_refused(run: Run, hands_alone: str, asked: dict[str, Any]) -> None:
    put("a.jpg")
    with pytest.raises(ConfigError, match=r"--(label|kind) .*: plain tells hand alone; name weights trained with"):
        run("a.jpg", weights=hands_alone, **asked)
    assert not list(Path().glob("*.png"))


def test_a_record_and_a_picture_tell_the_sides(run: Run) -> None:
    put("a.jpg", size=(300, 200))
    run("a.jpg", kind=("mask", "sides", "overlay"), min_area=0.002)
    (record,) = records()
    assert len(record["sides"]) == len(record["side_certainties"]) == record["hands"] > 0
    assert set(record["sides"]) <= {"left", "right", ""}
    assert all(0.5 <= certainty <= 1 for certainty in record["side_certainties"])
    with Pillow.open("a.jpg.sides.png") as picture:
        assert picture.mode == "P"
        numbers = np.array(picture)
    assert np.array_equal(numbers > 0, read("a.jpg.png") > 0)
    assert set(np.unique(numbers)) - {0} == {{"left": 1, "right": 2, "": 3}[side] for side in record["sides"]}
    assert run("a.jpg", kind=("sides",), min_area=0.002).skipped == 1


def test_of_arms_no_record_tells_sides(run: Run) -> None:
    put("a.jpg")
    run("a.jpg", label="arm")
    assert "sides" not in records()[0]


def test_another_label_is_another_picture(run: Run) -> None:
    put("a.jpg")
    run("a.jpg")
    hands = read("a.jpg.png")
    assert run("a.jpg", label="arm").done == 1
    assert not np.array_equal(read("a.jpg.png"), hands)
    assert run("a.jpg", label="arm").skipped == 1


def test_a_video_of_sides_has_the_numbers_of_those_of_its_frames(run: Run) -> None:
    with Path("clip.mp4").open("wb") as file:
        writer = VideoWriter(file, (96, 160, 3), Fraction(25))
        for number in range(3):
            writer.write(np.roll(limb(), 8 * number, 1), number / 25)
        writer.close()
    run("clip.mp4", kind=("sides", "overlay"))
    run("clip.mp4", kind=("sides",), frames=True)
    with av.open("clip.mp4.sides.mkv") as container:
        shown = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(shown) == 3
    assert all(np.array_equal(each, read(f"clip.mp4.sides.frames/{at:06}.png")) for at, each in enumerate(shown))
    assert all(set(np.unique(each)) <= {0, 1, 2, 3} for each in shown)
    assert any(each.any() for each in shown)
