"""Running tasks one after the other on one model."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from textcl.errors import ModelError
from textcl.evaluation.average import Average
from textcl.evaluation.task import Sample, Task, under_prompts_of
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use


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
        vectors = embed(texts, role)
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
