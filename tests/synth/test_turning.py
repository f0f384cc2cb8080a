"""Rotation vectors and directions."""

from __future__ import annotations

import numpy as np

from handseg_cli.synth.body import rotations
from handseg_cli.synth.turning import across, cross, unit, vectors_of


def test_rotation_vectors_come_back_from_their_matrices() -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 3))
    vectors *= (np.random.default_rng(1).uniform(0, 3.14, 200) / np.linalg.norm(vectors, axis=1))[:, None]
    np.testing.assert_allclose(vectors_of(rotations(vectors)), vectors, atol=1e-9)


def test_half_turns_and_no_turns_are_vectors_too() -> None:
    np.testing.assert_allclose(vectors_of(np.diag([-1.0, 1, -1])), [0, np.pi, 0], atol=1e-12)
    np.testing.assert_array_equal(vectors_of(np.eye(3)), [0, 0, 0])


def test_what_is_across_an_axis_is_one_long_and_at_right_angles() -> None:
    ways, axis = np.random.default_rng(0).normal(size=(20, 3)), unit(np.array([1.0, 2, 3]))
    np.testing.assert_allclose(across(ways, axis) @ axis, 0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.norm(across(ways, axis), axis=1), 1)


def test_cross_products_are_those_of_numpy_to_the_bit() -> None:
    first, second = np.random.default_rng(2).normal(size=(2, 5, 4, 3))
    np.testing.assert_array_equal(cross(first, second), np.cross(first, second))
    np.testing.assert_array_equal(cross(first[0, 0], second), np.cross(first[0, 0], second))
