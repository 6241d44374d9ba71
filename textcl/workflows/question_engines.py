"""What makes the questions of a document: its title, a sequence-to-sequence model, or a model at an endpoint."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from textcl.errors import DataError
from textcl.files.lines import decoded, reading
from textcl.translate.engine import Decoding, Engine
from textcl.translate.round_trip import TranslationCache, Translator
from textcl.util.progress import SILENT, Progress

TITLES = "titles"
SEQ2SEQ = "seq2seq"
OPENAI = "openai"
ENGINES = f"{TITLES}, {SEQ2SEQ}:MODEL or {OPENAI}:URL"
_USUAL_NUMBER = 3  # questions of a document
_USUAL_TEMPERATURE, _USUAL_TOP_P = 1.0, 0.95
_USUAL_REQUESTS = 8
_TAKES = {  # the settings that an engine has, by its name
    TITLES: (),
    SEQ2SEQ: ("per_document", "temperature", "top_p", "device"),
    OPENAI: ("model", "per_document", "temperature", "top_p", "prompt", "requests"),
}


@dataclass(frozen=True, slots=True)
class QuestionEngine:
    """Which engine makes questions, and how; a setting that is None is as usual.

    Args:
        name: `titles`; `seq2seq:` and a Hub id or folder; or `openai:` and the address that `/chat/completions`
            follows.
        model: What an endpoint calls its model.
        per_document: Questions of a document, 3.
        temperature: Words are drawn from the model's distribution, sharpened below 1, as it is at 1; 0: the likeliest.
        top_p: Words are drawn from the likeliest that together have this probability, 0.95.
        prompt: A file with what an endpoint is sent, with `{document}` and `{number}` in it.
        requests: That an endpoint answers at once, 8.
        device: Of a sequence-to-sequence model; a GPU if there is one.

    Raises:
        DataError: There is no such engine, or it has no such setting.
    """

    name: str = TITLES
    model: str | None = None
    per_document: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    prompt: Path | None = None
    requests: int | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        kind, _, location = self.name.partition(":")
        if kind not in _TAKES or (self.name != TITLES if kind == TITLES else not location.strip()):
            raise DataError(f"There is no engine '{self.name}'; there are {ENGINES}.")
        settings = [setting.name for setting in fields(self) if setting.name != "name"]
        unknown = [name for name in settings if getattr(self, name) is not None and name not in _TAKES[self.kind]]
        if unknown:
            raise DataError(f"The engine {self.kind} takes no {unknown[0].replace('_', '-')}; leave it out.")
        if self.kind == OPENAI and not (self.model or "").strip():
            raise DataError("An endpoint needs the name of a model: --model NAME.")
        try:
            self.decoding()
        except ValueError as error:
            raise DataError(f"The engine {self.kind}: {error}") from error
        if self.kind == SEQ2SEQ and self.temperature == 0 and self.number > 1:
            raise DataError("At temperature 0 a model writes one question of a document: ask for one per document.")

    @property
    def kind(self) -> str:
        """Its name without the model."""
        return self.name.partition(":")[0]

    @property
    def number(self) -> int:
        """Questions of a document."""
        return 1 if self.kind == TITLES else self.per_document or _USUAL_NUMBER

    def opened(self) -> Engine:
        """Open the engine; a model is loaded when it is first asked for.

        Raises:
            DataError: The prompt cannot be read or has no text in it, or the address is none.
        """
        location = self.name.partition(":")[2]
        if self.kind == SEQ2SEQ:
            from textcl.translate.seq2seq import QuestionModel

            return QuestionModel(location, self.device)
        from textcl.translate.chat import PROMPT, Chat, Endpoint

        prompt = PROMPT if self.prompt is None else _read(self.prompt)
        try:
            return Chat(Endpoint(location, self.model or "", prompt, self.number, self.requests or _USUAL_REQUESTS))
        except ValueError as error:
            where = "" if self.prompt is None else f" ({self.prompt})"
            raise DataError(f"openai{where}: {error}") from error

    def decoding(self) -> Decoding:
        """Return how words are chosen."""
        temperature = _USUAL_TEMPERATURE if self.temperature is None else self.temperature
        return Decoding(1, temperature or None, _USUAL_TOP_P if self.top_p is None else self.top_p)


def _read(prompt: Path) -> str:
    with reading(prompt) as opened:
        return decoded(opened.read(), str(prompt))


def generated(
    engine: QuestionEngine, texts: Sequence[str], cache: Path, seed: int, progress: Progress = SILENT
) -> Iterator[list[str] | None]:
    """Yield the questions of each text as the engine wrote them; None: it refuses the text.

    Every answer goes into the cache as it is, so a run that was stopped goes on, and asks for what is missing alone.

    Args:
        engine: A model.
        texts: N texts.
        cache: The file of all answers.
        seed: Of the words that are drawn.
        progress: Gets the texts that are done.

    Raises:
        TextclError: The engine or the cache fails; what was answered is in the cache.
    """
    opened, decoding = engine.opened(), engine.decoding()
    translator = Translator(opened, TranslationCache(cache, "questions"), "document", decoding, seed)
    times = engine.number if engine.kind == SEQ2SEQ else 1  # an endpoint writes all questions of a text at once
    for start in range(0, len(texts), opened.batch):
        batch = texts[start : start + opened.batch]
        answers = [translator.translate(batch, "document", "question", decoding, time) for time in range(times)]
        for own in zip(*answers, strict=True):
            made = [answer.text for answer in own if answer is not None]
            yield [line for text in made for line in listed(text)][: engine.number] if made else None
        progress.advance(len(batch))


_MARKS = re.compile(r"\A(?:[-*•]\s+|\(?\d{1,3}[.):]\s*(?=\D)|[Qq](?:uestion)?\s*\d{0,3}[.:]\s*)+")
_QUOTES = "\"'`“”„«»"


def listed(answer: str) -> list[str]:
    """Return the questions of an answer, one a line, without numbers, bullets and quotation marks.

    A line that ends in a colon announces the questions, and is none.

    >>> listed("Here they are:\\n1. who was it?\\n\\n2) \\"where?\\"")
    ['who was it?', 'where?']
    """
    lines = (" ".join(line.split()) for line in answer.splitlines())
    found = (_unquoted(_MARKS.sub("", _unquoted(line.replace("**", "")))) for line in lines)
    return [line for line in found if line and not line.endswith(":")]


def _unquoted(line: str) -> str:
    while len(line) > 1 and line[0] in _QUOTES and line[-1] in _QUOTES:
        line = line[1:-1].strip()
    return line
