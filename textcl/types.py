"""Every type that crosses a wall between two rooms, and the letters that shapes are written in.

Letters: `B` rows of the batch (all ranks), `V` views, `N` texts or sequences, `L` tokens, `D` embedding width, `H` the
width of a word's embedding at the input of an encoder.
"""

import random
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float32]
BoolArray = NDArray[np.bool_]


class Role(StrEnum):
    """What a text is to its row; prompts are chosen by it. Queries are anchors, documents are positives."""

    ANCHOR = "anchor"
    POSITIVE = "positive"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a source: texts, nothing else.

    Without positives the views are made from the anchor.
    """

    row: int
    anchor: str
    positives: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    score: float | None = None
    label: int | None = None


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
    unless the sequence beside it is. `kept` has an entry for each sequence, or
    none at all where nothing is cut.
    """

    ids: tuple[IntArray, ...]  # N x (L,)
    skipped: IntArray  # (N,) tokens
    pad_id: int
    tower: int = 0
    format: InputFormat = InputFormat()
    kept: tuple[Kept | None, ...] = ()  # N; None: all of the sequence
    longest: int = 0  # tokens that the encoder takes; 0: not known

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


@dataclass(frozen=True, slots=True)
class EmbeddedBatch:
    """The batch of all ranks, embedded: all that an objective ever sees."""

    views: tuple[Tensor, ...]  # V x (B, D) float32, of the online encoder; gradient wanted
    targets: tuple[Tensor, ...]  # V x (B, D) float32, of the target encoder, a teacher's of its own width; no gradient
    roles: tuple[Role, ...]  # V
    identity: tuple[Tensor, ...]  # V x (B,) int64: equal numbers are equal texts, never each other's negatives
    scores: Tensor | None = None  # (B,)
    labels: Tensor | None = None  # (B,) int64


@dataclass(frozen=True, slots=True)
class Hits:
    """The nearest documents of each query, best first."""

    ids: IntArray  # (Q, k) positions in the order of adding, -1 where fewer than k
    scores: FloatArray  # (Q, k) cosines


class Objective(nn.Module, ABC):
    """A loss over one batch of embeddings, written for one machine.

    It may hold parameters (a projector, prototypes) and buffers (a queue). Everything that mixes rows lives here.
    A constructor argument called `dimension` is the encoder's D, and `teacher_dimension` the teacher's: recipes fill
    them in.
    """

    momentum: float | None = None  # set: the targets come from a moving average of the encoder, which keeps this share
    wants_teacher: bool = False  # the targets come from a teacher

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse batches that the objective can not learn from, before anything trains.

        Args:
            roles: Of the V views.
            scored: Whether rows carry scores.
            labelled: Whether rows carry labels.

        Raises:
            ValueError: Says what is found and what is wanted.
        """

    @abstractmethod
    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the loss of a batch, a scalar. It has no side effects: it may run any number of times."""

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the terms that the loss adds up, by name; most objectives have one."""
        return {"loss": self(batch)}

    def projected(self, batch: EmbeddedBatch) -> Tensor | None:
        """Return what a projector makes of the first view, (B, any width), for the monitor; None without one."""
        return None

    def readings(self) -> dict[str, float]:
        """Return what is worth watching of own state, by name: `temperature`, `queue_age` (steps)."""
        return {}

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Change own state (a queue, a moving average) after the optimiser's step: the one place that does."""


class Source(Protocol):
    """Rows of text that a run trains on."""

    @property
    def fingerprint(self) -> str:
        """A digest that changes when the texts do."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, row: int) -> Example: ...

    def place(self, row: int) -> str:
        """Where a row stands, for messages: `corpora/wiki.txt, line 18`."""
        ...


class TokenEncoder(Protocol):
    """A module from padded tokens to embeddings, each row on its own: all that training knows of an encoder."""

    @property
    def dimension(self) -> int:
        """The width D of an embedding."""
        ...

    def __call__(self, chunk: Chunk) -> Tensor: ...  # (n, D) float32, of any length

    def parameters(self) -> Iterator[nn.Parameter]: ...

    def modules(self) -> Iterator[nn.Module]: ...

    def train(self, mode: bool = True) -> object: ...

    def state_dict(self) -> dict[str, Tensor]: ...

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> object: ...

    def save(self, folder: Path) -> None:
        """Write the model in sentence-transformers' folder format."""
        ...


class Augmentation(Protocol):
    """A pure function from text to text; all randomness comes from `rng`.

    One with a true `shares_draw` is given the same random numbers in all views of a row, to keep a part each of one
    draw. One with `check(texts)` sees a sample of its texts before a run, and raises an error when they do not suit it.
    """

    def __call__(self, text: str, rng: random.Random) -> str: ...


class InputAugmentation(Protocol):
    """A pure function from a sequence to one of the same length; all randomness comes from `rng`."""

    def change(self, sequence: InputSequence, rng: random.Random) -> InputSequence: ...


@dataclass(frozen=True, slots=True)
class TrainingRows:
    """How many vectors an index learns from before vectors are added to it; 0 where it learns nothing."""

    fewest: int = 0
    usual: int = 0  # more would hardly make it better


class Index(Protocol):
    """Nearest neighbours by cosine. The id of a vector is its position in the order of adding."""

    @property
    def dimension(self) -> int:
        """The width D of the vectors."""
        ...

    @property
    def factory(self) -> str:
        """The name that it was built by, `exact` or `IVF1024,PQ48`."""
        ...

    @property
    def training_rows(self) -> TrainingRows:
        """What `train` wants; where `fewest` is 0 it need not be called."""
        ...

    @property
    def settings(self) -> dict[str, int]:
        """What may be set for searching, with its value: `{"nprobe": 16}`; more finds more and takes longer."""
        ...

    @property
    def size_bytes(self) -> int:
        """What it takes on disk."""
        ...

    def __len__(self) -> int: ...

    def set(self, name: str, value: int) -> None:
        """Change one of `settings`."""
        ...

    def train(self, vectors: FloatArray) -> None: ...  # (N, D)

    def add(self, vectors: FloatArray) -> None: ...  # (N, D)

    def search(self, queries: FloatArray, k: int) -> Hits: ...  # (Q, D); ids -1 and scores -inf where fewer than k

    def save(self, folder: Path) -> None:
        """Write it as a folder, which appears whole or not at all; `textcl.index.open_index` opens it."""
        ...


Tokenize = Callable[[Sequence[str], Role], Tokens]
Embed = Callable[[Sequence[str], Role], FloatArray]  # N texts -> (N, D) float32, unit length
