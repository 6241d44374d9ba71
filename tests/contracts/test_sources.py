"""What every source of `textcl.data.__all__` owes."""

import inspect
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from textcl import data
from textcl.data import Concatenation, Docstrings, JsonLines, TextLines
from textcl.types import Example, Source


def text_lines(folder: Path) -> Source:
    (folder / "lines.txt").write_text("first line\n\nsecond line\nthird line\n", encoding="utf-8")
    return TextLines(str(folder / "lines.txt"))


def json_lines(folder: Path) -> Source:
    rows = [{"anchor": f"a {row}", "positive": [f"p {row}", f"q {row}"], "negative": f"n {row}"} for row in range(4)]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return JsonLines(str(folder / "rows.jsonl"), negative="negative")


def concatenation(folder: Path) -> Source:
    return Concatenation([text_lines(folder), text_lines(folder)])


CASES: dict[str, Callable[[Path], Source]] = {
    "TextLines": text_lines,
    "JsonLines": json_lines,
    "Docstrings": lambda folder: Docstrings(["yaml", "iniconfig", "packaging"]),
    "Concatenation": concatenation,
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def build(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Source]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda: request.param(tmp_path)


def test_every_source_of_the_room_is_under_contract():
    listed = {name: getattr(data, name) for name in data.__all__}
    marks = ("place", "fingerprint", "__getitem__")
    sources = {name for name, item in listed.items() if inspect.isclass(item) and all(hasattr(item, m) for m in marks)}
    assert sources == set(CASES)


def test_rows_are_numbered_examples_with_text(build: Callable[[], Source]):
    source = build()
    assert len(source) >= 2
    for row in range(len(source)):
        example = source[row]
        assert isinstance(example, Example)
        assert example.row == row
        assert all(text.strip() for text in (example.anchor, *example.positives, *example.negatives))


def test_every_row_has_a_place_of_its_own_or_of_its_source(build: Callable[[], Source]):
    source = build()
    assert all(isinstance(source.place(row), str) and source.place(row) for row in range(len(source)))
    assert source.place(0) != source.place(1)


def test_a_row_beyond_the_end_is_an_index_error(build: Callable[[], Source]):
    source = build()
    with pytest.raises(IndexError):
        source[len(source)]
    with pytest.raises(IndexError):
        source.place(len(source))


def test_a_second_construction_gives_the_same_rows_and_fingerprint(build: Callable[[], Source]):
    one, two = build(), build()
    assert [one[row] for row in range(len(one))] == [two[row] for row in range(len(two))]
    assert one.fingerprint == two.fingerprint


def test_a_pickled_copy_is_equal(build: Callable[[], Source]):
    source = build()
    copy = pickle.loads(pickle.dumps(source))  # noqa: S301 (our own bytes)
    assert [copy[row] for row in range(len(copy))] == [source[row] for row in range(len(source))]
    assert copy.fingerprint == source.fingerprint
    assert copy.place(1) == source.place(1)
