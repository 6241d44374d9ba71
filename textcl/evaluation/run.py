"""Running tasks one after the other on one model; and which texts they embed, found by recording them.

The recording is right for every kind of task, whoever wrote it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from textcl.errors import ModelError
from textcl.evaluation.average import Average
from textcl.evaluation.task import Comparing, Sample, Task, TextPair, under_prompts_of
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use, tower_role


def evaluate(tasks: Sequence[Task], embed: Embed, on_task: Callable[[str], None] | None = None) -> dict[str, Sample]:
    """Run every task and return their samples by name.

    Args:
        tasks: Tasks with distinct names.
        embed: The model.
        on_task: Called with a task's name before it runs.

    Raises:
        ModelError: The model gives vectors that are not finite, or not one a text.
    """
    names = [task.name for task in tasks]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"Two tasks are named '{name}'; their scores would overwrite each other.")
    samples: dict[str, Sample] = {}
    for task in tasks:
        if on_task is not None:
            on_task(task.name)
        samples[task.name] = _outcome(task, embed, samples)
    return samples


def _outcome(task: Task, embed: Embed, samples: Mapping[str, Sample]) -> Sample:
    """Run a task; an average of tasks that were run before it only looks at what they found."""
    if isinstance(task, Average) and task.is_done(samples):
        return task.of(samples)
    return task.run(under_prompts_of(task, _checked(embed, task.name)))


def _checked(embed: Embed, task: str) -> Embed:
    """Return the same model, which now names the task and the text when a vector cannot be compared."""

    def checked(texts: Sequence[str], role: Role | Use) -> FloatArray:
        try:
            vectors = embed(texts, role)
        except ModelError as error:
            raise ModelError(f"{task}: {error}") from error
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise ModelError(f"{task}: the model gives an array {vectors.shape} for {len(texts)} texts.")
        finite = np.isfinite(vectors).all(axis=1)
        if not finite.all():
            text = texts[int(np.argmin(finite))]
            raise ModelError(
                f"{task}: the model gives NaN or infinity for {len(texts) - int(finite.sum())} of {len(texts)} texts, "
                f"first for {text[:80]!r}."
            )
        return vectors

    return checked


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
