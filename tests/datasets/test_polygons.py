from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from handseg_cli.datasets.polygons import clean, fitted, rasterise, rasterise_sides, read_drawing
from handseg_cli.errors import DatasetError

SQUARE = np.array([[2.0, 1.0], [6.0, 1.0], [6.0, 4.0], [2.0, 4.0]])
NAN = float("nan")


def test_a_polygon_is_filled_and_outlined() -> None:
    mask = rasterise([SQUARE], (8, 10))
    wanted = np.zeros((8, 10), np.uint8)
    wanted[1:5, 2:7] = 255
    assert np.array_equal(mask, wanted)


def test_polygons_join_where_they_overlap() -> None:
    shifted = SQUARE + 2
    both = rasterise([SQUARE, shifted], (8, 10))
    assert np.array_equal(both, rasterise([SQUARE], (8, 10)) | rasterise([shifted], (8, 10)))


def test_no_polygon_leaves_an_empty_mask() -> None:
    assert not rasterise([], (3, 4)).any()
    assert rasterise([], (3, 4)).shape == (3, 4)


@pytest.mark.parametrize(
    "points",
    [
        *(np.empty((0, 0)), np.empty((0, 2)), np.array([[1.0, 1.0]]), np.array([[1.0, 1.0], [5.0, 5.0]])),
        *(np.array([[1.0, 1.0], [5.0, 5.0], [NAN, 2.0]]), np.full((4, 2), NAN), np.full((4, 2), np.inf)),
        *(np.zeros((4, 3)), np.zeros(8), np.array(["a"]), [], None),
    ],
)
def test_what_encloses_nothing_is_skipped(points: object) -> None:
    assert clean(points).shape == (0, 2)
    assert not rasterise([points], (8, 8)).any()


def test_a_vertex_without_numbers_is_left_out() -> None:
    torn = np.vstack([SQUARE[:2], [NAN, 3.0], SQUARE[2:], [np.inf, 0.0]])
    assert np.array_equal(rasterise([torn], (8, 10)), rasterise([SQUARE], (8, 10)))


def test_what_leaves_the_photo_is_cut_at_its_edge() -> None:
    around = np.array([[-50, -50], [60, -50], [60, 60], [-50, 60]])
    assert rasterise([around], (8, 10)).all()
    assert not rasterise([SQUARE + 100], (8, 10)).any()


def test_vertices_at_the_end_of_the_world_take_no_time() -> None:
    mask = rasterise([np.array([[-1e300, 2], [1e300, 2], [1e300, 1e300], [-1e300, 1e300]])], (8, 10))
    assert mask[2:].all()
    assert not mask[:2].any()


@given(arrays(np.float64, st.tuples(st.integers(0, 6), st.just(2))))
def test_any_numbers_make_a_black_and_white_mask(points: np.ndarray) -> None:
    mask = rasterise([points], (5, 7))
    assert mask.shape == (5, 7)
    assert set(np.unique(mask)) <= {0, 255}


def test_sides_are_undecided_where_both_are() -> None:
    sides = rasterise_sides([SQUARE], [SQUARE + np.array([3, 0])], (8, 12))
    assert sides[2, [1, 3, 5, 8]].tolist() == [0, 1, 3, 2]


def write(path: Path, body: str) -> Path:
    path.write_text(f"<annotation>{body}</annotation>")
    return path


def ring(points: list[tuple[object, object]]) -> str:
    return "<polygon>" + "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in points) + "</polygon>"


CORNERS: list[tuple[object, object]] = [(1, 1), (5, 1), ("\n5.5\n", 4)]


def test_a_drawing_has_the_names_and_points_of_its_objects(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml", f"<object><name> Left hand\n</name>{ring(CORNERS)}</object>")
    (outline,) = read_drawing(path, "gtea").outlines
    assert outline.name == "Left hand"
    assert outline.points.tolist() == [[1, 1], [5, 1], [5.5, 4]]


def test_deleted_objects_stay_out(tmp_path: Path) -> None:
    gone = f"<object><name>hand</name><deleted> 1 </deleted>{ring(CORNERS)}</object>"
    assert not read_drawing(write(tmp_path / "a.xml", gone), "hof").outlines


def test_points_without_numbers_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xml", f"<object>{ring([*CORNERS, ('', 'x')])}</object>")
    (outline,) = read_drawing(path, "hof").outlines
    assert len(outline.points) == 3
    assert outline.name == ""


@pytest.mark.parametrize("told", ["", "<imagesize/>", "<imagesize><nrows>0</nrows><ncols>x</ncols></imagesize>"])
def test_a_drawing_without_a_size_is_taken_as_it_is(tmp_path: Path, told: str) -> None:
    drawing = read_drawing(write(tmp_path / "a.xml", f"<object>{ring(CORNERS)}</object>{told}"), "hof")
    assert drawing.size is None
    assert fitted(drawing, (8, 8)) == drawing.outlines


def test_a_drawing_is_scaled_to_its_photo(tmp_path: Path) -> None:
    told = "<imagesize><nrows>20</nrows><ncols>30</ncols></imagesize>"
    drawing = read_drawing(write(tmp_path / "a.xml", f"<object>{ring(CORNERS)}</object>{told}"), "hof")
    (outline,) = fitted(drawing, (10, 60))
    assert outline.points.tolist() == [[2, 0.5], [10, 0.5], [11, 2]]


@pytest.mark.parametrize("text", ["", "<annotation>", "\0", '<?xml version="1.0" encoding="none"?><a/>'])
def test_a_damaged_drawing_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.xml"
    path.write_text(text)
    with pytest.raises(DatasetError, match=r"a\.xml: is no XML.*`handseg download gtea`"):
        read_drawing(path, "gtea")


def test_a_drawing_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    path = tmp_path / "a.xml"
    path.write_text(f'<!DOCTYPE a [<!ENTITY e0 "{"x" * 1000}">{levels}]><a>&e9;</a>')
    with pytest.raises(DatasetError, match="is no XML"):
        read_drawing(path, "gtea")


def test_drawings_can_be_pickled(tmp_path: Path) -> None:
    drawing = read_drawing(write(tmp_path / "a.xml", f"<object>{ring(CORNERS)}</object>"), "hof")
    assert len(pickle.loads(pickle.dumps(drawing)).outlines) == 1
