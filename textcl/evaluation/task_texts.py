"""Which texts a task embeds, found by recording them: right for every kind of task, whoever wrote it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from textcl.evaluation.run import evaluate
from textcl.evaluation.task import Comparing, Task, TextPair
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use, tower_role

_WIDTH = 4  # of the vectors that a task gets when only its texts matter
_PARTS = {Role.ANCHOR: "queries", Role.POSITIVE: "documents", Role.NEGATIVE: "negatives"}


@dataclass(frozen=True, slots=True)
class TaskTexts:
    """All that a task reads."""

    parts: Mapping[str, Sequence[str]]  # `texts`, or `queries` and `documents` where the task tells them apart
    pairs: Sequence[TextPair] | None  # none where the task compares no pairs; None where it does not say which


@dataclass(slots=True)
class Recorder:
    """Notes which texts each task embeds."""

    _task: str = ""
    _texts: dict[str, dict[Role, dict[str, None]]] = field(default_factory=dict)

    def begin(self, task: str) -> None:
        """Say which task embeds from now on."""
        self._task = task

    def over(self, embed: Embed) -> Embed:
        """Return the same model, recorded."""

        def noting(texts: Sequence[str], role: Role | Use) -> FloatArray:
            self._texts.setdefault(self._task, {}).setdefault(tower_role(role), {}).update(dict.fromkeys(texts))
            return embed(texts, role)

        return noting

    def noted(self, tasks: Sequence[Task]) -> dict[str, TaskTexts]:
        """Return by name what the tasks have embedded; one that embeds nothing of its own, an average, is left out."""
        noted = {}
        for task in tasks:
            texts = self._texts.get(task.name, {})
            parts = {"texts" if len(texts) == 1 else _PARTS[role]: tuple(texts[role]) for role in sorted(texts)}
            if parts:
                pairs = task.compared() if isinstance(task, Comparing) else None
                noted[task.name] = TaskTexts(parts, None if pairs is None else tuple(pairs))
        return noted


def texts_of(tasks: Sequence[Task]) -> dict[str, TaskTexts]:
    """Return what tasks read, by running them on vectors that mean nothing."""
    recorder = Recorder()
    rng = np.random.default_rng(0)

    def embed(texts: Sequence[str], role: Role | Use) -> FloatArray:
        vectors = rng.normal(size=(len(texts), _WIDTH))
        unit: FloatArray = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit

    evaluate(tasks, recorder.over(embed), recorder.begin)
    return recorder.noted(tasks)
