"""Which columns are taken for texts, and what a row is dropped for that lacks one."""

import json
from pathlib import Path

import pytest

from textcl.cleaning.cleaner import Cleaned, Cleaning, clean
from textcl.cleaning.rules import Rules
from textcl.errors import DataError

PROSE = "a man plays the guitar"


def cleaned(folder: Path, *rows: dict[str, object], columns: tuple[str, ...] = ()) -> tuple[Cleaned, list[list[str]]]:
    """Clean rows; return what was said, and line, reason and detail of each row that was dropped."""
    path, dropped = folder / "rows.jsonl", folder / "dropped.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = clean(path, folder / "out.jsonl", dropped, Cleaning(Rules(), columns=columns), force=True)
    published = [json.loads(line) for line in dropped.read_text().splitlines()]
    return found, [[row["line"], row["reason"], row["detail"]] for row in published]


@pytest.mark.parametrize(
    "names",
    [
        ("query", "document"), ("query", "pos", "neg"), ("question", "context"), ("text", "title"),
        ("premise", "hypothesis"), ("anchor", "positive", "negative_1", "negative_2"), ("Query", "Answer"),
    ],
)  # fmt: skip
def test_pairs_of_one_anchor_are_no_duplicates_by_whatever_usual_names(tmp_path: Path, names: tuple[str, ...]) -> None:
    others = ("of a green house near the river", "where cats sleep all day long", "but nobody saw him leave again")
    rows = [dict.fromkeys(names, PROSE) | {name: f"{name} {text}" for name in names[1:]} for text in others]
    found, dropped = cleaned(tmp_path, *rows, rows[0])
    assert found.columns == names
    assert dropped == [[4, "duplicate", "of line 1"]]


def test_the_sides_of_a_pair_come_first_in_whatever_order_they_stand(tmp_path: Path) -> None:
    row: dict[str, object] = {
        "negative": "a b",
        "title": "c d",
        "answer": "e f",
        "query": "g h",
        "url": "https://i.j/k",
    }
    assert cleaned(tmp_path, row)[0].columns == ("query", "answer", "title", "negative")


def test_a_column_of_prose_that_has_no_usual_name_is_asked_about(tmp_path: Path) -> None:
    row: dict[str, object] = {"query": "a b", "response": PROSE, "id": "12-a", "date": "2024-01-02 10:11:12"}
    with pytest.raises(DataError, match="query hold texts by their names, and response by what stands there"):
        cleaned(tmp_path, row)
    assert cleaned(tmp_path, row, columns=("query", "response"))[0].columns == ("query", "response")
    row["response"] = "人们在公园里弹吉他"
    with pytest.raises(DataError, match="and response by what stands there"):
        cleaned(tmp_path, row)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("target", [1, 0]), ("target", ["sport", "news"]), ("source", ["wikipedia", "books"]), ("negatives", [[], []]),
        ("label", [f"{PROSE} {row}" for row in range(2)]), ("url", ["https://a.b/c-d-e-f", "https://a.b/c-d-e-g"]),
        ("group", ["a long name"] * 10), ("vector", [[0.1, 0.2], [0.3, 0.4]]),
    ],
)  # fmt: skip
def test_columns_of_other_things_are_left_alone(tmp_path: Path, name: str, values: list[object]) -> None:
    found, dropped = cleaned(tmp_path, *({"text": f"row {row}", name: value} for row, value in enumerate(values)))
    assert found.columns == ("text",)
    assert dropped == []


def test_a_source_and_a_target_of_prose_are_a_pair(tmp_path: Path) -> None:
    assert cleaned(tmp_path, {"source": PROSE, "target": "un homme joue"})[0].columns == ("source", "target")


def test_what_is_missing_is_told_from_what_is_no_text(tmp_path: Path) -> None:
    _, dropped = cleaned(
        tmp_path, {"text": PROSE}, {"text": 42}, {"text": None}, {"body": "x"}, {"text": "?"}, {"text": ["a", 3]}
    )
    assert dropped == [
        [2, "not a text", "42 in text"], [3, "not a text", "null in text"], [4, "no column", "text"],
        [5, "empty", "no letter or digit in a text"], [6, "not a text", "3 in text"],
    ]  # fmt: skip


def test_a_row_may_lack_negatives_unless_they_are_asked_for(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"anchor": "a b", "positive": "c", "negatives": ["d"]}, {"anchor": "e", "positive": "f", "negatives": []},
        {"anchor": "g", "positive": "h"}, {"anchor": "i", "positive": [], "negatives": ["j"]},
    ]  # fmt: skip
    assert cleaned(tmp_path, *rows)[1] == [[4, "empty", "an empty list in positive"]]
    assert cleaned(tmp_path, *rows, columns=("anchor", "negatives"))[1] == [
        [2, "empty", "an empty list in negatives"], [3, "no column", "negatives"],
    ]  # fmt: skip


def test_a_row_may_have_some_negatives_or_none(tmp_path: Path) -> None:
    one, two, none = ({"anchor": name, "negative_1": name + "x", "negative_2": ""} for name in "abc")
    assert cleaned(tmp_path, one, two | {"negative_2": "z"}, none | {"negative_1": " "})[1] == []


@pytest.mark.parametrize("spelled", ["nan", "NULL", "N/A", "\\N", "#N/A", "#REF!"])
def test_a_text_that_spells_a_missing_one_is_none(tmp_path: Path, spelled: str) -> None:
    assert cleaned(tmp_path, {"text": "a b"}, {"text": spelled}, {"text": f"{spelled} came by"})[1] == [
        [2, "empty", f"'{spelled}' spells a missing text"]
    ]


def test_simcse_and_nested_passages_are_read_by_their_names(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"sent0": f"anchor {n}", "sent1": f"positive {n}", "hard_neg": f"negative {n}"} for n in range(2)
    ]
    assert cleaned(tmp_path, *rows)[0].columns == ("sent0", "sent1", "hard_neg")
    passage = {"title": "a title", "text": "its text"}
    nested: dict[str, object] = {"query": "what", "positive_passages": [passage], "negative_passages": []}
    assert cleaned(tmp_path, nested)[0].columns == ("query", "positive_passages")


def test_half_a_surrogate_pair_is_unreadable(tmp_path: Path) -> None:
    assert cleaned(tmp_path, {"text": "a b"}, {"text": "a \ud83d b"})[1] == [
        [2, "unreadable", "half a surrogate pair, or NUL"]
    ]
