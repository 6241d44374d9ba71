"""Open a saved model as an evaluation sees it: with a cache, over all ranks, told of its progress."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from textcl.encoder import TextEncoder, open_encoder
from textcl.encoder.fingerprint import fingerprint
from textcl.evaluation import VectorStore
from textcl.precision import resolve
from textcl.recipe.embedding import fresh_embed, shared_embed, through_store
from textcl.recipe.provenance import version_of
from textcl.training import Ranks
from textcl.types import Embed

_PACKAGES = ("textcl", "torch", "transformers", "tokenizers", "onnxruntime", "openvino")


class EmbedWatcher(Protocol):
    """Is told how far the embedding of texts is, to show it."""

    def missing(self, count: int) -> None:
        """So many texts, over all ranks, are about to be embedded; others came from the cache."""
        ...

    def texts(self, count: int) -> None:
        """So many more texts were embedded."""
        ...


@dataclass(frozen=True, slots=True)
class Embedding:
    """How texts are embedded.

    Args:
        precision: float32, bf16 or auto.
        deterministic: Make a vector depend on its text alone, to the last bit; slower.
        cache: A folder that keeps vectors from one process to the next; None: they are kept in memory.
    """

    precision: str = "auto"
    deterministic: bool = False
    cache: Path | None = None


def model_embed(model: str, how: Embedding, ranks: Ranks, watcher: EmbedWatcher) -> Embed:
    """Return a saved model as a function that embeds each text once.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        how: Precision, determinism, cache.
        ranks: Who shares the work; every rank calls this.
        watcher: Is told of the progress.

    Raises:
        ModelError: The model can not be opened.
        DataError: The cache can not be used.
    """
    encoder = ranks.together(lambda: open_encoder(model, precision=how.precision, device=ranks.device))
    if how.cache is None:
        return fresh_embed(
            encoder, ranks, on_texts=watcher.texts, on_missing=watcher.missing, deterministic=how.deterministic
        )
    shared = shared_embed(encoder, ranks, watcher.texts, how.deterministic)
    store = ranks.together(lambda: VectorStore(encoder.dimension, how.cache) if ranks.is_main else None)
    name = identity(encoder, how) if ranks.is_main else ""
    return through_store(shared, encoder, ranks, store, model=name, on_missing=watcher.missing)


def identity(encoder: TextEncoder, how: Embedding) -> str:
    """Return all that decides a vector beside text, tower and prompt: model, arithmetic, and the code that runs it."""
    arithmetic = [resolve(how.precision, encoder.device), encoder.device.type, how.deterministic]
    return json.dumps([fingerprint(encoder), *arithmetic, *(version_of(package) for package in _PACKAGES)])
