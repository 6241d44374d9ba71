"""No text is lost or moved, whatever an engine does."""

import logging
import random
import re
from collections.abc import Callable, Sequence

import pytest

from tests.translate.stand_ins import POISON, Careless, Plain, awkward_texts
from textcl.errors import ModelError
from textcl.translate import apertium
from textcl.translate.apertium import Apertium, joined, one_line, parted
from textcl.translate.engine import MisalignedError, Translation
from textcl.translate.round_trip import translate_aligned

NUMBER = re.compile("\ue003[\ue010-\ue019]+\ue004")


def through(engine: Plain, texts: Sequence[str]) -> list[str | None]:
    found = translate_aligned(lambda part: engine.translate(part, "en", "de"), texts)
    return [None if one is None else one.text for one in found]


def test_an_engine_that_loses_and_adds_texts_harms_none_but_those_it_can_not_translate_alone() -> None:
    texts = [f"text {number}" for number in range(300)]
    texts[17], texts[250] = POISON, f"{POISON} too"
    found = through(Careless(), texts)
    assert [number for number, text in enumerate(found) if text is None] == [17, 250]
    assert [text for text in found if text] == [f"<de> {text}" for text in texts if POISON not in text]


def test_control_a_count_alone_would_have_moved_texts() -> None:
    texts = [f"text {number}" for number in range(300)]
    found = Careless().translate(texts, "en", "de")
    assert [one.text for one in found][:299] != [f"<de> {text}" for text in texts][:299]


def test_blank_texts_never_reach_an_engine() -> None:
    engine = Plain()
    assert through(engine, ["", "a", " \t"]) == ["", "<de> a", ""]
    assert engine.calls == [["a"]]


def test_an_engine_that_fails_for_every_text_is_given_up_early() -> None:
    calls = 0

    def never(texts: Sequence[str]) -> list[Translation]:
        nonlocal calls
        calls += 1
        raise MisalignedError("nothing came out")

    with pytest.raises(ModelError, match=r"16 texts failed one by one \(nothing came out\)"):
        translate_aligned(never, [f"text {number}" for number in range(2000)])
    assert calls < 60


def test_what_was_not_translated_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "textcl.translate.round_trip"):
        through(Careless(), ["a", POISON])
    assert [record.getMessage() for record in caplog.records] == [
        f"Not translated (1 texts went in, 0 translations came out): {POISON}"
    ]


def test_a_stream_comes_apart_as_it_was_put_together() -> None:
    texts = [one_line(text) for text in awkward_texts(500)]
    assert parted(joined(texts), len(texts)) == texts


@pytest.mark.parametrize(
    "broken",
    [
        lambda stream: stream.replace("two", "", 1).replace("\ue003\ue011\ue004", "", 1),  # a number lost
        lambda stream: stream.replace("\ue003\ue011\ue004", "\ue003\ue012\ue004", 1),  # one doubled
        lambda stream: "\n\n".join([*stream.split("\n\n")[2:4], *stream.split("\n\n")[:2], *stream.split("\n\n")[4:]]),
        lambda stream: stream[: len(stream) // 2],  # cut off
        lambda stream: stream + "more",
        lambda stream: "more" + stream,
        lambda stream: stream.replace("two", "\ue003two"),  # half a number
        lambda stream: "",
    ],
)
def test_a_stream_that_lost_or_moved_anything_is_refused(broken: Callable[[str], str]) -> None:
    stream = joined(["one", "two", "three"])
    assert parted(stream, 3) == ["one", "two", "three"]
    with pytest.raises(MisalignedError):
        parted(broken(stream), 3)


class BadProgram:
    """Stands in for the program: writes capitals, and in most large batches loses, doubles or swaps paragraphs."""

    def __init__(self) -> None:
        self._rng = random.Random(5)

    def __call__(self, command: Sequence[str], stream: str, patience: float) -> str:
        paragraphs = [part.upper() for part in stream.split("\n\n")]
        if len(paragraphs) > 100 and self._rng.random() < 0.7:
            location = self._rng.randrange(len(paragraphs) - 4)
            rest = paragraphs[location + 4 :]
            first = paragraphs[location : location + 2]
            second = paragraphs[location + 2 : location + 4]
            changed = self._rng.choice(([*second, *first], [*first, *first, *second], second[:1], first, []))
            paragraphs = paragraphs[:location] + list(changed) + (rest if self._rng.random() < 0.8 else [])
        if any("BREAKS" in paragraph for paragraph in paragraphs):
            raise MisalignedError("the program died")
        return "\n\n".join(paragraphs)


def test_forty_thousand_awkward_texts_go_through_a_bad_program_with_none_lost_or_moved(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apertium, "_through", BadProgram())
    monkeypatch.setattr(Apertium, "_found", "apertium")
    monkeypatch.setattr(Apertium, "_modes", frozenset({"en-eo"}))
    texts = awkward_texts(40_000)
    for location in (0, 1999, 21_000):
        texts[location] = POISON
    engine = Apertium()
    found: list[Translation | None] = []
    for start in range(0, len(texts), engine.batch):
        batch = texts[start : start + engine.batch]
        found += translate_aligned(lambda part: engine.translate(part, "en", "eo"), batch)
    assert [position for position, one in enumerate(found) if one is None] == [0, 1999, 21_000]
    for text, one in zip(texts, found, strict=True):
        assert one is None or _letters(one.text) == _letters(one_line(text).upper()), text


def _letters(text: str) -> str:
    return " ".join(re.sub("[*#@]", "", text).split())
