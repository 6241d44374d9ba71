"""Cleaning a file: what is kept, what is dropped and why."""

import gzip
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from textcl.cleaning import duplicates
from textcl.cleaning.cleaner import Cleaned, Cleaning, clean
from textcl.cleaning.duplicates import resemblance, runs_of
from textcl.cleaning.rules import Rules, Similarity
from textcl.errors import DataError, TextclError
from textcl.text.folding import folded, folded_words
from textcl.types.batches import FloatArray
from textcl.types.text import Role

ANY = Cleaning(Rules())
LONG = "the quick brown fox jumps over the lazy dog and runs away from the angry farmer near the old mill"


def cleaned(path: Path, request: Cleaning = ANY) -> tuple[Cleaned, str, dict[int, tuple[str, str]]]:
    """Clean a file; return what was said, what was kept, and the reason and detail for each line dropped."""
    out, dropped = path.with_name(f"clean-{path.name}"), path.with_name("dropped.jsonl")
    found = clean(path, out, dropped, request, force=True)
    kept = (gzip.decompress(out.read_bytes()) if out.suffix == ".gz" else out.read_bytes()).decode()
    rows = [json.loads(line) for line in dropped.read_text(encoding="utf-8").splitlines()]
    return found, kept, {row["line"]: (row["reason"], row["detail"]) for row in rows}


def text_file(folder: Path, *lines: str) -> Path:
    path = folder / "lines.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_each_reason_is_told_with_its_line(tmp_path: Path) -> None:
    path = text_file(
        tmp_path, "A dog runs in the park.", "", "?!", "word " * 30, "a DOG runs, in the park", "Der Hund ist im Haus.",
        LONG, LONG.replace("angry", "hungry"), "A cat sleeps.",
    )  # fmt: skip
    found, kept, dropped = cleaned(path, Cleaning(Rules(max_words=25, language="en")))
    assert dropped == {
        2: ("empty", "no letter or digit in a text"),
        3: ("empty", "no letter or digit in a text"),
        4: ("too long", "30 words"),
        5: ("duplicate", "of line 1"),
        6: ("another language", "looks like de"),
        8: ("near duplicate", "of line 7, resemblance 0.89"),
    }
    assert kept == f"A dog runs in the park.\n{LONG}\nA cat sleeps.\n"
    assert found.kept == 3
    assert sum(found.dropped.values()) == 6


def test_kept_and_dropped_rows_together_are_all_rows(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    words = LONG.split()
    lines = [" ".join(rng.choice(words, rng.integers(0, 12))) for _ in range(300)]
    found, kept, dropped = cleaned(text_file(tmp_path, *lines))
    assert found.kept + len(dropped) == 300
    assert kept.splitlines() == [line for number, line in enumerate(lines, start=1) if number not in dropped]


def test_near_duplicates_are_those_of_a_naive_loop(tmp_path: Path) -> None:
    rng, words = np.random.default_rng(1), LONG.split()
    lines = []
    for _ in range(40):
        line = list(rng.permutation(words))
        lines.append(" ".join(line))
        for change in range(3):
            lines.append(" ".join(word for position, word in enumerate(line) if position > change))
    kept: list[str] = []
    for line in lines:
        if all(resemblance(runs_of(line), runs_of(other)) < 0.8 for other in kept):
            kept.append(line)
    assert 40 <= len(kept) < 160
    assert cleaned(text_file(tmp_path, *lines), Cleaning(Rules(), near=0.8))[1].splitlines() == kept


def test_control_exact_duplicates_alone_leave_near_ones(tmp_path: Path) -> None:
    path = text_file(tmp_path, LONG, LONG.replace("angry", "hungry"), LONG)
    assert cleaned(path, Cleaning(Rules(), near=1))[2] == {3: ("duplicate", "of line 1")}


def test_pairs_are_compared_side_by_side(tmp_path: Path) -> None:
    rows = [
        {"anchor": "one thing", "positive": "another", "score": 1}, {"anchor": "One thing!", "positive": "ANOTHER"},
        {"anchor": "one", "positive": "thing another"}, {"anchor": "same", "positive": "Same."},
        {"anchor": "no positive"}, {"anchor": "list", "positive": ["first", "second"]}, {"anchor": 3, "positive": "x"},
    ]  # fmt: skip
    lines = [json.dumps(row) for row in rows]
    path = tmp_path / "pairs.jsonl"
    path.write_text("\n".join([*lines, "{not json", "[1]"]) + "\n")
    found, kept, dropped = cleaned(path)
    assert kept.splitlines() == [lines[0], lines[2], lines[5]]
    assert {line: reason for line, (reason, _) in dropped.items()} == {
        2: "duplicate", 4: "identical sides", 5: "no column", 7: "not a text", 8: "unreadable", 9: "unreadable",
    }  # fmt: skip
    assert found.columns == ("anchor", "positive")
    same = Cleaning(Rules(distinct_sides=False))
    assert 4 not in cleaned(path, same)[2]


def test_tables_keep_their_first_line_and_their_quotes(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text('id,anchor,positive\n1,"a, b","two\nlines"\n2,x\n3,"a, b","two\nlines"\n4,c,d\n')
    _, kept, dropped = cleaned(path)
    assert kept == 'id,anchor,positive\n1,"a, b","two\nlines"\n4,c,d\n'
    assert dropped == {
        4: (
            "unreadable",
            "found 2 fields between ',', but line 1 names 3 columns: id, anchor, positive. Quote fields that hold one.",
        ),
        5: ("duplicate", "of line 2, but with another id"),
    }
    path = tmp_path / "pairs.tsv"
    path.write_text('anchor\tpositive\n"a\tb"\n"A\tB\n')
    assert cleaned(path)[1] == 'anchor\tpositive\n"a\tb"\n'


def test_gzipped_files_and_odd_line_ends_come_through(tmp_path: Path) -> None:
    path = tmp_path / "lines.txt.gz"
    path.write_bytes(gzip.compress("\ufeffone\u2028two\r\nthree\rfour\nfive\n".encode()))
    assert cleaned(path)[1] == "one\u2028two\r\nthree\rfour\nfive\n"


class Table:
    """Vectors of texts by their first letter."""

    def __call__(self, texts: Sequence[str], role: Role) -> FloatArray:
        angles = np.array([(ord(text[0]) - ord("a")) * 0.1 for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_a_row_without_a_second_side_is_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    rows = [{"anchor": "a", "negatives": ["p"]}, {"anchor": "b", "negatives": []}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    _, _, dropped = cleaned(path, Cleaning(Rules(), similarity=Similarity(Table(), lowest=0.5)))
    assert list(dropped) == [1]


def test_pairs_too_far_apart_or_too_near_are_dropped_before_they_can_hide_others(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    rows = [("a", "p"), ("a", "b"), ("b", "bb"), ("A", "p")]
    path.write_text("".join(json.dumps({"anchor": a, "positive": p}) + "\n" for a, p in rows))
    _, _, dropped = cleaned(path, Cleaning(Rules(), similarity=Similarity(Table(), lowest=0.5, highest=0.999)))
    assert dropped[1] == ("sides too far apart", "cosine 0.071")
    assert dropped[3][0] == "sides too near"
    assert 2 not in dropped
    assert dropped[4][0] == "sides too far apart"  # not a duplicate of line 1, which is not there any more


def test_no_file_is_overwritten_or_left_in_part(tmp_path: Path) -> None:
    path = text_file(tmp_path, "one", "two")
    (tmp_path / "there.txt").write_text("precious\n")
    with pytest.raises(DataError, match=r"there.txt is there already; .* --force"):
        clean(path, tmp_path / "there.txt", None, ANY)
    clean(path, tmp_path / "there.txt", None, ANY, force=True)
    assert (tmp_path / "there.txt").read_text() == "one\ntwo\n"
    with pytest.raises(DataError, match="must be different files"):
        clean(path, path, None, ANY)
    with pytest.raises(DataError, match="which is not its ending"):
        clean(path, tmp_path / "out.jsonl", None, ANY)
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"one\n\xff\xfe\n")
    with pytest.raises(DataError, match="not UTF-8"):
        clean(bad, tmp_path / "out.txt", tmp_path / "dropped.jsonl", ANY)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bad.txt", "lines.txt", "there.txt"]


@pytest.mark.parametrize(
    ("out", "dropped", "message"),
    [
        ("folder", None, "folder cannot be written: it is a folder"),
        ("lines.txt/below.txt", None, "below.txt cannot be written: "),
        ("/proc/out.txt", None, "/proc/out.txt cannot be written"),
        ("out.txt", "dropped.csv", "dropped.csv gets JSONL, whatever lines.txt is; its name must end in .jsonl"),
        ("out.txt", "there.jsonl", "there.jsonl is there already"),
    ],
)
def test_a_location_that_can_not_be_written_is_refused_before_any_row_is_read(
    tmp_path: Path, out: str, dropped: str | None, message: str
) -> None:
    path = text_file(tmp_path, "one")
    (tmp_path / "folder").mkdir()
    (tmp_path / "there.jsonl").write_text("precious\n")
    path.write_bytes(b"\xff")  # reading it would fail first
    with pytest.raises(TextclError, match=re.escape(message)):
        clean(path, tmp_path / out, None if dropped is None else tmp_path / dropped, ANY)
    assert (tmp_path / "there.jsonl").read_text() == "precious\n"


@pytest.mark.parametrize(
    ("content", "columns", "message"),
    [
        ('{"heading": "x"}\n', (), "has the columns heading. Name those that hold texts with --text-column"),
        ('{"title": "x"}\n', ("titel",), "no column 'titel'; there are title. Did you mean 'title'?"),
        ("\nnonsense\n", (), "line 2: not JSON"),
        ("\n", (), "the file holds no rows"),
    ],
)
def test_columns_that_are_not_there_are_told(
    tmp_path: Path, content: str, columns: tuple[str, ...], message: str
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=message.replace("?", r"\?")):
        clean(path, tmp_path / "out.jsonl", None, Cleaning(Rules(), columns=columns))


@pytest.mark.parametrize("settings", [{"max_words": 0}, {"min_words": 5, "max_words": 4}, {"language": "xx"}])
def test_rules_that_nothing_can_meet_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"words:|cannot be told"):
        Rules(**settings)


def test_a_duplicate_is_one_of_letters_and_digits(tmp_path: Path) -> None:
    first, second = "It's 5 o'clock", "its  5 oclock!"
    assert folded(folded_words(first)) == folded(folded_words(second))
    assert cleaned(text_file(tmp_path, first, second))[2] == {2: ("duplicate", "of line 1")}


def test_two_sides_must_both_be_nearly_the_same(tmp_path: Path) -> None:
    path, near = tmp_path / "rows.jsonl", LONG.replace("angry", "hungry")
    rows = [
        ("what does it jump over", LONG), ("who runs away", LONG), ("what does it jump over?", near),
        (LONG, "the mill"), (LONG, "a farmer"), (near, "the mill"), (near, ["the mill", "a mill"]),
    ]  # fmt: skip
    path.write_text("".join(json.dumps({"query": query, "document": text}) + "\n" for query, text in rows))
    assert cleaned(path)[2] == {
        3: ("near duplicate", "of line 1, resemblance 0.89"),
        6: ("near duplicate", "of line 4, resemblance 0.89"),
    }


def test_a_repeated_row_is_told_with_what_differs_beside_its_texts(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    near = LONG.replace("angry", "hungry")
    path.write_text(f"text,label,id\ngood thing,1,a\nGood thing!,0,a\ngood thing,1,a\n{LONG},1,a\n{near},2,b\n")
    assert cleaned(path)[2] == {
        3: ("duplicate", "of line 2, but with another label"),
        4: ("duplicate", "of line 2"),
        6: ("near duplicate", "of line 5, resemblance 0.89, but with another label, id"),
    }


def test_of_rows_of_one_template_few_are_measured_the_most_similar_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng, measured = np.random.default_rng(2), Counter()
    monkeypatch.setattr(duplicates, "MEASURED", 5)
    monkeypatch.setattr(duplicates, "resemblance", lambda *runs: measured.update(["times"]) or resemblance(*runs))
    cities = ["".join(map(chr, rng.integers(97, 123, 7))) for _ in range(400)]
    forecast = "the forecast for {} shows rain and wind on monday and some sun later in {}"
    lines = [forecast.format(*pair) for pair in zip(cities[::2], cities[1::2], strict=True)]
    doubled = [f"{line}s" for line in lines[:20]]
    found = cleaned(text_file(tmp_path, *lines, *doubled), Cleaning(Rules(), near=0.8))[2]
    assert [found[line][1] for line in range(201, 221)] == [
        f"of line {line}, resemblance 0.99" for line in range(1, 21)
    ]
    assert 500 < measured["times"] <= 5 * 220
