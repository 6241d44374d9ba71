"""Which translations of a batch become pairs, by words and by a frozen encoder's cosines, and why others do not."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from textcl.encoder.opening import open_encoder
from textcl.translate.filters import PairFilter, Refusal, words_of
from textcl.translate.round_trip import RoundTrip
from textcl.types.batches import FloatArray
from textcl.util.atomic import new_file
from textcl.util.cosines import row_products


@dataclass(frozen=True, slots=True)
class CosineRange:
    """Pairs whose cosine by a model is too low mean something else; those too high teach nothing.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id; better not the one that is going to be trained.
        least: Pairs below are not kept.
        most: Pairs above are not kept.
        precision: float32, bf16 or auto.
    """

    model: str
    least: float = 0.7
    most: float = 0.98
    precision: str = "auto"

    def __post_init__(self) -> None:
        if not -1 <= self.least < self.most <= 1:
            raise ValueError(f"the least cosine, {self.least}, must be below the most, {self.most}, from -1 to 1.")


class PairCosines:
    """Gives the cosine of each pair of texts.

    Args:
        model: As `open_encoder` takes it.
        precision: float32, bf16 or auto.

    Raises:
        ModelError: The model cannot be opened.
    """

    def __init__(self, model: str, precision: str) -> None:
        self._encoder = open_encoder(model, precision=precision)

    def __call__(self, texts: Sequence[str], others: Sequence[str]) -> FloatArray:
        """Return the cosine of text i and other i, (N,)."""
        distinct = {text: row for row, text in enumerate(dict.fromkeys([*texts, *others]))}
        vectors = self._encoder.encode(list(distinct))  # (distinct, D), unit length
        first = vectors[[distinct[text] for text in texts]]
        second = vectors[[distinct[text] for text in others]]
        return row_products(first, second).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A text, what came back of it on one route, and why that is no pair; None: it is one."""

    text: str
    trip: RoundTrip
    reason: Refusal | None


@dataclass
class Tally:
    """Counts what became of all texts and translations."""

    rows: int = 0
    duplicates: int = 0  # texts that stood there before
    unsuited: Counter[Refusal] = field(default_factory=Counter)  # texts that were not translated
    by_pivot: dict[str, Counter[Refusal | None]] = field(default_factory=dict)  # translations; None: kept
    texts_kept: int = 0  # with a translation or more

    def count(self, judgements: Sequence[Judgement]) -> None:
        """Add the translations of one text."""
        for judgement in judgements:
            self.by_pivot.setdefault(judgement.trip.route.pivot, Counter())[judgement.reason] += 1
        self.texts_kept += any(judgement.reason is None for judgement in judgements)


class Judge:
    """Applies the filter of words, then that of cosines.

    Args:
        words: The filter of words.
        cosines: The bounds of the cosine, with the model that it is by; None: words decide alone.
    """

    def __init__(self, words: PairFilter, cosines: CosineRange | None) -> None:
        self._words = words
        self._range = cosines
        self._cosines = None if cosines is None else PairCosines(cosines.model, cosines.precision)

    def __call__(self, texts: Sequence[str], trips: Sequence[Sequence[RoundTrip]]) -> list[list[Judgement]]:
        """Judge the translations of a batch: for each text its own, in the order of the routes."""
        found = [self._by_words(text, own) for text, own in zip(texts, trips, strict=True)]
        return found if self._range is None else self._by_cosines(found, self._range)

    def _by_words(self, text: str, trips: Sequence[RoundTrip]) -> list[Judgement]:
        found, before = [], set()
        for trip in trips:
            reason = self._words.error(text, trip)
            if reason is None:
                words = tuple(words_of(trip.text or "", self._words.language))
                reason = Refusal.DUPLICATE if words in before else None
                before.add(words)
            found.append(Judgement(text, trip, reason))
        return found

    def _by_cosines(self, judged: list[list[Judgement]], bounds: CosineRange) -> list[list[Judgement]]:
        pairs = [
            (row, at) for row, own in enumerate(judged) for at, judgement in enumerate(own) if not judgement.reason
        ]
        if not pairs or self._cosines is None:
            return judged
        sides = [(judged[row][at].text, judged[row][at].trip.text or "") for row, at in pairs]
        cosines = self._cosines([text for text, _ in sides], [other for _, other in sides])
        for (row, at), cosine in zip(pairs, cosines.tolist(), strict=True):
            if not bounds.least <= cosine <= bounds.most:
                reason = Refusal.FAR if cosine < bounds.least else Refusal.NEAR
                judged[row][at] = replace(judged[row][at], reason=reason)
        return judged


class PairWriter:
    """Writes judgements as JSON lines."""

    def __init__(self, kept: TextIO, rejected: TextIO, engine: str) -> None:
        self._kept, self._rejected, self._engine = kept, rejected, engine

    def write(self, judgements: Sequence[Judgement]) -> None:
        """Write a text with all of its translations that were kept, and each of the others with its reason."""
        kept = [judgement for judgement in judgements if judgement.reason is None]
        if kept:
            self._line(
                self._kept,
                text=kept[0].text,
                translations=[judgement.trip.text for judgement in kept],
                pivots=[judgement.trip.route.pivot for judgement in kept],
                engine=self._engine,
            )
        for judgement in judgements:
            if judgement.reason is not None:
                trip = judgement.trip
                self._line(
                    self._rejected, text=judgement.text, translation=trip.text, pivot=trip.route.pivot,
                    reason=judgement.reason.value,
                )  # fmt: skip

    def write_unsuited(self, text: str, reason: Refusal) -> None:
        """Write a text that was not translated."""
        self._line(self._rejected, text=text, reason=reason.value)

    def _line(self, file: TextIO, **fields: object) -> None:
        file.write(json.dumps(fields, ensure_ascii=False) + "\n")


@contextmanager
def written_pairs(out: Path, engine: str) -> Iterator[PairWriter]:
    """Yield a writer; its two files appear together when the block ends well.

    Raises:
        WriteError: They cannot be written.
    """
    rejected = rejected_file(out)
    with (
        new_file(rejected) as second, new_file(out) as first,
        first.open("w", encoding="utf-8") as kept, second.open("w", encoding="utf-8") as others,
    ):  # fmt: skip
        yield PairWriter(kept, others, engine)


def rejected_file(out: Path) -> Path:
    """Return the name of the file of what was not kept: `pairs.rejected.jsonl` beside `pairs.jsonl`."""
    return out.with_suffix(".rejected.jsonl")
