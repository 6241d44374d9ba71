"""What every source of `textcl.data.__all__` owes."""

import inspect
import json
import pickle
from collections.abc import Callable
from multiprocessing import Pipe, get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tests.data.tables import KINDS, opened
from textcl import data
from textcl.data.sources.beir import BEIR
from textcl.data.sources.concatenation import Concatenation
from textcl.data.sources.docstrings import Docstrings
from textcl.data.sources.documents import Documents
from textcl.data.sources.hub_dataset import HubDataset
from textcl.data.sources.text_files import FolderLines, FolderTexts, TextLines
from textcl.data.sources.wordnet import WordNet
from textcl.types.text import Example, Source


def write(path: Path, text: str) -> None:
    """Write a file once: a source refuses to read one that was changed under it."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def text_lines(folder: Path) -> Source:
    write(folder / "lines.txt", "first line\n\nsecond line\nthird line\n")
    return TextLines(str(folder / "lines.txt"))


def table(kind: str) -> Callable[[Path], Source]:
    rows = [{"anchor": f"a {row}", "positive": f"p {row}", "other": f"q {row}", "negative": "n"} for row in range(4)]
    columns = {"positive": ["positive", "other"], "negative": "negative"}

    def build(folder: Path) -> Source:
        if (folder / kind).exists():
            return KINDS[kind][0](str(folder / kind), **columns)
        return opened(folder, kind, rows, **columns)

    return build


def folder_of(source: Callable[[str], Source]) -> Callable[[Path], Source]:
    def build(folder: Path) -> Source:
        for name in ("one", "two"):
            write(folder / "texts" / f"{name}.txt", f"{name} first line\n{name} second line\n")
        return source(str(folder / "texts"))

    return build


def hub_dataset(folder: Path) -> Source:
    with pytest.MonkeyPatch.context() as patch:
        rows = [{"anchor": f"a {row}", "positive": f"p {row}"} for row in range(3)]
        patch.setattr("datasets.load_dataset", lambda *given, **settings: rows)
        return HubDataset("me/pairs", "0" * 40)


def beir(folder: Path) -> Source:
    for name in ("corpus", "queries"):
        lines = [json.dumps({"_id": str(row), "text": f"{name} {row}"}) for row in range(3)]
        write(folder / f"{name}.jsonl", "\n".join(lines))
    write(folder / "qrels.tsv", "query-id\tcorpus-id\tscore\n0\t1\t1\n2\t0\t1\n2\t2\t1\n")
    return BEIR(str(folder))


def wordnet(folder: Path) -> Source:
    for part in ("noun", "verb", "adj", "adv"):
        line = f'00001740 03 n 02 {part} 0 other_{part} 0 000 | what a {part} is; "so"'
        write(folder / f"data.{part}", line)
    return WordNet("gloss", str(folder))


def documents(folder: Path) -> Source:
    rows = [
        {"anchor": f"q {row}", "positive": f"d {row}", "negatives": ["n"], "positive_score": 1.0, "scores": [row / 3]}
        for row in range(3)
    ]
    write(folder / "scored.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows))
    return Documents("corpus.jsonl", make_file=lambda settings: folder / "scored.jsonl")


def concatenation(folder: Path) -> Source:
    return Concatenation([text_lines(folder), text_lines(folder)])


CASES: dict[str, Callable[[Path], Source]] = {
    "TextLines": text_lines,
    "JsonLines": table("rows.jsonl"),
    "CSV": table("rows.csv.gz"),
    "TSV": table("rows.tsv"),
    "Parquet": table("rows.parquet"),
    "Arrow": table("rows.arrow"),
    "FolderLines": folder_of(FolderLines),
    "FolderTexts": folder_of(FolderTexts),
    "HubDataset": hub_dataset,
    "BEIR": beir,
    "WordNet": wordnet,
    "Docstrings": lambda folder: Docstrings(["yaml", "iniconfig", "packaging"]),
    "Documents": documents,
    "Concatenation": concatenation,
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def build(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Source]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return lambda: request.param(tmp_path)


def test_every_source_of_the_room_is_under_contract():
    listed = {name: getattr(data, name) for name in data.__all__}
    marks = ("location", "fingerprint", "__getitem__")
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


def test_every_row_has_a_location_of_its_own_or_of_its_source(build: Callable[[], Source]):
    source = build()
    assert all(isinstance(source.location(row), str) and source.location(row) for row in range(len(source)))
    assert source.location(0) != source.location(1)


def test_a_row_beyond_the_end_is_an_index_error(build: Callable[[], Source]):
    source = build()
    with pytest.raises(IndexError):
        source[len(source)]
    with pytest.raises(IndexError):
        source.location(len(source))


def test_a_second_construction_gives_the_same_rows_and_fingerprint(build: Callable[[], Source]):
    one, two = build(), build()
    assert [one[row] for row in range(len(one))] == [two[row] for row in range(len(two))]
    assert one.fingerprint == two.fingerprint


def test_a_pickled_copy_is_equal(build: Callable[[], Source]):
    source = build()
    copy = pickle.loads(pickle.dumps(source))  # noqa: S301 (our own bytes)
    assert [copy[row] for row in range(len(copy))] == [source[row] for row in range(len(source))]
    assert copy.fingerprint == source.fingerprint
    assert copy.location(1) == source.location(1)


def test_the_length_is_that_of_the_rows_and_a_negative_row_counts_from_the_end(build: Callable[[], Source]):
    source = build()
    assert len([source[row] for row in range(len(source))]) == len(source)
    assert source[-1] == source[len(source) - 1]


def read_in_a_fork(source: Source, answer: Connection) -> None:
    answer.send([source[row] for row in range(len(source))])


def test_another_process_reads_the_same_rows(build: Callable[[], Source]):
    source = build()
    source[0]  # what is open is shared with the fork
    here, there = Pipe()
    process = get_context("fork").Process(target=read_in_a_fork, args=(source, there))
    process.start()
    try:
        assert here.poll(30)
        assert here.recv() == [source[row] for row in range(len(source))]
    finally:
        process.join()
