"""A batch before the encoder, and after it."""

from dataclasses import dataclass

from torch import Tensor

from textcl.types.arrays import FloatArray, IntArray
from textcl.types.sequences import Tokens
from textcl.types.text import Role


@dataclass(frozen=True, slots=True)
class View:
    """One text of every row of a batch, tokenised."""

    role: Role
    tokens: Tokens  # B sequences
    identity: IntArray  # (B,) equal numbers are equal texts
    texts: tuple[str, ...] = ()  # B texts that the tokens were cut from, for a teacher with tokens of its own


@dataclass(frozen=True, slots=True)
class PairBatch:
    """This rank's share of a batch, before the encoder."""

    views: tuple[View, ...]  # V
    rows: IntArray  # (B,) rows of the source
    scores: FloatArray | None = None  # (B,)
    labels: IntArray | None = None  # (B,)
    source: str = ""  # the name of the one source that all rows are of, where sources take turns
    turn: int = 0  # batches of that source before this one


@dataclass(frozen=True, slots=True)
class EmbeddedBatch:
    """The batch of all ranks, embedded: all that an objective ever sees."""

    views: tuple[Tensor, ...]  # V x (B, D) float32, of the online encoder; gradient wanted
    targets: tuple[Tensor, ...]  # V x (B, D) float32, of the target encoder, a teacher's of its own width; no gradient
    roles: tuple[Role, ...]  # V
    identity: tuple[Tensor, ...]  # V x (B,) int64: equal numbers are equal texts, never each other's negatives
    scores: Tensor | None = None  # (B,)
    labels: Tensor | None = None  # (B,) int64
    source: str = ""  # the name of the one source that all rows are of, where sources take turns
