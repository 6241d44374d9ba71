"""YAML as people mean it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcl.errors import RecipeError
from textcl.recipe.yaml import read_yaml, write_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-5", 3e-5),
        ("3.0e-05", 3e-5),
        ("1E+3", 1000.0),
        (".5", 0.5),
        ("12", 12),
        ("2026-01-01", "2026-01-01"),
        ("'3e-5'", "3e-5"),
        ("1e5x", "1e5x"),
        ("null", None),
        ("[a, 1]", ["a", 1]),
    ],
)
def test_values_are_what_people_mean(text: str, value: object) -> None:
    found = read_yaml(text, "here")
    assert found == value
    assert type(found) is type(value)


def test_a_syntax_error_names_the_line_and_the_column() -> None:
    with pytest.raises(RecipeError, match=r"^mine\.yaml, line 2, column 5: the YAML cannot be read: mapping values"):
        read_yaml("a: 1\nb: c: d", "mine.yaml")


def test_a_key_that_stands_twice_is_a_fault_with_its_line() -> None:
    with pytest.raises(RecipeError, match=r"^mine\.yaml, line 3, column 3: .*'b' stands here twice; keep one"):
        read_yaml("a:\n  b: 1\n  b: 2", "mine.yaml")


def test_python_objects_are_refused() -> None:
    with pytest.raises(RecipeError, match="could not determine a constructor"):
        read_yaml("a: !!python/object/apply:os.getcwd []", "mine.yaml")


_TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]) | st.just("\n"))
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS


@given(st.dictionaries(_TEXTS, _SCALARS | st.lists(_SCALARS) | st.dictionaries(_TEXTS, _SCALARS)))
def test_what_is_written_is_read_back_equal(value: dict[str, object]) -> None:
    assert read_yaml(write_yaml(value), "here") == value


def test_texts_that_look_like_numbers_stay_texts() -> None:
    value = {"a": "3e-5", "b": "1e3", "c": "12", "d": "no", "e": "2026-01-01"}
    assert read_yaml(write_yaml(value), "here") == value
