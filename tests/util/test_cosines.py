"""Products and cosines of rows."""

import numpy as np
import pytest

from textcl.util.cosines import row_cosines, row_products


def test_each_row_is_multiplied_with_its_own() -> None:
    first, second = np.array([[1, 2], [3, 4]], np.float32), np.array([[5, 6], [7, 8]], np.float32)
    assert row_products(first, second).tolist() == [17.0, 53.0]
    assert row_products(first, np.array([1, 10], np.float32)).tolist() == [21.0, 43.0]


def test_the_cosine_does_not_depend_on_lengths_and_is_zero_for_a_vector_of_zeros() -> None:
    first = np.array([[3, 4], [1, 0], [0, 0]], np.float32)
    second = np.array([[8, 6], [-5, 0], [1, 1]], np.float32)
    assert row_cosines(first, second) == pytest.approx([0.96, -1.0, 0.0])
    assert row_cosines(first, np.array([0, 2], np.float32)) == pytest.approx([0.8, 0.0, 0.0])


@pytest.mark.parametrize("width", [3, 16, 300, 384])
def test_a_product_depends_on_its_rows_alone_to_the_last_bit(width: int) -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 50, width)).astype(np.float32)
    alone = [row_products(first[row : row + 1], second[row : row + 1])[0] for row in range(50)]
    assert row_products(first, second).tolist() == alone
