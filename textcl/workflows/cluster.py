"""The texts of a file in groups of their own: k-means, or HDBSCAN where nobody knows how many there are."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from textcl.distributed import join_ranks
from textcl.embedding.embed import Embedding, Model, model_embed, model_name
from textcl.errors import DataError
from textcl.evaluation.tasks.clustering import Clustering
from textcl.files.corpora import PlainTexts
from textcl.report.page import PageTable, last_part, write_use_page
from textcl.report.page_data import shown
from textcl.report.progress import progress_of
from textcl.types.batches import FloatArray, IntArray
from textcl.types.text import Use
from textcl.util.atomic import new_file, refuse_location
from textcl.util.cosines import row_products, unit_length
from textcl.util.progress import Progress
from textcl.workflows.page import group_map

_SEED = 17
_STARTS = 4  # of k-means
_AXES = 32  # main axes that HDBSCAN sees: in more, all texts are about as far from each other
_MOST = 50_000  # texts for HDBSCAN, whose time grows with their square
_NEAREST = 3  # texts that a page shows of a cluster


@dataclass(frozen=True, slots=True)
class Cluster:
    """A group of texts."""

    name: str  # the text nearest to its centre
    size: int
    cohesion: float  # mean cosine of its texts with the centre
    nearest: tuple[str, ...]  # the texts nearest to the centre, the nearest first


@dataclass(frozen=True, slots=True)
class Clusters:
    """The groups of the texts of a file.

    Attributes:
        clusters: The largest first.
        of_text: The number of each text's cluster in their order, (N,); -1: of none.
        texts: The texts.
    """

    clusters: tuple[Cluster, ...]
    of_text: IntArray
    texts: tuple[str, ...]


def cluster(
    texts: str | Path,
    model: Model,
    *,
    clusters: int | None = None,
    smallest: int = 5,
    out: str | Path | None = None,
    html: str | Path | None = None,
    text_column: str | None = None,
    precision: str = "auto",
    force: bool = False,
    progress: bool | Progress = False,
) -> Clusters:
    """Put the texts of a file into clusters, each named by the text nearest to its centre.

    >>> import textcl
    >>> found = textcl.cluster("sentences.txt", "model", clusters=2)
    >>> len(found.clusters), sum(cluster.size for cluster in found.clusters)
    (2, 8)

    Args:
        texts: A file of any kind; blank texts are passed over.
        model: A run folder, a model folder, `pkg://…` or a Hub id; or an encoder that is open.
        clusters: How many, for k-means; None: HDBSCAN finds out, and leaves texts that are in no dense group alone.
        smallest: Texts of a cluster at least, for HDBSCAN.
        out: Gets a row a text, JSONL: `text`, `cluster` (null for none), `name`, `cosine` (with the centre).
        html: Gets a page with the clusters and a map.
        text_column: Of files with columns, the one that holds the texts; None: `text`.
        precision: What a model that is named multiplies in: float32, bf16 or auto.
        force: Replace `out` where it is there already.
        progress: True shows bars in a terminal or notebook, lines elsewhere, on stderr; or a `Progress` of your own.

    Raises:
        DataError: The file is missing or has an error, or it has too few texts, or too many for HDBSCAN.
        ModelError: The model cannot be opened.

    Source:
        Campello, Moulavi and Sander 2013, Density-Based Clustering Based on Hierarchical Density Estimates.
    """
    for path, replaces in ((out, force), (html, True)):
        if path is not None:
            refuse_location(Path(path), force=replaces, read=[Path(texts)])
    read = tuple(PlainTexts(Path(texts), text_column))
    _refuse_number(Path(texts), len(read), clusters, smallest)
    with progress_of(progress, sys.stderr) as shown_progress:
        shown_progress.phase("Embedding")
        vectors = unit_length(
            model_embed(model, Embedding(precision), join_ranks(), shown_progress)(read, Use(Clustering.prompt_names))
        )
        shown_progress.phase("Clustering")
        labels = _by_density(vectors, smallest) if clusters is None else _k_means(vectors, clusters)
    found, cosines = _described(read, vectors, labels)
    if out is not None:
        _write(Path(out), found, cosines)
    if html is not None:
        _write_page(Path(html), found, vectors, last_part(str(texts)), model_name(model))
    return found


def _refuse_number(file: Path, count: int, clusters: int | None, smallest: int) -> None:
    if clusters is not None and not 2 <= clusters <= count:
        raise DataError(f"{file}: {count} texts cannot be in {clusters} clusters; name a number from 2 to {count}.")
    if clusters is None and smallest < 2:
        raise DataError(f"The smallest cluster is to have {smallest} texts; it has 2 or more.")
    if clusters is None and count < 2 * smallest:
        raise DataError(
            f"{file}: {count} texts are too few for two clusters of {smallest} or more. Ask for smaller ones "
            "(--smallest), or for a number of clusters (--clusters)."
        )
    if clusters is None and count > _MOST:
        raise DataError(
            f"{file}: finding the number of clusters among {count:,} texts takes hours, so at most {_MOST:,} are "
            "taken. Name a number: --clusters 100."
        )


def _k_means(vectors: FloatArray, count: int) -> IntArray:
    from sklearn.cluster import KMeans  # here because it takes a second, and few verbs need it

    labels: IntArray = KMeans(count, n_init=_STARTS, random_state=_SEED).fit_predict(vectors).astype(np.int64)
    return labels


def _by_density(vectors: FloatArray, smallest: int) -> IntArray:
    from sklearn.cluster import HDBSCAN  # as above
    from sklearn.decomposition import PCA

    axes = min(_AXES, *vectors.shape)
    placed = PCA(axes, random_state=_SEED).fit_transform(vectors) if axes < vectors.shape[1] else vectors
    labels: IntArray = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(placed).astype(np.int64)
    return labels


def _described(texts: tuple[str, ...], vectors: FloatArray, labels: IntArray) -> tuple[Clusters, FloatArray]:
    """Number the clusters by size, and name each; the second result is each text's cosine with its centre."""
    sizes = np.bincount(labels[labels >= 0], minlength=1)
    order = [int(label) for label in np.argsort(-sizes, kind="stable") if sizes[label]]
    of_text, cosines = np.full(len(texts), -1, dtype=np.int64), np.zeros(len(texts), dtype=np.float32)
    clusters = []
    for number, label in enumerate(order):
        members = np.flatnonzero(labels == label)
        centre = unit_length(vectors[members].mean(axis=0, keepdims=True))  # (1, D)
        own = row_products(vectors[members], np.repeat(centre, len(members), axis=0))
        of_text[members], cosines[members] = number, own
        best = members[np.argsort(-own, kind="stable")]
        nearest = tuple(dict.fromkeys(texts[row] for row in best))[:_NEAREST]
        clusters.append(Cluster(nearest[0], len(members), float(own.mean()), nearest))
    return Clusters(tuple(clusters), of_text, texts), cosines


def _write(out: Path, found: Clusters, cosines: FloatArray) -> None:
    with new_file(out) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for text, number, cosine in zip(found.texts, found.of_text.tolist(), cosines.tolist(), strict=True):
            row = {"text": text, "cluster": None, "name": None, "cosine": None}
            if number >= 0:
                row |= {"cluster": number, "name": found.clusters[number].name, "cosine": round(cosine, 6)}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_page(html: Path, found: Clusters, vectors: FloatArray, file: str, model: str) -> None:
    alone = int((found.of_text < 0).sum())
    facts = [("texts", file), ("model", model), ("clusters", f"{len(found.clusters):,} of {len(found.texts):,} texts")]
    rows = [
        (number, cluster.size, round(cluster.cohesion, 3), " · ".join(map(shown, cluster.nearest)))
        for number, cluster in enumerate(found.clusters)
    ]
    write_use_page(
        html,
        "Clusters by textcl",
        [*facts, *([("in no cluster", f"{alone:,} texts")] if alone else [])],
        text_map=group_map(file, found.texts, vectors, found.of_text.tolist(), _names(found.clusters), _SEED),
        tables=[
            PageTable(
                "Clusters",
                "The largest first. Cohesion is the mean cosine with the centre; the texts are those nearest to it.",
                ("number", "texts", "cohesion", "nearest texts"),
                rows,
            )
        ],
    )


def _names(clusters: Sequence[Cluster]) -> list[str]:
    return [f"{number} {shown(cluster.name)[:60]}" for number, cluster in enumerate(clusters)]
