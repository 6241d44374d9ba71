"""A toy encoder in float64 and random token batches, for tests of what training promises."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from textcl.types.batches import Chunk, PairBatch, Tokens, View
from textcl.types.text import Role

VOCABULARY = 50
WIDTH = 8
PAIR = (Role.ANCHOR, Role.POSITIVE)
TRIPLET = (*PAIR, Role.NEGATIVE)


class ToyEncoder(nn.Module):
    """Embeds tokens, mixes them by their mean, and sees one row at a time; float64 unless asked otherwise."""

    def __init__(self, dropout: float = 0.0, mixes_rows: bool = False, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.tokens = nn.Embedding(VOCABULARY, WIDTH, dtype=dtype)
        self.dropout = nn.Dropout(dropout)
        self.hidden = nn.Linear(WIDTH, WIDTH, dtype=dtype)
        self.norm = nn.BatchNorm1d(WIDTH, dtype=dtype) if mixes_rows else nn.LayerNorm(WIDTH, dtype=dtype)
        self.dimension = WIDTH

    def forward(self, chunk: Chunk) -> Tensor:
        words = self.dropout(self.tokens(chunk.ids)) * chunk.pooled.unsqueeze(-1)
        mean = words.sum(dim=1) / chunk.pooled.sum(dim=1, keepdim=True).clamp(min=1)
        return self.dropout(torch.tanh(self.hidden(self.norm(mean))))  # (n, D)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        torch.save(self.state_dict(), folder / "weights.pt")


class ToyDecoder(nn.Module):
    """Predicts the word behind each from it and a vector."""

    vocabulary = VOCABULARY

    def __init__(self) -> None:
        super().__init__()
        self.tokens = nn.Embedding(VOCABULARY, WIDTH)
        self.head = nn.Linear(WIDTH, VOCABULARY)

    def forward(self, vectors: Tensor, words: Tensor) -> Tensor:
        return self.head(torch.tanh(self.tokens(words) + vectors[:, None]))  # (n, L, vocabulary)


def toy_words(rows: int) -> Tensor:
    """Words of unequal texts, -1 behind them, (B, L)."""
    words = torch.arange(rows * 6).view(rows, 6) * 7 % VOCABULARY
    return words.masked_fill(torch.arange(6) > 2 + torch.arange(rows)[:, None] % 4, -1)


def toy_tokens(rows: int, rng: np.random.Generator) -> Tokens:
    ids = tuple(rng.integers(1, VOCABULARY, size=rng.integers(2, 12)) for _ in range(rows))
    return Tokens(ids, np.zeros(rows, dtype=np.int64), pad_id=0)


def toy_batch(rows: int, roles: tuple[Role, ...] = PAIR, seed: int = 0) -> PairBatch:
    """A batch whose first two rows share their anchor; labels come in threes.

    Scores are 0 and 1 by turns; with a negative each text has one.
    """
    rng = np.random.default_rng(seed)
    views = []
    for number, role in enumerate(roles):
        identity = np.arange(rows, dtype=np.int64) + 1000 * number
        if role is Role.ANCHOR:
            identity[:2] = 0
        views.append(View(role, toy_tokens(rows, rng), identity))
    numbers = np.arange(rows, dtype=np.int64)
    return PairBatch(tuple(views), numbers, scores=toy_scores(rows, roles), labels=numbers // 3)


def toy_scores(rows: int, roles: tuple[Role, ...]) -> np.ndarray:
    """0 and 1 by turns, (B,); with a negative (B, V - 1), which differ within a row."""
    numbers = np.arange(rows)
    if Role.NEGATIVE not in roles:
        return (numbers % 2).astype(np.float32)
    return ((numbers[:, None] + np.arange(len(roles) - 1)) % 3 / 3).astype(np.float32)


def share(batch: PairBatch, rank: int, ranks: int) -> PairBatch:
    """A rank's contiguous share of a batch."""
    own = np.array_split(np.arange(len(batch.rows)), ranks)[rank]
    views = tuple(
        View(
            view.role,
            Tokens(tuple(view.tokens.ids[row] for row in own), view.tokens.skipped[own], view.tokens.pad_id),
            view.identity[own],
        )
        for view in batch.views
    )
    return PairBatch(views, batch.rows[own], batch.scores[own], batch.labels[own])


def flat_gradient(modules: list[nn.Module]) -> Tensor:
    """All gradients end to end, a missing one as zeros."""
    parameters = [parameter for module in modules for parameter in module.parameters()]
    return torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).reshape(-1) for p in parameters])
