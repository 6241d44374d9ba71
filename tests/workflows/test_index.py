"""A corpus becomes an index: stopped and gone on with, finished once, never mixed with another."""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.tiny import WORDS, tiny_encoder
from textcl.encoder.opening import open_encoder
from textcl.errors import ModelError, SearchError
from textcl.files.corpora import Corpus
from textcl.indexes.build import open_index
from textcl.types.text import Role
from textcl.util.progress import Progress
from textcl.workflows import index as indexing
from textcl.workflows import search as searching
from textcl.workflows.index import index_corpus
from textcl.workflows.search import Searcher

ROWS = 50
TEXTS = [
    " ".join(WORDS[(row * 7 + word * (row + 3)) % len(WORDS)] for word in range(2 + row % 9)) for row in range(ROWS)
]


class Watched(Progress):
    """Notes the progress; raises after so many texts of a phase, as a kill would stop the work there."""

    def __init__(self, stop_at: tuple[str, int] | None = None) -> None:
        self.phases: list[tuple[str, int | None, int]] = []
        self._stop_at, self._count = stop_at, 0

    def phase(self, name: str, total: int | None = None, done: int = 0, *, unit: str = "texts") -> None:
        self.phases.append((name, total, done))
        self._count = 0

    def advance(self, count: int) -> None:
        self._count += count
        if self._stop_at is not None and self.phases[-1][0] == self._stop_at[0] and self._count >= self._stop_at[1]:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "SHARD_ROWS", 8)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    (tmp_path / "corpus.txt").write_text("\n".join(TEXTS) + "\n")
    return Corpus(tmp_path / "corpus.txt")


@pytest.fixture
def model(tmp_path: Path) -> str:
    tiny_encoder(prompts={"anchor": "query ", "positive": "passage "}).save(tmp_path / "model")
    return str(tmp_path / "model")


def build(model: str, corpus: Corpus, out: Path, progress: Watched | None = None, factory: str = "exact", **more):
    arguments = {"train_rows": None, "precision": "float32"} | more
    return index_corpus(model, corpus, out, factory=factory, progress=progress or Watched(), **arguments)


def test_documents_are_embedded_as_positives_and_found_by_queries_as_anchors(
    model: str, corpus: Corpus, tmp_path: Path
) -> None:
    about = build(model, corpus, tmp_path / "out").about
    assert (about.count, about.empty, about.dimension, about.factory, about.train_rows) == (ROWS, 0, 16, "exact", 0)
    encoder = open_encoder(model, device="cpu")
    documents, queries = encoder.encode(TEXTS, role=Role.POSITIVE), encoder.encode(TEXTS[:3], role=Role.ANCHOR)
    best = np.argsort(-(queries @ documents.T), axis=1)[:, :4]
    found = Searcher(tmp_path / "out").search(TEXTS[:3], 4)
    assert [[hit.id for hit in hits] for hits in found] == [[str(row + 1) for row in rows] for rows in best]
    assert [[hit.text for hit in hits] for hits in found] == [[TEXTS[row] for row in rows] for rows in best]
    assert [hit.rank for hit in found[0]] == [1, 2, 3, 4]


def test_the_folder_holds_what_a_search_needs_and_nothing_else(model: str, corpus: Corpus, tmp_path: Path) -> None:
    build(model, corpus, tmp_path / "out")
    assert {entry.name for entry in (tmp_path / "out").iterdir()} == {"index.json", "documents.sqlite", "index"}
    written = json.loads((tmp_path / "out" / "index.json").read_text())
    assert written["request"]["prompts"]["positive"] == "passage "
    assert written["request"]["model"] == model
    assert written["packages"]["faiss-cpu"]


def test_an_index_of_an_earlier_version_still_opens(model: str, corpus: Corpus, tmp_path: Path) -> None:
    build(model, corpus, tmp_path / "out")
    file = tmp_path / "out" / "index.json"
    written = json.loads(file.read_text())
    written["asked"] = written.pop("request")  # as textcl 0.1 called it
    file.write_text(json.dumps(written))
    assert Searcher(tmp_path / "out").search([TEXTS[3]], 1)


@pytest.mark.parametrize("stop_at", [("Reading", 20), ("Embedding", 17), ("Embedding", 50), ("Building", 9)])
def test_stopped_anywhere_it_goes_on_and_gives_the_same_index(
    model: str, corpus: Corpus, tmp_path: Path, stop_at: tuple[str, int]
) -> None:
    build(model, corpus, tmp_path / "whole", factory="IVF1,SQ8")
    with pytest.raises(KeyboardInterrupt):
        build(model, corpus, tmp_path / "broken", Watched(stop_at), factory="IVF1,SQ8")
    with pytest.raises(SearchError, match=r"holds no index|was not finished"):
        Searcher(tmp_path / "broken")
    again = Watched()
    build(model, corpus, tmp_path / "broken", again, factory="IVF1,SQ8")
    kept = {"Reading": 0, "Embedding": min(stop_at[1] // 8 * 8, 48), "Building": ROWS}[stop_at[0]]
    assert ("Embedding", ROWS, kept) in again.phases
    for file in ("index/index.faiss", "index/kind.json"):
        assert (tmp_path / "broken" / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def test_what_a_killed_process_left_half_written_is_swept_up(model: str, corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "out" / "vectors").mkdir(parents=True)
    for name in (".documents.sqlite.12ab.part", "vectors/.000000.npy.12ab.part"):
        (tmp_path / "out" / name).write_text("half")
    build(model, corpus, tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.part"))


def test_a_finished_index_is_not_built_again(model: str, corpus: Corpus, tmp_path: Path) -> None:
    assert not build(model, corpus, tmp_path / "out").was_finished
    again = Watched()
    assert build(model, corpus, tmp_path / "out", again).was_finished
    assert [phase for phase, *_ in again.phases] == ["Reading"]


def test_an_unfinished_index_may_become_one_of_another_kind(model: str, corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        build(model, corpus, tmp_path / "out", Watched(("Building", 1)))
    again = Watched()
    build(model, corpus, tmp_path / "out", again, factory="HNSW16")
    assert ("Embedding", ROWS, ROWS) in again.phases
    assert open_index(tmp_path / "out" / "index").factory == "HNSW16"


@pytest.mark.parametrize("finished", [False, True])
def test_another_model_corpus_or_kind_is_not_mixed_in(
    model: str, corpus: Corpus, tmp_path: Path, finished: bool
) -> None:
    out = tmp_path / "out"
    if finished:
        build(model, corpus, out)
        with pytest.raises(SearchError, match="finished, with the factory 'exact' and not 'HNSW16'"):
            build(model, corpus, out, factory="HNSW16")
    else:
        with pytest.raises(KeyboardInterrupt):
            build(model, corpus, out, Watched(("Embedding", 20)))
    tiny_encoder(seed=3).save(tmp_path / "other")
    with pytest.raises(
        SearchError, match=rf"begun by model {model}, now it is {tmp_path / 'other'}(?s:.*)fingerprint: "
    ):
        build(str(tmp_path / "other"), corpus, out)
    (tmp_path / "corpus.txt").write_text("\n".join(TEXTS[:-1]))
    with pytest.raises(SearchError, match="another corpus: it has 50 texts, this one 49"):
        build(model, corpus, out)


def test_a_folder_with_something_else_is_left_alone(model: str, corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    with pytest.raises(SearchError, match=r"holds thesis\.tex"):
        build(model, corpus, tmp_path / "out")
    assert [entry.name for entry in (tmp_path / "out").iterdir()] == ["thesis.tex"]


def test_too_few_texts_to_learn_from_are_refused_before_anything_is_embedded(
    model: str, corpus: Corpus, tmp_path: Path
) -> None:
    observed = Watched()
    with pytest.raises(SearchError, match=r"78 in all; there are 50"):
        build(model, corpus, tmp_path / "out", observed, factory="IVF2,Flat")
    with pytest.raises(SearchError, match=r"39 in all; there are 38"):
        build(model, corpus, tmp_path / "out", observed, factory="IVF1,Flat", train_rows=38)
    assert {phase for phase, *_ in observed.phases} == {"Reading"}


def test_an_index_is_searched_with_the_model_that_made_it_only(model: str, corpus: Corpus, tmp_path: Path) -> None:
    build(model, corpus, tmp_path / "out")
    tiny_encoder(seed=3).save(tmp_path / "other")
    with pytest.raises(SearchError, match=rf"model {model}, fingerprint \w+; {tmp_path / 'other'} has \w+ now"):
        Searcher(tmp_path / "out", model=str(tmp_path / "other"))
    tiny_encoder(prompts={"anchor": "ask "}).save(tmp_path / "prompted")
    with pytest.raises(SearchError, match="prompts"):
        Searcher(tmp_path / "out", model=str(tmp_path / "prompted"))
    Path(model).rename(tmp_path / "moved")
    with pytest.raises(SearchError, match=r"cannot be opened(?s:.*)--model"):
        Searcher(tmp_path / "out")
    assert Searcher(tmp_path / "out", model=str(tmp_path / "moved")).search(["fish"], 60)[0][-1].rank == ROWS


def test_a_model_whose_files_are_as_they_were_is_not_read_a_second_time(
    model: str, corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(model, corpus, tmp_path / "out")
    monkeypatch.setattr(searching, "fingerprint", lambda encoder: "of another")
    assert Searcher(tmp_path / "out").search("fish", 1)[0].rank == 1
    shutil.copytree(model, tmp_path / "copy")
    with pytest.raises(SearchError, match="has of another now"):  # the control: whoever has not seen the files, looks
        Searcher(tmp_path / "out", model=str(tmp_path / "copy"))


def test_other_weights_in_files_of_the_same_size_and_time_are_found(model: str, corpus: Corpus, tmp_path: Path) -> None:
    build(model, corpus, tmp_path / "out")
    weights = Path(model) / "model.safetensors"
    before = weights.stat()
    tiny_encoder(seed=3).save(tmp_path / "other")
    weights.write_bytes((tmp_path / "other" / "model.safetensors").read_bytes())
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert weights.stat().st_size == before.st_size
    with pytest.raises(SearchError, match="cannot be compared"):
        Searcher(tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('"x"', "should be an object"),
        ("[" * 100_000, "cannot be read"),
        ('{"format": 1}', "it has no 'request'"),
        ('{"format": 1, "request": {}}', "missing"),
    ],
)
def test_a_damaged_description_of_an_index_is_named(
    model: str, corpus: Corpus, tmp_path: Path, content: str, message: str
) -> None:
    build(model, corpus, tmp_path / "out")
    (tmp_path / "out" / "index.json").write_text(content)
    with pytest.raises(SearchError, match=rf"index\.json.*{message}"):
        Searcher(tmp_path / "out")


@pytest.mark.parametrize("name", ["factory", "count", "packages", "request"])
def test_a_value_of_another_type_in_the_description_of_an_index_is_named(
    model: str, corpus: Corpus, tmp_path: Path, name: str
) -> None:
    build(model, corpus, tmp_path / "out")
    file = tmp_path / "out" / "index.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: [1]}))
    with pytest.raises(SearchError, match=rf"index\.json: not what an index says of itself.*{name}"):
        Searcher(tmp_path / "out")


def test_documents_that_are_no_texts_are_named(model: str, corpus: Corpus, tmp_path: Path) -> None:
    build(model, corpus, tmp_path / "ix")
    with sqlite3.connect(tmp_path / "ix" / "documents.sqlite") as database:
        database.execute("UPDATE documents SET text = x'fffe'")
    database.close()
    with pytest.raises(SearchError, match=r"documents\.sqlite is damaged \(row \d+ holds no text"):
        Searcher(tmp_path / "ix").search(["dog"], 1)


@pytest.mark.parametrize("name", ["documents.sqlite", "index/kind.json"])
def test_a_pipe_in_the_place_of_a_file_is_refused_and_not_waited_for(
    model: str, corpus: Corpus, tmp_path: Path, name: str
) -> None:
    build(model, corpus, tmp_path / "ix")
    (tmp_path / "ix" / name).unlink()
    os.mkfifo(tmp_path / "ix" / name)
    with pytest.raises(ModelError, match=f"{name} is no file, but a pipe or a device"):
        Searcher(tmp_path / "ix")


def test_empty_documents_of_a_benchmark_are_taken_and_counted(model: str, tmp_path: Path) -> None:
    rows = [{"_id": "a", "title": "", "text": ""}, {"_id": "b", "title": "fish", "text": "in a river"}]
    (tmp_path / "beir").mkdir()
    (tmp_path / "beir" / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)))
    about = build(model, Corpus(tmp_path / "beir"), tmp_path / "out").about
    assert (about.count, about.empty) == (2, 1)
    assert {hit.id for hit in Searcher(tmp_path / "out").search(["fish"], 5)[0]} == {"a", "b"}


def test_no_more_than_a_shard_of_texts_is_ever_embedded_at_once(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The corpus is a stream that cannot be listed: it notes how far it was read ahead of what was kept."""
    sizes: list[int] = []
    opened = indexing.opened

    def watched_encoder(*arguments: object, **more: object) -> object:
        encoder = opened(*arguments, **more)
        encode = encoder.encode
        encoder.encode = lambda texts, **rest: sizes.append(len(texts)) or encode(texts, **rest)
        return encoder

    monkeypatch.setattr(indexing, "opened", watched_encoder)
    corpus = tmp_path / "corpus.txt"

    def lines() -> Iterator[str]:
        yield from (f"{TEXTS[row % ROWS]} {row}\n" for row in range(203))

    with corpus.open("w") as file:
        file.writelines(lines())
    build(model, Corpus(corpus), tmp_path / "out")
    assert sizes == [8] * 25 + [3]
