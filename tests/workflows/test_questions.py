"""From documents to pairs with questions: titles, models, the filters, the cache."""

import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.noted import Noted
from tests.tiny import tiny_encoder
from tests.translate.chat_server import Answer, chat_server, fails, questions, says
from tests.translate.tiny_models import save_tiny_t5
from textcl.data.sources.json_lines import JsonLines
from textcl.errors import DataError, ModelError
from textcl.files.corpora import PairFile
from textcl.translate import chat
from textcl.workflows.question_engines import QuestionEngine, listed
from textcl.workflows.questions import QuestionRequest, Refusal, RoundTripSearch, Unasked, make_questions
from textcl.workflows.titled_documents import TitledFile

DOCUMENTS = [
    {"id": "a", "title": "What plays the guitar?", "text": "a man plays the guitar"},
    {"id": "b", "title": "two dogs", "text": "two dogs run by the river"},
    {"id": "c", "title": "", "text": "the old woman reads a book"},
    {"id": "d", "title": "two dogs", "text": "one dog sleeps"},
    {"id": "e", "title": "fish", "text": ""},
    {"id": "f", "title": "A man", "text": "A man plays the guitar."},
    {"id": "g", "title": "A matrix!", "text": "a matrix"},
    {"id": "h", "title": "birds", "text": "three small birds sing"},
]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_FIRST_PAUSE", 0.001)


def requested(folder: Path, documents: list[dict[str, Any]] = DOCUMENTS, **more: Any) -> QuestionRequest:
    (folder / "d.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in documents))
    return QuestionRequest(
        TitledFile(folder / "d.jsonl"), folder / "p.jsonl", cache=folder / "cache", force=True, **more
    )


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_titles_become_questions_of_documents_without_them(tmp_path: Path) -> None:
    made = make_questions(requested(tmp_path))
    assert lines(tmp_path / "p.jsonl") == [
        {"anchor": "What plays the guitar?", "positive": "a man plays the guitar", "id": "a"},
        {"anchor": "two dogs", "positive": "two dogs run by the river", "id": "b"},
        {"anchor": "birds", "positive": "three small birds sing", "id": "h"},
    ]
    assert dict(made.tally.unasked) == {Unasked.UNTITLED: 1, Unasked.BLANK: 1, Unasked.DUPLICATE: 1}
    assert dict(made.tally.questions) == {None: 3, Refusal.DUPLICATE: 1, Refusal.COPY: 1}
    assert (made.tally.documents, made.tally.documents_kept) == (8, 3)
    assert len(made.sample) == 3
    assert not (tmp_path / "cache").exists()
    reasons = {line["location"].rpartition(" ")[2]: line["reason"] for line in lines(made.rejected)}
    assert reasons == {
        "3": "without a title", "4": "asked before", "5": "without a text", "6": "there before",
        "7": "its whole document",
    }  # fmt: skip


def test_other_verbs_read_the_pairs_without_options(tmp_path: Path) -> None:
    make_questions(requested(tmp_path))
    source = JsonLines(str(tmp_path / "p.jsonl"))
    assert source[1].anchor == "two dogs"
    assert source[1].positives == ("two dogs run by the river",)
    assert [pair.positive for pair in PairFile(tmp_path / "p.jsonl").pairs()][2] == "three small birds sing"


def test_only_questions_that_find_their_document_among_the_first_are_kept(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    every = make_questions(requested(tmp_path))
    pairs = lines(tmp_path / "p.jsonl")
    documents = encoder.encode([*(pair["positive"] for pair in pairs), "one dog sleeps", "a matrix"])
    scores = encoder.encode([pair["anchor"] for pair in pairs]) @ documents.T
    ranks = [int((row > row[number]).sum()) for number, row in enumerate(scores)]
    for first in (1, 2):
        expected = [pair for pair, rank in zip(pairs, ranks, strict=True) if rank < first]
        assert 0 < len(expected) <= len(pairs)
        made = make_questions(requested(tmp_path, search=RoundTripSearch(encoder, first)))
        assert lines(tmp_path / "p.jsonl") == expected
        assert made.tally.questions[Refusal.LOST] == len(pairs) - len(expected)
    assert every.tally.questions[Refusal.LOST] == 0


def test_a_filter_that_refuses_nothing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        make_questions(requested(tmp_path, search=RoundTripSearch(tiny_encoder(), 10)))
    assert "There are 5 documents, so each question finds its own among the first 10." in caplog.text


def test_an_endpoint_writes_questions_and_what_is_none_is_counted(tmp_path: Path) -> None:
    def answer(said: str, _number: int) -> Answer:
        text = said.strip().splitlines()[-1]
        if "dogs" in text:
            return says("Here are 2 questions:\n1. who runs?\n2. Who runs\n3. where is it?\n4. one too many?")
        return says("" if "guitar" in text else text if "birds" in text else "why?")

    with chat_server(answer) as server:
        engine = QuestionEngine(f"openai:{server.address}", "m")
        made = make_questions(requested(tmp_path, engine=engine))
    assert [(line["anchor"], line["id"]) for line in lines(tmp_path / "p.jsonl")] == [
        ("who runs?", "b"), ("where is it?", "b"), ("why?", "c"),
    ]  # fmt: skip
    assert lines(tmp_path / "p.jsonl")[0]["positive"] == "two dogs two dogs run by the river"  # its title is in it
    assert dict(made.tally.questions) == {None: 3, Refusal.EMPTY: 2, Refusal.DUPLICATE: 6, Refusal.COPY: 1}


def test_a_run_that_an_endpoint_ends_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    dies = True

    def answer(said: str, number: int) -> Answer:
        return fails(401) if dies and number >= 3 else fails(429) if number == 1 else questions(said)

    with chat_server(answer) as server:
        engine = QuestionEngine(f"openai:{server.address}", "m", requests=1)
        with pytest.raises(ModelError, match="it answers 401"):
            make_questions(requested(tmp_path, engine=engine))
        assert not (tmp_path / "p.jsonl").exists()
        assert not (tmp_path / "p.rejected.jsonl").exists()
        dies, before = False, len(server.requests)
        noted = Noted()
        make_questions(requested(tmp_path, engine=engine), noted)
        assert server.texts[before:] == [f"{row['title']} {row['text']}".strip() for row in DOCUMENTS[2:]]
        after = len(server.requests)
        make_questions(requested(tmp_path, engine=engine, search=RoundTripSearch(tiny_encoder(), 1)))
        assert len(server.requests) == after  # another filter asks for nothing
        make_questions(requested(tmp_path, engine=engine, seed=18))
        assert len(server.requests) > after
    assert noted.phases[:2] == [("Reading", None, 0), ("Writing questions", 8, 0)]
    assert len(lines(tmp_path / "p.jsonl")) == 16


def test_a_sequence_to_sequence_model_draws_several_questions_by_the_seed(tmp_path: Path) -> None:
    engine = QuestionEngine(f"seq2seq:{save_tiny_t5(tmp_path / 't5')}", per_document=2, device="cpu")
    first = make_questions(requested(tmp_path, engine=engine))
    pairs = lines(tmp_path / "p.jsonl")
    assert first.tally.questions.total() == 2 * (8 - first.tally.unasked.total())
    assert len({pair["anchor"] for pair in pairs}) == len(pairs) > 8
    make_questions(requested(tmp_path, engine=engine))
    assert lines(tmp_path / "p.jsonl") == pairs
    make_questions(requested(tmp_path, engine=engine, seed=18))
    assert lines(tmp_path / "p.jsonl") != pairs


def test_a_model_that_is_none_is_one_error(tmp_path: Path) -> None:
    tiny_encoder().save(tmp_path / "encoder")
    engine = QuestionEngine(f"seq2seq:{tmp_path / 'encoder'}")
    with pytest.raises(ModelError, match="cannot be opened as a sequence-to-sequence model"):
        make_questions(requested(tmp_path, engine=engine))


@pytest.mark.parametrize(
    ("documents", "said"),
    [
        ([{"text": "a dog runs"}], r"no document to ask about: 1 without a title\. A title is a column"),
        ([{"title": "a dog", "text": " "}], "no document to ask about: 1 without a text"),
        ([{"title": "a dog", "text": "a Dog!"}], "no document to ask about: 1 without a text"),
    ],
)
def test_documents_that_give_nothing_are_one_error_and_nothing_is_written(
    tmp_path: Path, documents: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(DataError, match=said):
        make_questions(requested(tmp_path, documents))
    assert not (tmp_path / "p.jsonl").exists()


def test_answers_that_give_nothing_are_one_error(tmp_path: Path) -> None:
    with chat_server(lambda said, number: says(None)) as server, pytest.raises(DataError) as error:
        make_questions(requested(tmp_path, engine=QuestionEngine(f"openai:{server.address}", "m")))
    assert "no question is left: 8 no question in the answer." in str(error.value)


def test_what_is_there_is_not_replaced_and_what_is_read_never(tmp_path: Path) -> None:
    request = requested(tmp_path)
    make_questions(request)
    for out, force in ((request.out, False), (request.documents.path, True), (tmp_path / "p.csv", True)):
        with pytest.raises(DataError):
            make_questions(QuestionRequest(request.documents, out, force=force))
    assert len(lines(request.documents.path)) == len(DOCUMENTS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"name": "gpt"}, "There is no engine 'gpt'; there are titles, seq2seq:MODEL or openai:URL"),
        ({"name": "titles:x"}, "There is no engine"),
        ({"name": "seq2seq"}, "There is no engine"),
        ({"name": "seq2seq:"}, "There is no engine"),
        ({"name": "titles", "per_document": 2}, "The engine titles takes no per-document"),
        ({"name": "seq2seq:m", "prompt": Path("p")}, "The engine seq2seq takes no prompt"),
        ({"name": "openai:http://h/v1", "model": "m", "device": "cpu"}, "The engine openai takes no device"),
        ({"name": "openai:http://h/v1"}, "needs the name of a model: --model NAME"),
        ({"name": "seq2seq:m", "temperature": 0.0}, "At temperature 0 a model writes one question"),
    ],
)
def test_an_engine_has_its_own_settings(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        QuestionEngine(**settings)


def test_a_prompt_comes_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "prompt.txt").write_text("Frage zu:\n{document}\n")
    with chat_server() as server:
        engine = QuestionEngine(f"openai:{server.address}", "m", prompt=tmp_path / "prompt.txt")
        make_questions(requested(tmp_path, engine=engine))
    assert server.requests[0]["messages"][0]["content"].startswith("Frage zu:\n")
    (tmp_path / "prompt.txt").write_text("Frage!")
    with pytest.raises(DataError, match=r"prompt.txt.*where the text goes: \{document\}"):
        engine.opened()
    (tmp_path / "prompt.txt").unlink()
    with pytest.raises(DataError, match="no such file"):
        engine.opened()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("who?", ["who?"]),
        ("1. who?\n2) where?\n(3) why?", ["who?", "where?", "why?"]),
        ("- who?\n* **where?**\n• „why?“", ["who?", "where?", "why?"]),
        ("Sure! Here you are:\n\nQ1: who?\nQuestion 2: where?", ["who?", "where?"]),
        ("2.5 is what?\n1984: who wrote it?\n3D or not?", ["2.5 is what?", "1984: who wrote it?", "3D or not?"]),
        ("  \n\n", []),
    ],
)
def test_an_answer_is_a_question_a_line(answer: str, expected: list[str]) -> None:
    assert listed(answer) == expected


def test_search_is_exact_over_blocks_of_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tiny_encoder()
    whole = make_questions(requested(tmp_path, search=RoundTripSearch(encoder, 1)))
    monkeypatch.setattr("textcl.workflows.questions.QUERIES", 1)
    assert make_questions(requested(tmp_path, search=RoundTripSearch(encoder, 1))).tally == whole.tally
    assert np.isfinite(whole.seconds)
