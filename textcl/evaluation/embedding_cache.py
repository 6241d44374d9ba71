"""A cache in front of a model: a text is embedded once, whatever the number of tasks that hold it."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from textcl.evaluation.vector_store import Found
from textcl.types import Embed, FloatArray, Role

BLOCK = 4096  # texts that are embedded between two times of keeping what is there


class Store(Protocol):
    """Keeps vectors by key; it may forget any, but never gives a wrong one."""

    @property
    def width(self) -> int:
        """D."""
        ...

    def find(self, keys: Sequence[bytes]) -> Found:
        """Return the vectors that are here of some keys."""
        ...

    def add(self, keys: Sequence[bytes], vectors: FloatArray) -> None:
        """Keep vectors, (N, D) for N keys."""
        ...


def cached(
    embed: Embed,
    store: Store,
    space: Callable[[Role], str],
    on_missing: Callable[[int], None] | None = None,
    block: int = BLOCK,
) -> Embed:
    """Return a model that embeds a text only where the store does not have its vector.

    Args:
        embed: The model.
        store: Gets every block of vectors as soon as it is there, so that a run that is stopped loses little.
        space: What decides a vector beside its text, for a role: two roles of one space share their vectors. A store
            that outlives the model needs all of it in there, the weights first.
        on_missing: Called with the number of texts that are about to be embedded.
        block: Texts a block.
    """

    def through_cache(texts: Sequence[str], role: Role) -> FloatArray:
        distinct = {text: number for number, text in enumerate(dict.fromkeys(texts))}
        names, keys = list(distinct), _keys(distinct, space(role))
        found = store.find(keys)
        vectors = np.empty((len(keys), store.width), dtype=np.float32)
        vectors[found.positions] = found.vectors
        missing = np.setdiff1d(np.arange(len(keys)), found.positions)
        if on_missing is not None:
            on_missing(len(missing))
        for start in range(0, len(missing), block):
            part = missing[start : start + block]
            new = embed([names[position] for position in part], role)
            store.add([keys[position] for position in part], new)
            vectors[part] = new
        return vectors[[distinct[text] for text in texts]]  # (N, D)

    return through_cache


def _keys(texts: Sequence[str] | dict[str, int], space: str) -> list[bytes]:
    """Return a digest of 16 bytes of each text in a space."""
    start = hashlib.blake2b(len(space.encode()).to_bytes(8, "little") + space.encode(), digest_size=16)
    keys = []
    for text in texts:
        digest = start.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        keys.append(digest.digest())
    return keys
