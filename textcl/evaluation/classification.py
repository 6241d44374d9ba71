"""Classification: how well do the embeddings tell the classes of a data set apart, and from how few labels?"""

from collections.abc import Sequence

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.classifiers import linear_probe, nearest_neighbours
from textcl.evaluation.label_sample import LabelSample
from textcl.evaluation.labels import LabelledText, codes, labels_of
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.task import Values
from textcl.evaluation.unit import unit_length
from textcl.seeds import derive
from textcl.types import Embed, FloatArray, IntArray, Role

SHOTS = (1, 4, 16, 64)  # labels a class
DRAWS = 10
_SEED = 17


class Classification:
    """A linear probe, nearest neighbours and a few-shot curve, trained on one set and scored on another.

    The metrics are `accuracy` and `macro_f1` of logistic regression on all training rows, `knn_accuracy` of the five
    nearest neighbours, and `accuracy@n`: the probe on n random rows a class, the mean over ten draws. A class with
    fewer rows is used whole; an n that no class reaches has no metric. Items are the test rows; the draws are the same
    for every model. Vectors are scaled to unit length first.

    Args:
        name: The task's name in reports.
        train: Rows of two classes or more.
        test: Rows of the same classes; none of its texts may stand in `train`.
        shots: The n of the few-shot curve.
    """

    def __init__(
        self, name: str, train: Sequence[LabelledText], test: Sequence[LabelledText], shots: Sequence[int] = SHOTS
    ) -> None:
        self.name = name
        self.train = tuple(train)
        self.test = tuple(test)
        self.labels = labels_of(train)
        self.shots = tuple(shots)
        self._check()

    def run(self, embed: Embed) -> LabelSample:
        """Embed each distinct text once, as an anchor; train and score every classifier."""
        texts = list(dict.fromkeys(row.text for row in (*self.train, *self.test)))
        position = {text: number for number, text in enumerate(texts)}
        vectors = unit_length(embed(texts, Role.ANCHOR))  # (texts, D)
        train = vectors[[position[row.text] for row in self.train]]
        test = vectors[[position[row.text] for row in self.test]]
        labels, gold = codes(self.train, self.labels), codes(self.test, self.labels)
        values = {"knn_accuracy": (nearest_neighbours(train, labels, test) == gold).astype(np.float64)}
        for shots in self.shots:
            if shots <= np.bincount(labels).max():
                values[f"accuracy@{shots}"] = _few_shot(train, labels, test, gold, shots)
        return LabelSample(gold, linear_probe(train, labels, test), MeanSample(values))

    def _check(self) -> None:
        if len(self.labels) < 2 or not self.test:
            raise DataError(
                f"{self.name}: {len(self.labels)} classes in {len(self.train)} training rows, and {len(self.test)} "
                "test rows; a classifier needs at least two classes and one test row."
            )
        unknown = [label for label in labels_of(self.test) if label not in set(self.labels)]
        if unknown:
            raise DataError(
                f"{self.name}: {len(unknown)} of the test's labels are never trained on, first '{unknown[0]}'; "
                f"the training rows have {', '.join(self.labels[:8])}{', …' if len(self.labels) > 8 else ''}."
            )
        known = {row.text for row in self.train}
        shared = [row.text for row in self.test if row.text in known]
        if shared:
            raise DataError(
                f"{self.name}: {len(shared)} of {len(self.test)} test rows stand in the training rows too, first "
                f"{shared[0][:60]!r}. Take them out of the training rows, or the score is one of memory."
            )


def few_rows(labels: IntArray, shots: int, draw: int) -> IntArray:
    """Return which training rows the draw of this number takes, of classes (N,): `shots` of each, or all there are."""
    rng = np.random.default_rng(derive(_SEED, "few-shot", shots, draw))
    parts = [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
    return np.concatenate([rng.permutation(part)[:shots] for part in parts])


def _few_shot(train: FloatArray, labels: IntArray, test: FloatArray, gold: IntArray, shots: int) -> Values:
    """Return in what share of the draws the probe is right on each test row, (M,)."""
    right = np.zeros(len(gold))
    for draw in range(DRAWS):
        rows = few_rows(labels, shots, draw)
        right += linear_probe(train[rows], labels[rows], test) == gold
    return right / DRAWS
