"""How an evaluation sees a model: a function from texts to vectors, the work shared by the ranks of a run."""

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from textcl.distributed import Ranks
from textcl.embedding.store import BLOCK, Store, StoredVectors, VectorStore, cached
from textcl.encoder.fingerprint import fingerprint
from textcl.encoder.opening import open_encoder
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.two_tower import TwoTower
from textcl.errors import DataError
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use
from textcl.util.cache import cache_folder, key_of
from textcl.util.installed import version_of
from textcl.util.precision import resolve
from textcl.util.progress import SILENT, Progress

_log = logging.getLogger(__name__)


class MainStore:
    """What rank 0 finds is what every rank finds: all agree on the texts that are missing, whoever else writes.

    Args:
        store: Rank 0's; None on the other ranks.
        width: D.
        ranks: Every rank calls each method, in the same order.
    """

    def __init__(self, store: Store | None, width: int, ranks: Ranks) -> None:
        self.width = width
        self._store, self._ranks = store, ranks

    def find(self, keys: Sequence[bytes]) -> StoredVectors:
        """Return what rank 0 holds of some keys."""
        none = StoredVectors(np.empty(0, dtype=np.int64), np.empty((0, self.width), dtype=np.float32))
        found = self._ranks.together(lambda: none if self._store is None else self._store.find(keys))
        device = self._ranks.device
        positions = self._ranks.gather(torch.from_numpy(found.positions).to(device))
        vectors = self._ranks.gather(torch.from_numpy(found.vectors).to(device))
        return StoredVectors(positions.cpu().numpy(), vectors.cpu().numpy())

    def add(self, keys: Sequence[bytes], vectors: FloatArray) -> None:
        """Keep vectors on rank 0."""
        if self._store is not None:
            self._store.add(keys, vectors)


def fresh_embed(
    encoder: TextEncoder,
    ranks: Ranks,
    *,
    progress: Progress = SILENT,
    deterministic: bool = False,
) -> Embed:
    """Return the encoder as it is now: each text is embedded once, for as long as the function lives.

    It must not outlive a change of the weights; a run takes a new one for each time that it is scored.

    Args:
        encoder: The model, the same on every rank.
        ranks: Who shares the work.
        progress: Gets the texts that are about to be embedded, and those that are, over all ranks.
        deterministic: Make a vector depend on its text alone, to the last bit; slower.
    """
    shared = shared_embed(encoder, ranks, progress, deterministic)
    store = VectorStore(encoder.dimension) if ranks.is_main else None
    return through_store(shared, encoder, ranks, store, progress=progress)


def through_store(
    embed: Embed,
    encoder: TextEncoder,
    ranks: Ranks,
    store: Store | None,
    *,
    model: str = "",
    progress: Progress = SILENT,
) -> Embed:
    """Put rank 0's store in front of a model: roles with one tower and one prompt share their vectors.

    Args:
        embed: The model, its work shared by the ranks.
        encoder: The same.
        ranks: Rank 0 looks vectors up and keeps them; all get them.
        store: Of rank 0; None on the others.
        model: What decides the vectors beside text, tower and prompt, for a store that outlives the process.
        progress: Gets the number of texts that are about to be embedded.
    """

    def space(role: Role | Use) -> str:
        return f"{model} {encoder.tokenize([], role).tower} {encoder.prompt_for(role).text}"

    return cached(embed, MainStore(store, encoder.dimension, ranks), space, progress, BLOCK * ranks.count)


def shared_embed(encoder: TextEncoder, ranks: Ranks, progress: Progress = SILENT, deterministic: bool = False) -> Embed:
    """Return the function that embeds texts with this encoder; every rank embeds a share and gets all vectors.

    Args:
        encoder: The model, the same on every rank.
        ranks: Who shares the work. Where one fails, all fail.
        progress: Gets the number of texts that were just finished, over all ranks, as this one sees it.
        deterministic: Make a vector depend on its text alone, to the last bit; slower.
    """

    def embed(texts: Sequence[str], role: Role | Use) -> FloatArray:
        shares = [np.arange(len(texts))[rank :: ranks.count] for rank in range(ranks.count)]  # alike in length
        own = [texts[position] for position in shares[ranks.rank]]
        count = _scaled(progress, len(own), len(texts))
        encoded = ranks.together(lambda: encoder.encode(own, role=role, progress=count, deterministic=deterministic))
        gathered = ranks.gather(torch.from_numpy(encoded).to(ranks.device)).cpu().numpy()
        vectors = np.empty((len(texts), encoder.dimension), dtype=np.float32)
        vectors[np.concatenate(shares)] = gathered
        return vectors  # (N, D)

    return embed


def _scaled(progress: Progress, own: int, total: int) -> Callable[[int], None]:
    """Return what counts own texts and reports the texts of all ranks that this stands for."""
    done = 0

    def count(texts: int) -> None:
        nonlocal done
        before, done = done, done + texts
        progress.advance(done * total // own - before * total // own)

    return count


Model = str | Path | TextEncoder  # a name of a model, or the model itself

_PACKAGES = ("textcl", "torch", "transformers", "tokenizers", "onnxruntime", "openvino")


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


@dataclass(frozen=True, slots=True)
class ModelEmbed:
    """A model as a function that embeds each text once, and that says which prompts it has."""

    embed: Embed
    encoder: TextEncoder

    def __call__(self, texts: Sequence[str], role: Role | Use) -> FloatArray:
        """Embed texts, (N, D)."""
        return self.embed(texts, role)


def model_embed(model: Model, how: Embedding, ranks: Ranks, progress: Progress = SILENT) -> ModelEmbed:
    """Return a model as a function that embeds each text once.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id; or an encoder that is open, which multiplies in its
            own precision.
        how: Precision, determinism, cache.
        ranks: Who shares the work; every rank calls this.
        progress: Gets the progress.

    Raises:
        ModelError: The model cannot be opened.
        DataError: The cache cannot be used.
    """
    encoder = ranks.together(lambda: opened(model, how.precision, ranks.device))
    if how.cache is None:
        embed = fresh_embed(encoder, ranks, progress=progress, deterministic=how.deterministic)
        return ModelEmbed(embed, encoder)
    shared = shared_embed(encoder, ranks, progress, how.deterministic)
    store = ranks.together(lambda: VectorStore(encoder.dimension, how.cache) if ranks.is_main else None)
    name = identity(encoder, how) if ranks.is_main else ""
    return ModelEmbed(through_store(shared, encoder, ranks, store, model=name, progress=progress), encoder)


def opened(model: Model, precision: str, device: torch.device | str | None = None) -> TextEncoder:
    """Return the encoder of a model, which may be open already.

    Raises:
        ModelError: It cannot be opened.
    """
    return open_encoder(model, precision=precision, device=device) if isinstance(model, str | Path) else model


def model_name(model: Model) -> str:
    """Return what a model is called in messages and tables."""
    return str(model) if isinstance(model, str | Path) else f"the open {type(model).__name__}"


def kept_embed(encoder: TextEncoder, precision: str, *, is_kept: bool) -> Embed:
    """Return a teacher as a function; each process embeds its own texts.

    Args:
        encoder: Does not change.
        precision: As it was asked for.
        is_kept: Whether each text is embedded once, in this run and all later ones: vectors are kept in the user's
            cache folder, which the processes of a machine share.
    """

    def embed(texts: Sequence[str], role: Role | Use) -> FloatArray:
        return encoder.encode(texts, role=role)

    if not is_kept:
        return embed
    folder = cache_folder("teachers") / key_of(identity(encoder, Embedding(precision)))
    try:
        store = VectorStore(encoder.dimension, folder)
    except DataError as error:  # a home that is read-only or full
        _log.warning("The teacher's vectors are not kept, so it embeds each text in each epoch anew: %s", error)
        return embed
    return cached(embed, store, lambda role: f"{encoder.tokenize([], role).tower} {encoder.prompt_for(role).text}")


def identity(encoder: TextEncoder, how: Embedding) -> str:
    """Return all that decides a vector beside text, tower and prompt: model, arithmetic, and the code that runs it."""
    tower = encoder.queries if isinstance(encoder, TwoTower) else encoder
    precision = getattr(tower, "precision", how.precision)  # an export computes as it was opened
    arithmetic = [resolve(precision, encoder.device), encoder.device.type, how.deterministic]
    return json.dumps([fingerprint(encoder), *arithmetic, *(version_of(package) for package in _PACKAGES)])
