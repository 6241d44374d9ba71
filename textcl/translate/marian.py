"""MarianMT through transformers: one model a direction, such as those of Helsinki-NLP on the Hub."""

from collections.abc import Sequence
from functools import cache

import torch

from textcl.translate.directions import name_of, sources_of
from textcl.translate.engine import BEST, Decoding, Translation
from textcl.translate.seq2seq import generate, load_seq2seq

HELSINKI = "Helsinki-NLP/opus-mt-{source}-{target}"


class Marian:
    """Translates with a model for each direction.

    Args:
        model: Hub id or folder, with `{source}` and `{target}` where it names the languages.
        device: Where the models work; None: CUDA if there is one, else the CPU.
    """

    name = "marian"
    lot = 256
    by_rules = False

    def __init__(self, model: str = HELSINKI, device: str | None = None) -> None:
        self._model = model
        self._device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self._loaded = cache(lambda name: load_seq2seq(name, self._device))

    def version(self, source: str, target: str) -> str:
        """Return the version of transformers and what names the weights."""
        return f"marian: {self._loaded(name_of(self._model, source, target)).version}"

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        """Translate texts; a model of several target languages is told which."""
        loaded = self._loaded(name_of(self._model, source, target))
        found = generate(loaded, sources_of(texts, target, loaded.tokenizer), decoding, seed)
        return [Translation(text) for text in found]
