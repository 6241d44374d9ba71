"""Texts before they are tokens: rows of a source, what a text is to its row, and what changes it."""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What a text is to its row; prompts are chosen by it. Queries are anchors, documents are positives.

    >>> import textcl
    >>> textcl.Role("anchor") is textcl.Role.ANCHOR
    True
    """

    ANCHOR = "anchor"
    POSITIVE = "positive"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Use:
    """What an evaluation embeds texts for, where that says more than a role: it chooses the prompt.

    Args:
        names: Of prompts, best first: `("STS",)`. The first that the model has is taken.
        role: Whose prompt is taken where the model has none of these; None: the model's default prompt, or none, as
            for the sentences of a pair, of which neither is a query.
        tower: Whose tower embeds texts that have no role, where queries and documents have one each.
    """

    names: tuple[str, ...] = ()
    role: Role | None = None
    tower: Role = Role.ANCHOR


def tower_role(use: "Role | Use | None") -> Role:
    """Return the role whose tower embeds texts of a use."""
    if isinstance(use, Use):
        return use.role or use.tower
    return use or Role.ANCHOR


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a source: texts, nothing else.

    Without positives the views are made from the anchor. A row is graded as a whole, by `score`, or text by text, as a
    judge does: `scores` are then of the positives and, behind them, of the negatives.
    """

    row: int
    anchor: str
    positives: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    score: float | None = None
    label: int | None = None
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A text of a corpus, its id, and where it stands, for messages: `corpus.jsonl, line 18`."""

    id: str
    text: str
    location: str
    title: int = 0  # characters of the text, from its beginning, that are its title


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file that rows are read from, and what tells it from another."""

    location: str  # as the user names it, or its address
    rows: int
    fingerprint: str


class Source(Protocol):
    """Rows of text that a run trains on."""

    @property
    def fingerprint(self) -> str:
        """A digest that changes when the texts do."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, row: int) -> Example: ...

    def location(self, row: int) -> str:
        """Where a row stands, for messages: `corpora/wiki.txt, line 18`."""
        ...


class Augmentation(Protocol):
    """A pure function from text to text; all randomness comes from `rng`.

    One with a true `shares_draw` is given the same random numbers in all views of a row, to keep a part each of one
    draw. One with `check(texts)` sees a sample of its texts before a run, and raises an error when they do not suit it.
    """

    def __call__(self, text: str, rng: random.Random) -> str: ...
