"""YAML as people mean it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from textcl.errors import RecipeError
from textcl.files.yaml import read_yaml, read_yaml_file, write_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3e-5", 3e-5),
        ("3.0e-05", 3e-5),
        ("1E+3", 1000.0),
        (".5", 0.5),
        ("12", 12),
        ("-1_000", -1000),
        ("0x1F", 31),
        ("020", "020"),
        ("1:30", "1:30"),
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


def test_a_key_that_stands_twice_is_a_error_with_its_line() -> None:
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


def bomb() -> str:
    """1 kB that stands for 9^11 values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    return "\n".join(lines)


def merged_bomb() -> str:
    """Mappings of which each holds the one before it twice."""
    lines = [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}], k{n}: 1}}" for n in range(1, 40)]
    return "\n".join(["a0: &a0 {k: 1}", *lines])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (bomb(), "its aliases (*name) grow to more than 100,000 values"),
        (merged_bomb(), "its aliases (*name) grow to more than 100,000 values"),
        ("a: &a [*a]", "an alias stands inside what it is the name of"),
        ("a: &a {b: [{c: *a}]}", "an alias stands inside what it is the name of"),
        ("a: " + "[" * 3000, "more than 50 levels inside one another"),
        ("a: " + "{a: " * 60 + "1" + "}" * 60, "more than 50 levels inside one another"),
        ("".join(" " * n + "a:\n" for n in range(100)), "more than 50 levels inside one another"),
        ("a: " + "9" * 5000, "a number of 5,000 characters"),
        ("a: " + "9" * 5000 + ".5", "a number of 5,002 characters"),
        ("a: !!int x", "found 'x', which is no int"),
        ("a: !!int ''", "found '', which is no int"),
        ("a: !!bool maybe", "found 'maybe', which is no bool"),
        ("a: !!timestamp never", "found 'never', which is no timestamp"),
        ("? [a, b]\n: 2", "a key is a list or a mapping"),
        ('a: "\\e]0;owned"', "a text holds the character U+001B, which nobody can see"),
        ('a: "\\ud800"', "a text holds the character U+D800, which nobody can see"),
        ('a: "\\U00110000"', "an escape or a number that stands for nothing"),
        ('a: "\\UFFFFFFFF"', "an escape or a number that stands for nothing"),
        (f"%YAML 1.{'9' * 5000}\n--- a", "an escape or a number that stands for nothing"),
        ("[" + "1," * 100_001 + "]", "it holds more than 100,000 values"),
        ('"\\0": 1', "a text holds the character U+0000, which nobody can see"),
    ],
)  # fmt: skip
def test_what_is_larger_or_other_than_it_looks_is_refused(text: str, problem: str) -> None:
    with pytest.raises(RecipeError) as caught:
        read_yaml(text, "mine.yaml")
    assert str(caught.value).startswith("mine.yaml, line ")
    assert str(caught.value).endswith(f": the YAML cannot be read: {problem}.")


def test_aliases_that_stay_small_are_read() -> None:
    assert read_yaml("a: &a {b: [1, 2]}\nc: *a\nd: {<<: *a, e: 3}", "here") == {
        "a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": {"b": [1, 2], "e": 3},
    }  # fmt: skip


def test_a_file_is_read_to_a_bound_and_a_device_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_text("# " + "x" * 1_000_000, encoding="utf-8")
    with pytest.raises(RecipeError, match="more than 1 MB"):
        read_yaml_file(tmp_path / "large.yaml")
    (tmp_path / "device.yaml").symlink_to("/dev/zero")
    with pytest.raises(RecipeError, match="it is no file"):
        read_yaml_file(tmp_path / "device.yaml")
    (tmp_path / "mark.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_yaml_file(tmp_path / "mark.yaml") == {"a": 1}
