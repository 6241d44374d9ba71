"""Sequences of tokens on their way into an encoder."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from textcl.types.text import Role, Use

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Kept:
    """What an encoder keeps of the word embeddings of one sequence; the rest is cut, that is, set to zero."""

    tokens: BoolArray  # (L,) whether any of the token's embedding is kept
    features: BoolArray  # (H,) whether the feature is kept in the tokens of the sequence


@dataclass(frozen=True, slots=True)
class InputSequence:
    """One sequence on its way into an encoder: all that an input augmentation sees and changes."""

    ids: IntArray  # (L,)
    is_text: BoolArray  # (L,) neither a special token nor one of the prompt: these alone may be moved or cut
    kept: Kept


@dataclass(frozen=True, slots=True)
class InputFormat:
    """What must be known of an encoder's sequences to change them."""

    features: int = 0  # H
    special: frozenset[int] = frozenset()  # ids of tokens that stand for no text
    prompt: int = 0  # leading tokens of each sequence up to the end of the prompt, 0 where there is none


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token sequences of unequal length, special tokens included, without padding.

    `skipped` counts the leading tokens of each sequence that pooling leaves out (a prompt that is not pooled, else 0).
    `tower` says which tower of an encoder with several the sequences are for. Padding makes none longer than `longest`
    unless the sequence beside it is. Where `one_length` is set they must not be padded at all. `kept` has an entry for
    each sequence, or none at all where nothing is cut.
    """

    ids: tuple[IntArray, ...]  # N x (L,)
    skipped: IntArray  # (N,) tokens
    pad_id: int
    tower: int = 0
    format: InputFormat = InputFormat()
    kept: tuple[Kept | None, ...] = ()  # N; None: all of the sequence
    longest: int = 0  # tokens that the encoder takes; 0: not known
    one_length: bool = False  # the encoder's vectors depend on padding
    cut: int = 0  # sequences whose texts were longer

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def lengths(self) -> IntArray:
        """Tokens of each sequence, (N,)."""
        return np.fromiter(map(len, self.ids), dtype=np.int64, count=len(self.ids))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some sequences padded on the right to one length: all that an encoder ever sees."""

    ids: Tensor  # (n, L) int64
    mask: Tensor  # (n, L) int64, 1 for a token, 0 for padding
    pooled: Tensor  # (n, L) int64, 1 for a token that pooling reads
    tower: int = 0  # which tower of an encoder with several encodes it
    kept_tokens: Tensor | None = None  # (n, L) bool, of which tokens the word embedding is kept; None: of all
    kept_features: Tensor | None = None  # (n, H) bool, which of its features; None where the tokens are None


class InputAugmentation(Protocol):
    """A pure function from a sequence to one of the same length; all randomness comes from `rng`."""

    def change(self, sequence: InputSequence, rng: random.Random) -> InputSequence: ...


Tokenize = Callable[[Sequence[str], Role], Tokens]


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
    scores: FloatArray | None = None  # (B,), or (B, V - 1) of every view but the anchor's
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
    scores: Tensor | None = None  # (B,), or (B, V - 1) where a judge graded every text but the anchor
    labels: Tensor | None = None  # (B,) int64
    source: str = ""  # the name of the one source that all rows are of, where sources take turns
    words: Tensor | None = None  # (B, L) int64, the first positive's tokens, -1 behind them, for who writes texts again


class TokenEncoder(Protocol):
    """A module from padded tokens to embeddings, each row on its own: all that training knows of an encoder."""

    @property
    def dimension(self) -> int:
        """The width D of an embedding."""
        ...

    def __call__(self, chunk: Chunk) -> Tensor: ...  # (n, D) float32, of any length

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Parameter]]: ...

    def modules(self) -> Iterator[nn.Module]: ...

    def train(self, mode: bool = True) -> object: ...

    def state_dict(self) -> dict[str, Tensor]: ...

    def load_state_dict(self, state_dict: dict[str, Tensor], strict: bool = True) -> object: ...

    def save(self, folder: Path) -> None:
        """Write the model in sentence-transformers' folder format."""
        ...


Embed = Callable[[Sequence[str], Role | Use], FloatArray]  # N texts -> (N, D) float32, unit length
