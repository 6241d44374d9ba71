"""Which texts of a row a run trains on: its views, one text each.

All randomness is derived from (seed, epoch, row, view), or (seed, epoch, row) where views share a draw: any process
reads any row of any epoch alike, with no state.
"""

import random
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, repeat

import numpy as np

from textcl.errors import DataError
from textcl.types.batches import InputAugmentation
from textcl.types.text import Augmentation, Example, Role, Source
from textcl.util.cache import kept_finding, key_of
from textcl.util.seeds import derive

_LOOKED_AT = 1000  # rows


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """One view of every row: what its text is to the row, and what it passes through in order.

    First the text passes through `augment`, then its sequence of tokens through `input`.
    """

    role: Role
    augment: tuple[Augmentation, ...] = ()
    input: tuple[InputAugmentation, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewText:
    """The text of one view of one row, and the text of the source that it was made from."""

    text: str
    original: str
    score: float | None = None  # that a judge gave it


def default_views(example: Example) -> tuple[ViewSpec, ...]:
    """Choose views for rows like this one: an anchor, a positive, and a view a negative.

    Without positives the positive view is the anchor's text again, so that dropout makes the difference.
    """
    pair = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE))
    return pair + (ViewSpec(Role.NEGATIVE),) * len(example.negatives)


def showing_negatives(source: Source) -> Example:
    """Return the first row, of the first 1,000, that has negatives, else the first row."""
    rows = (source[row] for row in range(min(len(source), _LOOKED_AT)))
    return next((example for example in rows if example.negatives), source[0])


def texts_of(example: Example, views: Sequence[ViewSpec], seed: int, epoch: int) -> tuple[ViewText, ...]:
    """Choose and augment the text of each view of a row.

    Positive views share the row's positives out in a random order, starting over where they are fewer than the
    views. Negative views take different negatives, a random selection where there are more than views. In a row without
    any its positive stands in for each: objectives mask a negative that is the same text as the positive.

    Args:
        example: The row; it has at least as many negatives as there are negative views, or none.
        views: V views.
        seed: The seed of the run's data.
        epoch: From 0; other epochs draw otherwise.

    Returns:
        V texts.
    """
    originals = _originals(example, views, seed, epoch)
    return tuple(
        ViewText(_augmented(graded.text, view, seed, (epoch, example.row), position), graded.text, graded.score)
        for position, (graded, view) in enumerate(zip(originals, views, strict=True))
    )


def are_identical(views: Sequence[ViewSpec], source: Source) -> bool:
    """Say whether two views of a row are always the same input, so that only dropout can tell them apart."""
    example = source[0]
    plain = [view for view in views if not view.input and all(map(shares_draw, view.augment))]
    return any(
        _repeat_a_text([view.role for view in plain if view.augment == augment], example)
        for augment in {view.augment for view in plain}
    )


def shares_draw(augmentation: Augmentation) -> bool:
    """Say whether an augmentation is given the same random numbers in all views of a row."""
    return bool(getattr(augmentation, "shares_draw", False))


def _repeat_a_text(roles: Sequence[Role], example: Example) -> bool:
    """Say whether views of these roles, changed alike or not at all, must be the same text twice."""
    positives = roles.count(Role.POSITIVE)
    if not example.positives:
        return roles.count(Role.ANCHOR) + positives > 1
    return roles.count(Role.ANCHOR) > 1 or positives > len(example.positives)


@dataclass(frozen=True, slots=True)
class _Graded:
    """A text of a row, and the score that a judge gave it, if one did."""

    text: str
    score: float | None = None


def _graded(example: Example) -> tuple[list[_Graded], list[_Graded]]:
    """Return the positives and the negatives of a row."""
    scores = example.scores or repeat(None)
    texts = [_Graded(*each) for each in zip((*example.positives, *example.negatives), scores, strict=False)]
    return texts[: len(example.positives)], texts[len(example.positives) :]


def _originals(example: Example, views: Sequence[ViewSpec], seed: int, epoch: int) -> list[_Graded]:
    """Choose the text of the source that each view starts from."""
    roles = [view.role for view in views]
    count, anchor, (positives, negatives) = roles.count(Role.NEGATIVE), _Graded(example.anchor), _graded(example)
    positives = _drawn(positives, len(positives), seed, ("positives", epoch, example.row))
    negatives = _drawn(negatives, count, seed, ("negatives", epoch, example.row))
    texts = {
        Role.ANCHOR: repeat(anchor),
        Role.POSITIVE: cycle(positives or [anchor]),
        Role.NEGATIVE: iter(negatives) if negatives else repeat((positives or [anchor])[0]),
    }
    return [next(texts[role]) for role in roles]


def _drawn(texts: list[_Graded], count: int, seed: int, location: tuple[int | str, ...]) -> list[_Graded]:
    """Draw some of the texts without repeats, in a random order; all of one or none need no draw."""
    return random.Random(derive(seed, *location)).sample(texts, count) if len(texts) > 1 else texts


def _augmented(text: str, view: ViewSpec, seed: int, row: tuple[int, int], position: int) -> str:
    """Return what a view makes of a text; `row` is epoch and row."""
    if not view.augment:
        return text
    own = random.Random(derive(seed, "augment", *row, position))
    for augmentation in view.augment:
        shared = shares_draw(augmentation)
        text = augmentation(text, random.Random(derive(seed, "shared draw", *row)) if shared else own)
        if not isinstance(text, str):  # a user's own may return anything
            raise DataError(f"{type(augmentation).__name__} returned {text!r:.60}, but an augmentation returns a text.")
    return text


@dataclass(frozen=True, slots=True)
class RowTexts:
    """One row of a source in one epoch."""

    row: int
    texts: tuple[ViewText, ...]  # V
    score: float | None
    label: int | None

    @property
    def scores(self) -> float | list[float] | None:
        """What the row is graded by: a number, or one for each of several views that a judge graded."""
        graded = [text.score for text in self.texts if text.score is not None]
        return self.score if not graded else graded[0] if len(graded) == 1 else graded


class RowReader:
    """Reads rows as V texts each. The first row of the source shows what every row must have.

    Args:
        source: At least two rows.
        views: V views, at least one.
        seed: The seed of the run's data.

    Raises:
        DataError: Fewer than two rows.
        ValueError: No views.
    """

    def __init__(self, source: Source, views: Sequence[ViewSpec], seed: int) -> None:
        if not views:
            raise ValueError("A run needs at least one view of its rows, found none.")
        if len(source) < 2:
            where = source.location(0) if len(source) else "the source"
            raise DataError(f"{where}: found {len(source)} rows of data; contrast needs at least 2.")
        self.source = source
        self.views = tuple(views)
        self._seed = seed
        self._first = source[0]
        self._negatives = sum(view.role is Role.NEGATIVE for view in views)

    @property
    def has_scores(self) -> bool:
        """Whether the rows carry graded similarities, of each row or of each text."""
        return self._first.score is not None or bool(self._first.scores)

    @property
    def scores_of_a_row(self) -> tuple[int, ...]:
        """The form of the scores of a row: a number, (), or one for each of several views, (V - 1,)."""
        graded = sum(view.role is not Role.ANCHOR for view in self.views) if self._first.scores else 1
        return (graded,) if graded > 1 else ()

    @property
    def has_labels(self) -> bool:
        """Whether the rows carry labels."""
        return self._first.label is not None

    def read(self, row: int, epoch: int) -> RowTexts:
        """Read a row as it is in an epoch.

        Raises:
            DataError: The row lacks a positive, a negative or a score that the views or the first row ask for.
        """
        example = self.example(row)
        return RowTexts(row, texts_of(example, self.views, self._seed, epoch), example.score, example.label)

    def example(self, row: int) -> Example:
        """Return a row as it stands in the source.

        Raises:
            DataError: As above.
        """
        example = self.source[row]
        if error := self._error(example):
            raise DataError(f"{self.source.location(row)}: {error}")
        return example

    def _error(self, example: Example) -> str | None:
        """Say what a row lacks, and what would be right."""
        if 0 < len(example.negatives) < self._negatives:
            count = len(example.negatives)
            return (
                f"found {count} negatives, the views ask for {self._negatives}; add negatives, or name fewer views of "
                "them in data.views."
            )
        texts = len(example.positives) + len(example.negatives)
        if example.scores and len(example.scores) != texts:
            return f"found {len(example.scores)} scores for {texts} positives and negatives; give each text one."
        found, wanted = _carried(example), _carried(self._first)
        unlike = next((name for name in found if found[name] is not wanted[name]), None)
        if unlike is None:
            return None
        first, has = self.source.location(0), found[unlike]
        return (
            f"found {'a' if has else 'no'} {unlike}, but {first} has {'none' if has else 'one'}; give every row a "
            f"{unlike}, or none of them."
        )


def _carried(example: Example) -> dict[str, bool]:
    """Say what a row carries."""
    return {
        "positive": bool(example.positives),
        "score": example.score is not None,
        "score for each text": bool(example.scores),
        "label": example.label is not None,
    }


_MANY = 100_000  # rows; fewer are read through in a second or two, each time
MOST = 2_000_000  # rows that are read before training, half a minute's work; of more, so many from end to end


def telling_rows(source: Source) -> tuple[int, ...]:
    """Return some rows that show all that rows differ in: what can use these can use every row of the source.

    They are the first of each kind (with a positive, score or label or without, with so many negatives), those of the
    lowest and the highest score, the first with another label than the first row, and two of one label. Up to two
    million rows are read for it, all where there are no more; what is found of many is kept in the user's cache folder.

    Raises:
        DataError: A row cannot be read.
    """
    key = key_of("telling rows", source.fingerprint) if len(source) > _MANY else None
    kept = kept_finding(key, lambda: " ".join(map(str, sorted(set(_telling(source))))))
    return tuple(int(row) for row in kept.split())


def _telling(source: Source) -> Iterator[int]:
    kinds: dict[tuple[bool, bool, bool, bool, int], int] = {}
    lowest, highest, labels = array("d"), array("d"), array("q")
    rows = range(0, len(source), -(-len(source) // MOST))
    for row in rows:
        example = source[row]
        has_score, has_label = example.score is not None, example.label is not None
        kind = (bool(example.positives), has_score, bool(example.scores), has_label, len(example.negatives))
        kinds.setdefault(kind, row)
        lowest.append(min(example.scores, default=example.score or 0.0))
        highest.append(max(example.scores, default=example.score or 0.0))
        labels.append(example.label or 0)
    yield from kinds.values()
    yield from (rows[int(np.argmin(lowest))], rows[int(np.argmax(highest))])
    named = np.frombuffer(labels, dtype=np.int64)  # (N,)
    yield rows[int(np.argmax(named != named[0]))]
    different, counts = np.unique(named, return_counts=True)
    yield from (rows[number] for number in np.flatnonzero(named == different[np.argmax(counts)])[:2].tolist())
