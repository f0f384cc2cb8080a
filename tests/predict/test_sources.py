"""What is an input and what is not, and by which key it is known."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from handseg_cli.config import PredictConfig
from handseg_cli.errors import ConfigError
from handseg_cli.io import jpeg, png
from handseg_cli.predict.shards import Shard
from handseg_cli.predict.sources import Item, Sources
from handseg_cli.predict.stamps import Source, Stamp

STAMP = str(Stamp("mask", "0123456789abcdef", {}, Source(1, 2, "3")))
GREY = np.zeros((4, 4), np.uint8)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to fill, which is the current one, too."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(*names: str) -> None:
    """Write small photos, of the format that the name says or else JPEG."""
    for name in names:
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = {"png": "PNG", "tif": "TIFF", "nef": "TIFF"}.get(path.suffix[1:], "JPEG")
        Image.new("RGB", (4, 4)).save(path, kind)


def put_mask(name: str) -> None:
    """Write a mask as handseg does."""
    Path(name).write_bytes(png.encode_grey(GREY, 8, {"handseg": STAMP}))


def items(*paths: str, **settings: Any) -> list[Item]:
    config = PredictConfig(paths=tuple(map(Path, paths)), **settings)
    return [item for item in Sources(config, Shard()) if item is not None]


def keys(*paths: str, **settings: Any) -> list[str]:
    return [item.key for item in items(*paths, **settings)]


def errors(*paths: str, **settings: Any) -> dict[str, str]:
    return {item.key: item.error for item in items(*paths, **settings) if item.error}


def test_a_folder_brings_its_photos_in_order(tree: Path) -> None:
    put("b.jpg", "a.jpg", "C.JPEG", "d.png", "inner/e.jpg")
    assert keys(".") == ["C.JPEG", "a.jpg", "b.jpg", "d.png"]


def test_folders_within_are_entered_on_demand(tree: Path) -> None:
    put("b.jpg", "a/c.jpg", "a/z/d.jpg", "b/a.jpg")
    assert keys(".", recursive=True) == ["b.jpg", "a/c.jpg", "a/z/d.jpg", "b/a.jpg"]


def test_the_content_tells_where_the_name_does_not(tree: Path) -> None:
    put("photo", "upload.tmp", "camera.nef")
    Path("notes.txt").write_text("BMW is no bitmap")
    Path("empty").touch()
    Path("page.jpg").write_text("<html>")
    assert keys(".") == ["page.jpg", "photo", "upload.tmp"]


def test_hidden_files_and_folders_are_left_out(tree: Path) -> None:
    put(".a.jpg", ".trash/b.jpg", "c.jpg")
    assert keys(".", recursive=True) == ["c.jpg"]


def test_own_pictures_are_no_inputs(tree: Path) -> None:
    put("a.jpg", "b.png")
    for name in ("a.jpg.png", "b.png.png", "gone.jpg.png", "gone.jpg.probability.png", "gone.jpg.cutout.png"):
        put_mask(name)
    Path("gone.jpg.overlay.jpg").write_bytes(jpeg.encode(np.zeros((4, 4, 3), np.uint8), f"handseg {STAMP}"))
    assert keys(".") == ["a.jpg", "b.png"]
    assert keys(*sorted(os.listdir())) == ["a.jpg", "b.png"]


def test_masks_of_other_tools_are_no_inputs(tree: Path) -> None:
    put("a.jpg", "a.jpg.png", "a.jpg.overlay.jpg", "a.png", "b.jpg.png")
    assert keys(".") == ["a.jpg", "a.png", "b.jpg.png"]


def test_what_is_named_is_taken(tree: Path) -> None:
    put("a.jpg", "a.jpg.png", ".hidden.jpg")
    Path("notes.txt").write_text("no photo")
    assert keys("a.jpg.png", ".hidden.jpg", "notes.txt") == ["a.jpg.png", ".hidden.jpg", "notes.txt"]


def test_what_is_missing_is_reported_and_the_rest_goes_on(tree: Path) -> None:
    put("a.jpg")
    assert errors("gone.jpg", "a.jpg") == {"gone.jpg": "does not exist; check the path"}
    assert keys("gone.jpg", "a.jpg") == ["gone.jpg", "a.jpg"]


def test_a_link_that_leads_nowhere_is_reported(tree: Path) -> None:
    Path("a.jpg").symlink_to("gone.jpg")
    Path("itself.jpg").symlink_to("itself.jpg")
    Path("notes").symlink_to("gone")
    assert keys(".") == ["a.jpg", "itself.jpg"]


def test_pipes_and_folders_by_the_name_of_a_photo_are_no_photos(tree: Path) -> None:
    os.mkfifo("pipe.jpg")
    Path("folder.jpg").mkdir()
    assert keys(".") == []
    assert "named pipe" in errors("pipe.jpg")["pipe.jpg"]


def test_links_to_photos_and_folders_are_followed(tree: Path) -> None:
    put("store/a.jpg", "other/b.jpg")
    Path("in").mkdir()
    Path("in/a.jpg").symlink_to("../store/a.jpg")
    Path("in/more").symlink_to("../other")
    assert keys("in", recursive=True) == ["a.jpg", "more/b.jpg"]


def test_links_in_circles_end(tree: Path) -> None:
    put("a/x.jpg", "b/y.jpg", "c/z.jpg")
    for one in "abc":
        Path(one, "up").symlink_to("..")
        Path(one, "self").symlink_to(".")
        for other in "abc":
            Path(one, other).symlink_to(f"../{other}")
    found = keys(".", recursive=True)
    assert {key.rpartition("/")[2] for key in found} == {"x.jpg", "y.jpg", "z.jpg"}
    assert len(found) <= 9


def test_a_folder_that_cannot_be_read_is_reported(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put("a.jpg", "locked/b.jpg", "z/c.jpg")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)  # root, who may run this, is denied nothing
    assert keys(".", recursive=True) == ["a.jpg", "locked", "z/c.jpg"]
    assert "Permission denied" in errors(".", recursive=True)["locked"]


def test_the_output_within_the_input_is_not_entered(tree: Path) -> None:
    put("a.jpg", "masks/a.jpg")
    assert keys(".", recursive=True, output=Path("masks")) == ["a.jpg"]


def test_frames_of_a_video_are_not_entered(tree: Path) -> None:
    put("clip.mp4.frames/000000.png", "clip.mp4.overlay.frames/000000.jpg", "mine.frames/a.jpg", "done.frames/b.jpg")
    Path("clip.mp4").write_bytes(b"....ftypisom")
    Path("done.frames/handseg.json").touch()
    assert keys(".", recursive=True) == ["mine.frames/a.jpg"]


def test_videos_are_taken_when_named_only(tree: Path) -> None:
    Path("clip.mp4").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 400)
    put("a.jpg")
    assert keys(".") == ["a.jpg"]
    assert [(item.key, item.video) for item in items("clip.mp4", "a.jpg")] == [("clip.mp4", True), ("a.jpg", False)]


def test_patterns_are_expanded_where_no_shell_did(tree: Path) -> None:
    put("in/a1.jpg", "in/a2.jpg", "in/b.jpg", "in/x/a3.jpg", "in/.a.jpg", "in/[1].jpg")
    assert keys("in/a*.jpg") == ["a1.jpg", "a2.jpg"]
    assert keys("in/**/a?.jpg") == ["a1.jpg", "a2.jpg", "x/a3.jpg"]
    assert keys("*/x") == ["in/x/a3.jpg"]
    assert keys("in/[1].jpg") == ["[1].jpg"]
    assert keys("in/**") == ["[1].jpg", "a1.jpg", "a2.jpg", "b.jpg", "x/a3.jpg"]
    assert errors("in/q*.jpg") == {"q*.jpg": "nothing matches this pattern"}


def test_keys_of_several_paths_never_collide(tree: Path) -> None:
    put("in/a/x.jpg", "in/b/x.jpg", "x.jpg")
    assert keys("in/a", "in/b") == ["a/x.jpg", "b/x.jpg"]
    assert keys("in/a/x.jpg", str(tree / "in/b/../b/x.jpg")) == ["a/x.jpg", "b/x.jpg"]
    assert keys("in/a/x.jpg", "x.jpg") == ["in/a/x.jpg", "x.jpg"]


def test_keys_never_lead_out_of_the_output(tree: Path) -> None:
    put("in/x.jpg", "out.jpg", "here/y.jpg")
    os.chdir("here")
    Path("list").write_text(f"y.jpg\n../out.jpg\n{tree}/in/x.jpg\n../here/../here/y.jpg\n")
    found = keys(files_from="list")
    assert found == ["y.jpg", f"outside{tree}/out.jpg", f"outside{tree}/in/x.jpg", "y.jpg"]
    assert not any(".." in key.split("/") or key.startswith("/") for key in found)


def test_a_list_may_hold_anything(tree: Path) -> None:
    strange = [
        "-rf.jpg",
        "new\nline.jpg",
        os.fsdecode(b"caf\xe9.jpg"),
        " .jpg",
        "in/a.jpg",
        "*.jpg",
        "x" * 250 + ".jpg",
    ]
    put(*strange)
    Path("list").write_bytes(b"\0".join(map(os.fsencode, [*strange, "", "in"])))
    assert keys(files0_from="list") == [*strange, "in/a.jpg"]


def test_a_list_of_lines_may_come_from_windows_and_have_gaps(tree: Path) -> None:
    put("a.jpg", "b.jpg")
    Path("list").write_bytes(b"\r\na.jpg\r\n\n\nb.jpg")
    assert keys(files_from="list") == ["a.jpg", "b.jpg"]


def test_a_list_with_nul_taken_for_lines_says_so(tree: Path) -> None:
    Path("list").write_bytes(b"a.jpg\0b.jpg\0")
    assert "--files0-from" in next(iter(errors(files_from="list").values()))


def test_a_list_that_is_none_is_refused(tree: Path) -> None:
    Path("endless").write_bytes(b"x" * 200_000)
    with pytest.raises(ConfigError, match="--files0-from"):
        items(files_from="endless")
    with pytest.raises(ConfigError, match="cannot be read"):
        items(files0_from="gone")


def test_a_list_is_read_as_it_comes(tree: Path) -> None:
    put("a.jpg", "b.jpg")
    code = """
import sys; from pathlib import Path
from handseg_cli.config import PredictConfig; from handseg_cli.predict.shards import Shard
from handseg_cli.predict.sources import Sources
for item in Sources(PredictConfig(files_from="-"), Shard()): print(item and item.key, flush=True)
"""
    command = [sys.executable, "-c", code]
    root = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=root) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("a.jpg\nb.")
        process.stdin.flush()
        assert [process.stdout.readline() for _ in range(2)] == ["a.jpg\n", "None\n"]
        out, _ = process.communicate("jpg\n")
    assert out.endswith("b.jpg\n")


def test_parts_of_a_tree_cover_it_once_and_know_how_much_is_theirs(tree: Path) -> None:
    put(*(f"{folder}/{number}.jpg" for folder in "abc" for number in range(20)))
    put_mask("a/1.jpg.png")
    found: list[str] = []
    for index in range(4):
        sources = Sources(PredictConfig(paths=(Path(),), recursive=True), Shard(index, 4))
        mine = [item.key for item in sources if item is not None]
        assert sources.total == len(mine)
        found += mine
    assert sorted(found) == sorted(keys(".", recursive=True))
    assert len(found) == 60


def test_a_tree_deeper_than_paths_may_be_is_reported(tree: Path) -> None:
    for _ in range(20):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    os.chdir(tree)
    reason = "cannot be read (File name too long); check its permissions"
    assert [item.error for item in items(".", recursive=True)] == [reason]
    assert errors("**/*.jpg") == {"**/*.jpg": "nothing matches this pattern"}
