"""Looks on while tasks run on a model, and remembers what a page shows: nothing is embedded or searched for a page."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from textcl.evaluation import Paired, PositivePair, Ranking, Retrieval, Task, listening
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
        self.seen: dict[str, Seen] = {}  # model -> what was seen of it
        keys = [key for task in self.tasks for pair in task.pairs for key in keys_of(pair)]
        self._wanted = {role: {text for text, its in keys if its is role} for role in Role}
        self._retrieval = {task.name: task for task in tasks if isinstance(task, Retrieval)}

    @contextmanager
    def on(self, model: str, embed: Embed) -> Iterator[Embed]:
        """Look on within a block, in which tasks run on a model that does what it did.

        Args:
            model: What it is called on the page.
            embed: The model.
        """
        seen = self.seen[model] = Seen()

        def watched(texts: Sequence[str], role: Role) -> FloatArray:
            vectors = embed(texts, role)
            wanted = self._wanted[role]
            for text, vector in zip(texts, vectors, strict=False):  # too few are an error that others tell
                if text in wanted:
                    seen.vectors[text, role] = vector.copy()
            return vectors

        def heard(task: str, ranking: Ranking) -> None:
            if task in self._retrieval:  # and not a task within another
                qrels = self._retrieval[task].qrels
                seen.found[task] = {query: _found(documents, qrels[query]) for query, documents in ranking.items()}

        with listening(heard):
            yield watched


def _found(documents: Mapping[str, float], grades: Mapping[str, int]) -> Found:
    rank = next((rank for rank, document in enumerate(documents, start=1) if grades.get(document, 0) > 0), None)
    return Found(tuple(islice(documents, HITS)), rank)


def keys_of(pair: PositivePair) -> tuple[Key, Key]:
    """Return both texts of a pair with how they are embedded."""
    return (pair.first, pair.roles[0]), (pair.second, pair.roles[1])
