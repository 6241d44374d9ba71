"""Looks on while tasks run on a model, and remembers what a page shows: nothing is embedded or searched for a page.

Vectors on a plane: t-SNE from scikit-learn, the layout of a second model begun from that of the first.

Source:
    van der Maaten & Hinton 2008, Visualizing Data using t-SNE. JMLR 9
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from textcl.evaluation.samples import MeanSample
from textcl.evaluation.task import Paired, PositivePair, Sample, Task
from textcl.evaluation.tasks.retrieval import Ranking, Retrieval, observed_rankings
from textcl.report.page import write_run_page
from textcl.report.page_data import (
    Hit,
    PageData,
    QueryChange,
    Similarities,
    TextMap,
    shown,
    similarities,
    write_page_data,
)
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use, tower_role
from textcl.util.cosines import row_products
from textcl.util.seeds import derive

PAIRS = 1000  # of a task that are kept
HITS = 5  # of a query that are kept
Key = tuple[str, Role]  # a text and how it is embedded


@dataclass(frozen=True, slots=True)
class QueryHits:
    """What one query found."""

    hits: tuple[str, ...]  # ids of the best documents
    rank: int | None  # of the first relevant document, from 1; None: not found


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one model."""

    vectors: dict[Key, FloatArray] = field(default_factory=dict)  # each (D,)
    found: dict[str, Mapping[str, QueryHits]] = field(default_factory=dict)  # retrieval task -> query -> what it found


class ObservedTask:
    """A task with a sample of its pairs, the same for every model.

    Args:
        task: Is asked for its pairs.
        seed: Decides which are sampled.
    """

    def __init__(self, task: Task, seed: int) -> None:
        self.task, self.name = task, task.name
        positives = list(task.positives()) if isinstance(task, Paired) else []
        order = np.random.default_rng(derive(seed, "page", task.name)).permutation(len(positives))
        self.pairs: tuple[PositivePair, ...] = tuple(positives[number] for number in order[:PAIRS])
        self._known = {(pair.first, pair.second) for pair in positives}

    def belong_together(self, first: str, second: str) -> bool:
        """Say whether two texts are one, or a pair of the task."""
        return first == second or (first, second) in self._known or (second, first) in self._known


class Observer:
    """Looks on while tasks run, on one model after the other.

    Args:
        tasks: What is run.
        seed: Decides what is sampled.
    """

    def __init__(self, tasks: Sequence[Task], seed: int) -> None:
        self.tasks = [ObservedTask(task, seed) for task in tasks]
        self.seen: dict[str, Seen] = {}  # model -> what was seen of it
        keys = [key for task in self.tasks for pair in task.pairs for key in keys_of(pair)]
        self._requested = {role: {text for text, its in keys if its is role} for role in Role}
        self._retrieval = {task.name: task for task in tasks if isinstance(task, Retrieval)}

    @contextmanager
    def on(self, model: str, embed: Embed) -> Iterator[Embed]:
        """Look on within a block, in which tasks run on a model that does what it did.

        Args:
            model: What it is called on the page.
            embed: The model.
        """
        seen = self.seen[model] = Seen()

        def observed(texts: Sequence[str], role: Role | Use) -> FloatArray:
            vectors = embed(texts, role)
            side = tower_role(role)
            wanted = self._requested[side]
            for text, vector in zip(texts, vectors, strict=False):  # too few are an error that others tell
                if text in wanted:
                    seen.vectors[text, side] = vector.copy()
            return vectors

        def heard(task: str, ranking: Ranking) -> None:
            if task in self._retrieval:  # and not a task within another
                qrels = self._retrieval[task].qrels
                seen.found[task] = {query: _found(documents, qrels[query]) for query, documents in ranking.items()}

        with observed_rankings(heard):
            yield observed


def _found(documents: Mapping[str, float], grades: Mapping[str, int]) -> QueryHits:
    rank = next((rank for rank, document in enumerate(documents, start=1) if grades.get(document, 0) > 0), None)
    return QueryHits(tuple(islice(documents, HITS)), rank)


def keys_of(pair: PositivePair) -> tuple[Key, Key]:
    """Return both texts of a pair with how they are embedded."""
    return (pair.first, pair.roles[0]), (pair.second, pair.roles[1])


_METRIC = "ndcg@10"
_QUERIES = 5  # that gained, and as many that lost


def query_changes(task: Task, samples: Sequence[Sample], seen: Sequence[Seen]) -> tuple[QueryChange, ...]:
    """Return the queries that gained most, the most first, then those that lost most, the most last.

    Args:
        task: Was run on two models.
        samples: What it gave for each; no queries unless both hold nDCG@10 of each query.
        seen: What was seen of each.
    """
    if len(samples) != 2 or not isinstance(task, Retrieval):
        return ()
    old, new = (sample.per_item.get(_METRIC) if isinstance(sample, MeanSample) else None for sample in samples)
    if old is None or new is None:
        return ()
    gains = new - old
    order = np.argsort(-gains, kind="stable")
    chosen = [position for position in order[:_QUERIES] if gains[position] > 0]
    chosen += [position for position in order[-_QUERIES:] if gains[position] < 0]
    queries = list(task.qrels)
    before, after = (its.found[task.name] for its in seen)
    return tuple(
        _change(task, query, (float(old[position]), float(new[position])), before[query], after[query])
        for position, query in ((position, queries[position]) for position in chosen)
    )


def _change(
    task: Retrieval, query: str, scores: tuple[float, float], before: QueryHits, after: QueryHits
) -> QueryChange:
    return QueryChange(
        text=shown(task.queries[query]),
        scores=scores,
        ranks=(before.rank, after.rank),
        hits=(_hits(task, query, before), _hits(task, query, after)),
    )


def _hits(task: Retrieval, query: str, found: QueryHits) -> tuple[Hit, ...]:
    grades = task.qrels[query]
    return tuple(Hit(shown(task.corpus[document]), grades.get(document, 0) > 0) for document in found.hits)


_TEXTS = 500  # on the map
_SHIFTS = (1, 2, 3)  # how far each first text is from the second text that chance gives it


def leave_page(folder: Path, observer: Observer, models: Mapping[str, Mapping[str, Sample]], seed: int) -> None:
    """Write the page of a run, `report.html`, and what is needed to make it again; the other files are there."""
    write_page_data(folder, page_data(observer, models, seed))
    write_run_page(folder)


def page_data(observer: Observer, models: Mapping[str, Mapping[str, Sample]], seed: int) -> PageData:
    """Gather the data of a page.

    Args:
        watch: Looked on.
        models: What each model that was watched is called, and what each task gave for it; one model or two.
        seed: Decides the positions on the map.
    """
    seen = [observer.seen[model] for model in models] if observer.tasks else []
    samples = {task.name: [model[task.name] for model in models.values()] for task in observer.tasks}
    changes = {task.name: query_changes(task.task, samples[task.name], seen) for task in observer.tasks}
    return PageData(
        made=datetime.now().astimezone().isoformat(timespec="minutes"),
        models=tuple(models),
        similarities={
            task.name: tuple(_similarities(task, its) for its in seen) for task in observer.tasks if task.pairs
        },
        map=_map(observer.tasks, seen, seed),
        queries={task: changed for task, changed in changes.items() if changed},
    )


def group_map(
    name: str, texts: Sequence[str], vectors: FloatArray, groups: Sequence[int], names: Sequence[str], seed: int
) -> TextMap | None:
    """Return a map of texts that are in groups, or of a sample of them; None where there are too few.

    Args:
        name: What the texts are of.
        texts: N of them.
        vectors: Of unit length, (N, D).
        groups: The group of each; -1: none.
        names: Of the groups.
        seed: Decides what is left to chance.
    """
    chosen = np.sort(np.random.default_rng(derive(seed, "map")).permutation(len(texts))[:_TEXTS])
    placed = layouts([vectors[chosen]], seed)
    if not placed:
        return None
    shown_texts = tuple(_grouped(shown(texts[row]), groups[row], names) for row in chosen)
    return TextMap(
        task=name,
        texts=shown_texts,
        is_document=(True,) * len(chosen),
        pairs=(),
        layouts=placed,
        groups=tuple(int(groups[row]) for row in chosen),
        names=tuple(shown(group) for group in names),
    )


def _grouped(text: str, group: int, names: Sequence[str]) -> str:
    return text if group < 0 else f"{shown(names[group])}: {text}"


def _similarities(task: ObservedTask, seen: Seen) -> Similarities:
    first, second = (_stacked(seen, [keys_of(pair)[side] for pair in task.pairs]) for side in (0, 1))
    strange = [
        (mine, its)
        for shift in _SHIFTS
        for mine, its in ((number, (number + shift) % len(task.pairs)) for number in range(len(task.pairs)))
        if not task.belong_together(task.pairs[mine].first, task.pairs[its].second)
    ]
    randoms = row_products(first[[mine for mine, _ in strange]], second[[its for _, its in strange]])
    return similarities(row_products(first, second), randoms)


def _map(tasks: Sequence[ObservedTask], models: Sequence[Seen], seed: int) -> TextMap | None:
    """Return the map of the first task that has enough texts."""
    for task in tasks:
        keys = _map_keys(task)
        placed = layouts([_stacked(seen, keys) for seen in models], seed)
        if placed:
            position = {key: number for number, key in enumerate(keys)}
            ends = [keys_of(pair) for pair in task.pairs]
            pairs = [(position[a], position[b]) for a, b in ends if a in position and b in position and a != b]
            return TextMap(
                task=task.name,
                texts=tuple(shown(text) for text, _ in keys),
                is_document=tuple(role is not Role.ANCHOR for _, role in keys),
                pairs=tuple(dict.fromkeys(pairs)),
                layouts=placed,
            )
    return None


def _map_keys(task: ObservedTask) -> list[Key]:
    """Return the texts of as many whole pairs as there is place for."""
    keys: dict[Key, None] = {}
    for pair in task.pairs:
        if len(keys) > _TEXTS - 2:
            break
        keys.update(dict.fromkeys(keys_of(pair)))
    return list(keys)


def _stacked(seen: Seen, keys: Sequence[Key]) -> FloatArray:
    return np.array([seen.vectors[key] for key in keys], dtype=np.float32)  # (keys, D)


_ROUNDS = 500  # of gradient descent
_PERPLEXITY = 20.0  # neighbours that count
FEWEST = 8  # texts worth a map
Plane = NDArray[np.float64]
Layout = tuple[tuple[float, float], ...]


def layouts(models: Sequence[FloatArray], seed: int) -> tuple[Layout, ...]:
    """Lay the same texts out for each model.

    Args:
        models: Vectors of unit length of the same N texts, (N, D) for each model.
        seed: Decides what is left to chance.

    Returns:
        For each model a place for each text, 0–1 each way; nothing where there are too few texts or no plane.
    """
    placed: list[Layout] = []
    start: Plane | None = None
    for vectors in models:
        if len(vectors) < FEWEST or vectors.shape[1] < 2:
            return ()
        start = _tsne(vectors, start, seed)
        placed.append(_framed(start))
    return tuple(placed)


def _tsne(vectors: FloatArray, start: Plane | None, seed: int) -> Plane:
    """Return positions, (N, 2). A start of tiny spread is what t-SNE wants."""
    from sklearn.manifold import TSNE  # slow to import, and needed by pages only

    positions = _main_axes(vectors) if start is None else start
    init = (positions / max(float(positions[:, 0].std()), 1e-12) * 1e-4).astype(np.float32)
    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
    tsne = TSNE(n_components=2, init=init, perplexity=perplexity, max_iter=_ROUNDS, random_state=seed % 2**32)
    return np.asarray(tsne.fit_transform(vectors), dtype=np.float64)


def _main_axes(vectors: FloatArray) -> Plane:
    """Return the first two principal components, (N, 2), their signs fixed."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(right[np.arange(2), np.abs(right[:2]).argmax(axis=1)])
    axes: Plane = left[:, :2] * sizes[:2] * signs
    return axes


def _framed(positions: Plane) -> Layout:
    low, high = positions.min(axis=0), positions.max(axis=0)
    unit = (positions - low) / np.where(high > low, high - low, 1.0)
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in unit)
