"""What the rest of textcl knows of an encoder, be it one or two towers."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

import torch
from transformers import PreTrainedModel

from textcl.encoder.lost_texts import LostTexts
from textcl.encoder.prompts import Prompt
from textcl.encoder.runtimes import RuntimeBackbone, TokenTable
from textcl.types.batches import FloatArray, TokenEncoder, Tokens
from textcl.types.text import Role, Use

Backbone = PreTrainedModel | RuntimeBackbone | TokenTable


class TextEncoder(TokenEncoder, Protocol):
    """A module that training can train, and that embeds lists of texts: an `Encoder` or a `TwoTower`."""

    @property
    def dropout(self) -> float:
        """The largest dropout rate in it; 0 means that two passes in training mode are equal."""
        ...

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        ...

    @property
    def lost(self) -> LostTexts:
        """Texts that lost what they say on the way to tokens, among those that `encode` was given."""
        ...

    @property
    def prompts(self) -> Mapping[Role, str]:
        """What is put before the texts of each role."""
        ...

    def prompt_for(self, use: Role | Use | str | None) -> Prompt:
        """Return the prompt that stands before texts of a use; None: before those that have no role."""
        ...

    def prompted(self, prompts: Mapping[Role, str]) -> Self:
        """Return the same encoder, weights and all, under other prompts."""
        ...

    def tokenize(self, texts: Sequence[str], role: Role | Use | None) -> Tokens:
        """Cut texts into tokens, the prompt of their role before them."""
        ...

    def tokenize_whole(self, texts: Sequence[str], role: Role | Use | None) -> Tokens:
        """Cut texts into tokens as `tokenize` does, but keep every one of them, however long the text."""
        ...

    def count_lost(self, texts: Sequence[str], role: Role | Use | None) -> LostTexts:
        """Count the texts of which the tokenizer leaves nothing."""
        ...

    def encode(
        self,
        texts: Sequence[str],
        *,
        role: Role | Use | str | None = ...,
        chunk_tokens: int | None = ...,
        progress: Callable[[int], None] | None = ...,
        deterministic: bool = ...,
    ) -> FloatArray:
        """Embed a list of texts: vectors of unit length in their order, (N, D) float32."""
        ...

    def save(self, folder: str | Path) -> None:
        """Write it as a folder that textcl and sentence-transformers open."""
        ...

    def to(self, device: torch.device | str) -> Self:
        """Move the weights."""
        ...

    def eval(self) -> Self:
        """Switch dropout off."""
        ...
