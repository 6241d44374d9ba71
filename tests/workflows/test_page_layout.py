"""Maps of texts: neighbours stay neighbours, the same seed gives the same map, odd vectors break nothing."""

import numpy as np
import pytest

from textcl.types.batches import FloatArray
from textcl.workflows.page import layouts


def groups(rng: np.random.Generator) -> FloatArray:
    """Three groups of twenty vectors each, far apart."""
    vectors = np.repeat(np.eye(3, 8), 20, axis=0) + 0.02 * rng.normal(size=(60, 8))
    unit: FloatArray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit


def test_the_nearest_point_is_of_the_same_group() -> None:
    (layout,) = layouts([groups(np.random.default_rng(5))], 17)
    positions = np.array(layout)
    distances = np.linalg.norm(positions[:, None] - positions, axis=-1) + 9 * np.eye(60)
    assert np.array_equal(distances.argmin(axis=1) // 20, np.arange(60) // 20)


def test_a_second_model_with_the_same_neighbours_leaves_groups_where_they_were() -> None:
    rng = np.random.default_rng(5)
    before, after = (
        np.array(layout).reshape(3, 20, 2).mean(axis=1) for layout in layouts([groups(rng), groups(rng)], 17)
    )
    assert np.abs(before - after).max() < 0.2


def test_the_same_seed_gives_the_same_map() -> None:
    vectors = groups(np.random.default_rng(5))
    assert layouts([vectors], 17) == layouts([vectors], 17)


@pytest.mark.parametrize("vectors", [np.full((20, 4), 0.5), np.zeros((20, 4)), np.eye(20)], ids=["one", "zero", "far"])
def test_collapsed_vectors_have_a_map_too(vectors: FloatArray) -> None:
    for layout in layouts([vectors.astype(np.float32)] * 2, 17):
        assert np.isfinite(layout).all()


@pytest.mark.parametrize("shape", [(7, 4), (20, 1), (0,)])
def test_what_has_no_plane_has_no_map(shape: tuple[int, ...]) -> None:
    assert layouts([np.ones(shape, dtype=np.float32)], 17) == ()
