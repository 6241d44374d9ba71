"""Texts that lose what they say on the way to tokens: of an unknown script, without any token, or cut."""

import logging
from dataclasses import dataclass

import numpy as np

from textcl.errors import DataError
from textcl.types.batches import BoolArray, IntArray, Tokens

MOST_UNKNOWN = 0.05  # share of tokens; above it somebody has to know
_ADVICE = "Such texts all get one vector. Name a model that was made for their script."
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class LostTexts:
    """Counts texts and tokens that an encoder cannot tell apart from others."""

    texts: int = 0
    unknown: int = 0  # texts whose every token is the unknown one
    empty: int = 0  # texts without a token of their own
    tokens: int = 0  # of texts, prompts and special tokens aside
    unknown_tokens: int = 0
    cut: int = 0  # texts longer than the encoder reads
    longest: int = 0  # tokens that it reads, 0: all

    @property
    def unknown_share(self) -> float:
        """Fraction of the tokens that the tokenizer does not know."""
        return self.unknown_tokens / max(1, self.tokens)

    @property
    def is_all_lost(self) -> bool:
        """Whether there are texts, and nothing is left of any."""
        return 0 < self.texts == self.unknown + self.empty

    def __add__(self, other: "LostTexts") -> "LostTexts":
        return LostTexts(
            self.texts + other.texts,
            self.unknown + other.unknown,
            self.empty + other.empty,
            self.tokens + other.tokens,
            self.unknown_tokens + other.unknown_tokens,
            self.cut + other.cut,
            max(self.longest, other.longest),
        )

    def count(self, tokens: Tokens, unknown_id: int | None) -> None:
        """Count sequences as they go into the encoder.

        Args:
            tokens: N sequences.
            unknown_id: The token that stands for all that the tokenizer does not know; None: it knows everything.
        """
        own, unknown = _per_text(tokens, unknown_id)  # (N,) each
        self.texts += len(tokens)
        self.empty += int((own == 0).sum())
        self.unknown += int(((own > 0) & (own == unknown)).sum())
        self.tokens += int(own.sum())
        self.unknown_tokens += int(unknown.sum())
        self.cut += tokens.cut
        self.longest = max(self.longest, tokens.longest)

    def said(self) -> str:
        """Return what is to be said of them, empty where nothing is."""
        parts = [
            f"{count:,} {what}"
            for count, what in (
                (self.unknown, "hold nothing that the model's tokenizer knows"),
                (self.empty, "have no token at all (blank, zero-width or control characters)"),
            )
            if count
        ]
        if self.unknown_share > MOST_UNKNOWN:
            parts.append(f"{self.unknown_share:.1%} of all tokens are unknown")
        return f"Of {self.texts:,} texts {'; '.join(parts)}. {_ADVICE}" if parts else ""

    def said_of_cut(self) -> str:
        """Return what is to be said of texts that are too long, empty where none is."""
        share = self.cut / max(1, self.texts)
        return (
            f"Of {self.texts:,} texts {self.cut:,} ({share:.1%}) are longer than {self.longest:,} tokens (max_length); "
            "what follows is not read."
            if self.cut
            else ""
        )

    def refuse(self) -> None:
        """Raise a DataError where nothing is left of any text."""
        if self.is_all_lost:
            raise DataError(self.said())

    def warn(self) -> None:
        """Warn of texts that are lost or cut, once for all that were counted."""
        for said in filter(None, (self.said(), self.said_of_cut())):
            _log.warning("%s", said)

    def report(self) -> None:
        """Warn of texts that are lost or cut, or refuse where nothing is left of any.

        Raises:
            DataError: Nothing is left of any text.
        """
        self.refuse()
        self.warn()


def _per_text(tokens: Tokens, unknown_id: int | None) -> tuple[IntArray, IntArray]:
    """Return for each sequence how many tokens are of the text itself, and how many of them are unknown, (N,) each."""
    lengths = tokens.lengths
    flat = np.concatenate(tokens.ids) if len(tokens) else np.empty(0, dtype=np.int64)
    owner = np.repeat(np.arange(len(tokens)), lengths)
    position = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    is_own: BoolArray = (position >= tokens.format.prompt) & ~np.isin(flat, list(tokens.format.special))
    is_unknown = is_own & (flat == (-1 if unknown_id is None else unknown_id))
    return np.bincount(owner[is_own], minlength=len(tokens)), np.bincount(owner[is_unknown], minlength=len(tokens))
