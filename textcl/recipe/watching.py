"""Looks on while tasks run on a model, and remembers what a page shows: nothing is embedded or searched for a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from textcl.evaluation import Paired, PositivePair, Ranking, Retrieval, Task
from textcl.seeds import derive
from textcl.types import Embed, FloatArray, Role

PAIRS = 1000  # of a task that are kept
HITS = 5  # of a query that are kept
Key = tuple[str, Role]  # a text and how it is embedded


@dataclass(frozen=True, slots=True)
class Found:
    """What one query found."""

    hits: tuple[str, ...]  # ids of the best documents
    rank: int | None  # of the first relevant document, from 1; None: not found


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one model."""

    vectors: dict[Key, FloatArray] = field(default_factory=dict)  # each (D,)
    found: dict[str, Mapping[str, Found]] = field(default_factory=dict)  # retrieval task -> query -> what it found


class WatchedTask:
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


class Watch:
    """Looks on while tasks run, on one model after the other.

    Args:
        tasks: What is run.
        seed: Decides what is sampled.
    """

    def __init__(self, tasks: Sequence[Task], seed: int) -> None:
        self.tasks = [WatchedTask(task, seed) for task in tasks]
        self.seen: list[Seen] = []
        keys = [key for task in self.tasks for pair in task.pairs for key in keys_of(pair)]
        self._wanted = {role: {text for text, its in keys if its is role} for role in Role}

    def on(self, embed: Embed) -> Embed:
        """Return a model that does what it did, and is remembered as one more model."""
        seen = Seen()
        self.seen.append(seen)
        for watched in self.tasks:
            if isinstance(watched.task, Retrieval):
                watched.task.on_ranking = _Listener(watched.task, seen)

        def watched_embed(texts: Sequence[str], role: Role) -> FloatArray:
            vectors = embed(texts, role)
            for position, text in enumerate(texts):
                if text in self._wanted[role] and position < len(vectors):  # too few are an error that others tell
                    seen.vectors[text, role] = vectors[position].copy()
            return vectors

        return watched_embed


@dataclass(frozen=True, slots=True)
class _Listener:
    """Keeps of each ranking the best documents and the rank of the first relevant one."""

    task: Retrieval
    seen: Seen

    def __call__(self, ranking: Ranking) -> None:
        self.seen.found[self.task.name] = {query: self._found(query, its) for query, its in ranking.items()}

    def _found(self, query: str, documents: Mapping[str, float]) -> Found:
        grades = self.task.qrels[query]
        rank = next((rank for rank, its in enumerate(documents, start=1) if grades.get(its, 0) > 0), None)
        return Found(tuple(islice(documents, HITS)), rank)


def keys_of(pair: PositivePair) -> tuple[Key, Key]:
    """Return both texts of a pair with how they are embedded."""
    return (pair.first, pair.roles[0]), (pair.second, pair.roles[1])
