"""Questions from an endpoint of chat completions, on loopback."""

import logging
import socket
from pathlib import Path

import pytest

from tests.translate.chat_server import Answer, chat_server, fails, questions, says
from textcl.errors import ModelError
from textcl.translate import chat
from textcl.translate.chat import KEY, Chat, Endpoint
from textcl.translate.engine import Decoding, StoppedError
from textcl.translate.round_trip import TranslationCache, Translator

TEXTS = [f"text {number}" for number in range(6)]
DRAWN = Decoding(temperature=1.0)
SECRET = "sk-do-not-tell"  # noqa: S105 (of nobody)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "_FIRST_PAUSE", 0.001)
    monkeypatch.delenv(KEY, raising=False)


def asked(address: str, texts: list[str] = TEXTS, requests: int = 3) -> list[str | None]:
    made = Chat(Endpoint(address, "m", requests=requests)).translate(texts, "document", "question", DRAWN, 17)
    return [None if one is None else one.text for one in made]


def test_each_text_gets_its_answer_and_the_request_says_what_is_wanted() -> None:
    with chat_server() as server:
        found = asked(server.address)
    assert found == [f"1. what of {text}?\n- who wrote {text}?" for text in TEXTS]
    first = next(request for request in server.requests if "text 0" in str(request))
    assert {name: first[name] for name in ("model", "seed", "temperature")} == {
        "model": "m",
        "seed": 17,
        "temperature": 1,
    }
    assert "Write 3 questions" in first["messages"][0]["content"]
    assert "Authorization" not in server.headers[0]


def test_a_prompt_of_the_users_is_filled_in_and_long_texts_are_cut() -> None:
    endpoint = Endpoint("http://h/v1", "m", "{number} about: {document}!", 5)
    assert endpoint.message("a {number}") == "5 about: a {number}!"
    assert len(endpoint.message("x" * 9000)) == 8000 + len("5 about: !")


@pytest.mark.parametrize("answer", [fails(429), fails(503), (200, b"<html>busy</html>"), (200, b"{}"), (0, b"")])
def test_what_may_pass_is_tried_again(answer: Answer) -> None:
    with chat_server(lambda said, number: answer if number == 0 else questions(said)) as server:
        assert None not in asked(server.address)
    assert len(server.requests) == len(TEXTS) + 1


def test_a_pause_that_the_endpoint_asks_for_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    with chat_server(lambda said, number: fails(429) if number == 0 else questions(said), Retry_After="7") as server:
        engine = Chat(Endpoint(server.address, "m"))
        monkeypatch.setattr(engine._stopped, "wait", waited.append)
        engine.translate(TEXTS[:1], "document", "question", DRAWN, 17)
    assert waited == [7.0]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (fails(401, f"wrong key {SECRET}"), r"it answers 401 \(wrong key …\)\. Set the key in .* OPENAI_API_KEY"),
        (fails(404, "no model m"), r"it answers 404 \(no model m\)\. Give the address that /chat/completions follows"),
        (fails(403), "may not use this model"),
        (fails(307), "It must be an endpoint of chat completions"),
        (fails(500, "broken"), r"it answers 500 \(broken\)\. Tried 5 times; the same command goes on"),
        ((200, b"\x00rubbish"), "something that is no chat completion: .rubbish"),
        (says(["a list"]), "something that is no chat completion"),
        (fails(400, "unknown parameter"), r"it refuses 8 texts and answers none: 400 \(unknown parameter\)"),
    ],
)
def test_what_will_not_pass_is_one_error_that_does_not_tell_the_key(
    monkeypatch: pytest.MonkeyPatch, answer: Answer, said: str
) -> None:
    monkeypatch.setenv(KEY, SECRET)
    with chat_server(lambda _said, _number: answer) as server, pytest.raises(StoppedError) as stopped:
        asked(server.address, TEXTS * 2)
    assert isinstance(stopped.value.cause, ModelError)
    assert stopped.match(said)
    assert SECRET not in str(stopped.value)
    assert server.headers[0]["Authorization"] == f"Bearer {SECRET}"


def test_a_server_that_is_not_there_is_one_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(StoppedError, match=r"cannot be reached .*refused.*Is the server running"):
        asked(f"http://127.0.0.1:{port}/v1")


def test_a_text_that_is_refused_costs_itself_alone(caplog: pytest.LogCaptureFixture) -> None:
    def answer(said: str, _number: int) -> Answer:
        return fails(400, "too long") if "text 3" in said else questions(said)

    with chat_server(answer) as server, caplog.at_level(logging.WARNING):
        found = asked(server.address)
    assert [text for text, one in zip(TEXTS, found, strict=True) if one is None] == ["text 3"]
    assert "refuses a text (400 (too long)): text 3" in caplog.text


def test_what_a_model_thinks_is_no_question_and_saying_nothing_is_an_answer() -> None:
    with chat_server(lambda said, number: says("<think>hm\nhm</think>\nwhy?") if "0" in said else says(None)) as server:
        assert asked(server.address, TEXTS[:2]) == ["why?", ""]


def test_what_was_answered_before_it_stopped_is_kept_and_not_asked_again(tmp_path: Path) -> None:
    cache = TranslationCache(tmp_path / "c.sqlite", "questions")

    def translator(address: str) -> Translator:
        return Translator(Chat(Endpoint(address, "m", requests=1)), cache, "document", DRAWN, 17)

    dies = False

    def answer(said: str, number: int) -> Answer:
        return fails(401) if dies and number >= 4 else questions(said)

    with chat_server(answer) as server:
        dies = True
        with pytest.raises(ModelError, match="it answers 401"):
            translator(server.address).translate(TEXTS, "document", "question", DRAWN)
        dies = False
        before = len(server.requests)
        found = translator(server.address).translate(TEXTS, "document", "question", DRAWN)
    assert None not in found
    assert server.texts[before:] == ["text 4", "text 5"]
    assert b"sk-" not in (tmp_path / "c.sqlite").read_bytes()


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1:8000", "ftp://h/v1", "http://", "http://h:x/v1", "http://h /v1", "http://[::1/v1", "http://ü/"],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="write an address as http://127"):
        Endpoint(address, "m")


@pytest.mark.parametrize("address", ["https://me:secret@h/v1", "https://h/v1?key=secret", "https://h/v1#secret"])
def test_a_key_in_an_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ValueError, match="must hold no key") as error:
        Endpoint(address, "m")
    assert "secret" not in str(error.value)


def test_a_prompt_without_a_text_and_a_key_with_blanks_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"where the text goes: \{document\}"):
        Endpoint("http://h/v1", "m", "write a question")
    monkeypatch.setenv(KEY, "a b")
    with pytest.raises(ModelError, match="OPENAI_API_KEY: the key holds blanks"):
        Chat(Endpoint("http://h/v1", "m"))
