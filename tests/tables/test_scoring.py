"""The tables' shortcut to the score of the nearest neighbours."""

import numpy as np
from scoring import _neighbours

from textcl.evaluation.kind import LabelledText
from textcl.evaluation.tasks.classification import Classification
from textcl.types.batches import FloatArray
from textcl.types.text import Role


def test_neighbours_score_as_the_task_itself_does() -> None:
    rng = np.random.default_rng(0)
    vectors = {f"text {number}": rng.normal(size=8).astype(np.float32) for number in range(60)}
    rows = [LabelledText(text, str(number % 3)) for number, text in enumerate(vectors)]
    task = Classification("toy", rows[:40], rows[40:], shots=())

    def embed(texts: list[str], role: Role) -> FloatArray:
        return np.stack([vectors[text] for text in texts])

    sample = task.run(embed)
    expected = 100 * float(sample.metrics(np.ones((1, sample.size)))["knn_accuracy"][0])
    assert _neighbours(task, embed) == expected
    assert 0 < expected < 100
