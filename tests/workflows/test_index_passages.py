"""An index of passages: the best stands for its document, and what is stopped goes on."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import run as run_command
from tests.tiny import WORDS, tiny_encoder, tiny_towers
from tests.workflows.test_index import Watched, build, small_shards  # noqa: F401 (a fixture of every test)
from textcl.embedding.chunking import Chunker, Chunking
from textcl.encoder.opening import open_encoder
from textcl.errors import SearchError
from textcl.files.corpora import Corpus
from textcl.types.text import Role
from textcl.workflows.search import Searcher

CHUNKING = Chunking(10, 4)


def sentence(seed: int) -> str:
    return " ".join(WORDS[(seed * 7 + place * (seed + 3)) % len(WORDS)] for place in range(6)) + "."


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Seven documents of one to seven sentences."""
    texts = [" ".join(sentence(10 * row + place) for place in range(row + 1)) for row in range(7)]
    (tmp_path / "corpus.txt").write_text("\n".join(texts) + "\n")
    return Corpus(tmp_path / "corpus.txt")


@pytest.fixture
def model(tmp_path: Path) -> str:
    tiny_encoder(prompts={"anchor": "query ", "positive": "passage "}).save(tmp_path / "model")
    return str(tmp_path / "model")


def naive(model: str, corpus: Corpus, query: str) -> list[tuple[str, str]]:
    """Return the id and the best passage of each document, best first."""
    encoder = open_encoder(model)
    vector = encoder.encode([query], role=Role.ANCHOR)[0]
    best = []
    for document in corpus.documents():
        spans = Chunker(encoder, CHUNKING).cut([document])[0]
        texts = [document.text[start:stop] for start, stop, _ in spans]
        scores = encoder.encode(texts, role=Role.POSITIVE) @ vector
        best.append((float(scores.max()), document.id, texts[int(scores.argmax())]))
    return [(identity, passage) for _, identity, passage in sorted(best, reverse=True)]


@pytest.mark.parametrize("k", [1, 3, 7, 20])
def test_each_document_is_found_once_by_its_best_passage(model: str, corpus: Corpus, tmp_path: Path, k: int) -> None:
    about = build(model, corpus, tmp_path / "out", chunking=CHUNKING).about
    assert (about.count, about.passages > 7) == (7, True)
    queries = [sentence(33), sentence(61)]
    found = Searcher(tmp_path / "out").search(queries, k)
    for query, hits in zip(queries, found, strict=True):
        assert [(hit.id, hit.passage) for hit in hits] == naive(model, corpus, query)[:k]
        assert all(hit.passage in hit.text for hit in hits)


def test_a_document_of_very_many_passages_leaves_room_for_others(model: str, tmp_path: Path) -> None:
    many = " ".join(sentence(5) for _ in range(40))
    (tmp_path / "two.txt").write_text(f"{many}\n{sentence(90)}\n{sentence(70)}\n")
    build(model, Corpus(tmp_path / "two.txt"), tmp_path / "out", chunking=CHUNKING)
    assert {hit.id for hit in Searcher(tmp_path / "out").search(sentence(5), 3)} == {"1", "2", "3"}


@pytest.mark.parametrize("late", [False, True])
def test_stopped_and_gone_on_with_it_is_the_same_index(model: str, corpus: Corpus, tmp_path: Path, late: bool) -> None:
    chunking = Chunking(10, 4, late=late)
    build(model, corpus, tmp_path / "whole", chunking=chunking)
    with pytest.raises(KeyboardInterrupt):
        build(model, corpus, tmp_path / "out", Watched(stop_at=("Embedding", 9)), chunking=chunking)
    build(model, corpus, tmp_path / "out", chunking=chunking)
    query = sentence(42)
    first, second = (Searcher(tmp_path / name).search(query, 7) for name in ("whole", "out"))
    assert [(hit.id, hit.passage) for hit in first] == [(hit.id, hit.passage) for hit in second]
    assert np.allclose([hit.score for hit in first], [hit.score for hit in second], atol=1e-5)


def test_an_index_of_other_passages_is_not_gone_on_with(model: str, corpus: Corpus, tmp_path: Path) -> None:
    build(model, corpus, tmp_path / "out", chunking=CHUNKING)
    for other in (None, Chunking(10, 3)):
        with pytest.raises(SearchError, match="passages: 10 tokens, overlap 4 then"):
            build(model, corpus, tmp_path / "out", chunking=other)


def test_titles_are_put_before_each_passage_of_their_documents(model: str, tmp_path: Path) -> None:
    rows = [{"_id": str(row), "title": sentence(row), "text": f"{sentence(50)} {sentence(51)}"} for row in range(3)]
    folder = tmp_path / "beir"
    folder.mkdir()
    (folder / "corpus.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    build(model, Corpus(folder), tmp_path / "out", chunking=Chunking(16, repeat_title=True))
    encoder = open_encoder(model)
    text = f"{sentence(2)} {sentence(51)}"
    expected = float(encoder.encode([text], role=Role.POSITIVE)[0] @ encoder.encode([text], role=Role.ANCHOR)[0])
    hits = Searcher(tmp_path / "out").search(text, 3)
    hit = next(hit for hit in hits if hit.id == "2")
    assert (hit.passage, round(hit.score, 4)) == (sentence(51), round(expected, 4))


def test_titles_that_are_not_there_are_not_repeated(model: str, corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="Titles are read of rows with _id, title and text"):
        build(model, corpus, tmp_path / "out", chunking=Chunking(10, repeat_title=True))


def test_the_tower_of_documents_cuts_them(corpus: Corpus, tmp_path: Path) -> None:
    tiny_towers().save(tmp_path / "towers")
    build(str(tmp_path / "towers"), corpus, tmp_path / "out", chunking=Chunking(8))
    assert len(Searcher(tmp_path / "out").search(sentence(1), 7)) == 7


@pytest.mark.parametrize("damage", ["gone", "short"])
def test_a_damaged_file_of_passages_is_named(model: str, corpus: Corpus, tmp_path: Path, damage: str) -> None:
    build(model, corpus, tmp_path / "out", chunking=CHUNKING)
    file = tmp_path / "out/passages.npy"
    if damage == "gone":
        file.unlink()
    else:
        np.save(file, np.load(file)[:2])
    with pytest.raises(SearchError, match=r"passages\.npy is damaged or missing"):
        Searcher(tmp_path / "out").search(sentence(1), 7)


def test_the_command_line_shows_the_passage(
    model: str, corpus: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_command(
        capsys, "index", model, corpus.path, "--out", tmp_path / "out", "--chunk", "10", "--overlap", "4"
    )
    assert (done.code, "7 texts in" in done.out, "passages" in done.out) == (0, True, True)
    done = run_command(capsys, "search", tmp_path / "out", sentence(63), "-k", "1", "--json")
    hit = json.loads(done.out)["hits"][0]
    assert (hit["id"], hit["passage"]) == naive(model, corpus, sentence(63))[0]
    done = run_command(capsys, "index", model, corpus.path, "--out", tmp_path / "no", "--overlap", "4")
    assert (done.code, "give --chunk too" in done.err) == (2, True)
