"""Which texts a task embeds, found by listening to it: right for every kind of task, whoever wrote it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from textcl.evaluation.run import evaluate
from textcl.evaluation.task import Task
from textcl.evaluation.tasks.bitext import Bitext
from textcl.evaluation.tasks.pair_classification import PairClassification
from textcl.evaluation.tasks.reranking import Reranking
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role

_WIDTH = 4  # of the vectors that a task gets when only its texts are wanted
_PARTS = {Role.ANCHOR: "queries", Role.POSITIVE: "documents", Role.NEGATIVE: "negatives"}


@dataclass(frozen=True, slots=True)
class TextPair:
    """Two texts that a task compares, and the score or label that it holds to be right; None: they belong together."""

    first: str
    second: str
    grade: float | None


@dataclass(frozen=True, slots=True)
class TaskTexts:
    """All that a task reads."""

    parts: Mapping[str, Sequence[str]]  # `texts`, or `queries` and `documents` where the task tells them apart
    pairs: Sequence[TextPair]  # none where the task compares no pairs


class Recorder:
    """Notes which texts each task embeds."""

    def __init__(self) -> None:
        self._task = ""
        self._texts: dict[str, dict[Role, dict[str, None]]] = {}

    def begin(self, task: str) -> None:
        """Say which task embeds from now on."""
        self._task = task

    def over(self, embed: Embed) -> Embed:
        """Return the same model, listened to."""

        def noting(texts: Sequence[str], role: Role) -> FloatArray:
            self._texts.setdefault(self._task, {}).setdefault(role, {}).update(dict.fromkeys(texts))
            return embed(texts, role)

        return noting

    def noted(self, tasks: Sequence[Task]) -> dict[str, TaskTexts]:
        """Return by name what the tasks have embedded; one that embeds nothing of its own, an average, is left out."""
        noted = {}
        for task in tasks:
            texts = self._texts.get(task.name, {})
            parts = {"texts" if len(texts) == 1 else _PARTS[role]: tuple(texts[role]) for role in sorted(texts)}
            if parts:
                noted[task.name] = TaskTexts(parts, tuple(_pairs(task)))
        return noted


def texts_of(tasks: Sequence[Task]) -> dict[str, TaskTexts]:
    """Return what tasks read, by running them on vectors that mean nothing."""
    recorder = Recorder()
    rng = np.random.default_rng(0)

    def embed(texts: Sequence[str], role: Role) -> FloatArray:
        vectors = rng.normal(size=(len(texts), _WIDTH))
        unit: FloatArray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit

    evaluate(tasks, recorder.over(embed), recorder.begin)
    return recorder.noted(tasks)


def _pairs(task: Task) -> Iterable[TextPair]:
    """Return the pairs of a task, of those kinds that compare pairs."""
    if isinstance(task, STS):
        return (TextPair(pair.first, pair.second, pair.score) for pair in task.pairs)
    if isinstance(task, PairClassification):
        return (TextPair(pair.first, pair.second, float(pair.is_same)) for pair in task.pairs)
    if isinstance(task, Bitext):
        return (TextPair(first, second, None) for first, second in task.pairs)
    if isinstance(task, Reranking):
        return (TextPair(asked.query, text, None) for asked in task.queries for text in asked.positives)
    return _judged(task) if isinstance(task, Retrieval) else ()


def _judged(task: Retrieval) -> Iterator[TextPair]:
    """Yield each query with each of its relevant documents."""
    for query, grades in task.qrels.items():
        for document, grade in grades.items():
            if grade > 0 and document in task.corpus:
                yield TextPair(task.queries[query], task.corpus[document], None)
