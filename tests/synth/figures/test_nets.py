"""Closed meshes from distances."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.body import Floats, Ints
from handseg_cli.synth.figures.nets import evened, halves, settled, surface_net


def ball(points: Floats) -> Floats:
    return np.asarray(np.linalg.norm(points, axis=1) - 20)


def axes() -> tuple[Floats, Floats, Floats]:
    return (
        np.arange(-24.0, 25, 3),
        np.arange(-24.0, 25, 2),
        np.concatenate([np.arange(-24.0, 0, 4), np.arange(1.0, 25)]),
    )


def volume(points: Floats, triangles: Ints) -> float:
    one, two, three = points[triangles].swapaxes(0, 1)
    return float(np.einsum("ta,ta->", one, np.cross(two, three))) / 6


def edges(faces: Ints) -> Ints:
    """Return the two ends of each edge of each face, as the face goes round."""
    return np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)


def test_a_ball_is_closed_and_holds_what_a_ball_holds() -> None:
    points, quads = surface_net(ball, axes())
    points = settled(points, quads, ball, 3)
    triangles = halves(points, quads)
    there = {tuple(edge) for edge in edges(triangles).tolist()}
    assert len(there) == 3 * len(triangles)
    assert all((end, start) in there for start, end in there)
    assert abs(volume(points, triangles) / (4 / 3 * np.pi * 20**3) - 1) < 0.02
    np.testing.assert_allclose(ball(points), 0, atol=0.05)


def test_two_balls_make_two_shells() -> None:
    def two(points: Floats) -> Floats:
        return np.minimum(ball(points * 4), ball((points - (15, 0, 0)) * 4))

    points, quads = surface_net(two, axes())
    assert len(points) - len(quads) == 2 * 2  # of a closed mesh of quads: two for each shell


def test_halves_take_the_shorter_diagonal() -> None:
    points = np.array([[0, 0, 0], [2, -1, 0], [4, 0, 0], [2, 1, 0]], float)
    assert halves(points, np.array([[0, 1, 2, 3]])).tolist() == [[1, 2, 3], [1, 3, 0]]


def test_what_is_even_stays_so() -> None:
    points, quads = surface_net(ball, axes())
    np.testing.assert_allclose(evened(np.full((len(points), 2), 3.5), quads, 3), 3.5)
