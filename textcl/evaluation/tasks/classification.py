"""Classification: how well do the embeddings tell the classes of a data set apart, and from how few labels?"""

import logging
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import model_validator

from textcl.errors import DataError
from textcl.evaluation.kind import (
    Files,
    Hub,
    Kind,
    LabelColumns,
    LabelledText,
    SuiteSection,
    TaskEntry,
    codes,
    labelled,
    labels_of,
)
from textcl.evaluation.samples import LabelSample, MeanSample
from textcl.evaluation.task import Values
from textcl.indexes.exact import FlatIndex
from textcl.types.batches import Embed, FloatArray, IntArray
from textcl.types.text import Role
from textcl.util.cosines import unit_length
from textcl.util.seeds import derive

if TYPE_CHECKING:
    from sklearn.linear_model import LogisticRegression

NEIGHBOURS = 5
ITERATIONS = 1000  # of L-BFGS, at most; unit vectors need some dozens
_log = logging.getLogger(__name__)


def linear_probe(train: FloatArray, labels: IntArray, test: FloatArray) -> IntArray:
    """Fit logistic regression, scikit-learn's with its default penalty (L2, C = 1), and predict.

    Args:
        train: Vectors of unit length, (N, D): the penalty weighs by their length.
        labels: Their classes, two or more, (N,).
        test: Vectors to classify, (M, D).

    Returns:
        Classes of the test vectors, (M,).
    """
    predicted: IntArray = fitted_probe(train, labels).predict(test)
    return predicted


def fitted_probe(train: FloatArray, labels: IntArray) -> "LogisticRegression":
    """Fit logistic regression, scikit-learn's with its default penalty, to vectors (N, D) and their classes (N,)."""
    from sklearn.linear_model import LogisticRegression  # here because it takes a second, and few verbs need it

    probe = LogisticRegression(max_iter=ITERATIONS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn's own words on convergence and on few rows a class
        probe.fit(train, labels)
    if probe.n_iter_.max() >= ITERATIONS:
        _log.warning(
            "A linear probe on %d rows has not converged after %d iterations; its score may be low.",
            len(train),
            ITERATIONS,
        )
    return probe


def nearest_neighbours(train: FloatArray, labels: IntArray, test: FloatArray) -> IntArray:
    """Let the five nearest training vectors by cosine vote, each with weight 1 + cosine, so that ties are rare.

    Args:
        train: Vectors, (N, D); where there are fewer than five, all vote.
        labels: Their classes, (N,).
        test: Vectors to classify, (M, D).

    Returns:
        Classes of the test vectors, (M,).
    """
    index = FlatIndex(train.shape[1])
    index.add(train)
    hits = index.search(test, min(NEIGHBOURS, len(train)))
    votes = np.zeros((len(test), labels.max() + 1))
    np.add.at(votes, (np.arange(len(test))[:, None], labels[hits.ids]), 1 + hits.scores)
    elected: IntArray = votes.argmax(axis=1)
    return elected


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

    prompt_names = ("Classification",)

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

    def compared(self) -> tuple[()]:
        """Return nothing: no pairs are compared."""
        return ()

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


class LabelledPart(SuiteSection):
    """Where one of the two sets lies; a path alone is `local`."""

    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None

    @model_validator(mode="before")
    @classmethod
    def _path_alone(cls, value: object) -> object:
        return {"local": value} if isinstance(value, str) else value


class ClassificationEntry(TaskEntry):
    """A training set and a test set of one list of labels."""

    train: LabelledPart
    test: LabelledPart
    columns: LabelColumns = LabelColumns()
    drops_shared: bool = False  # leave texts of the test set out of the training set; without it they are an error

    def task(self, files: Files) -> Classification:
        """Read both sets."""
        train, test = self._read(files, self.train, "train"), self._read(files, self.test, "test")
        if self.drops_shared:
            tested = {row.text for row in test}
            train = [row for row in train if row.text not in tested]
        return Classification(self.name, train, test)

    def _read(self, files: Files, part: LabelledPart, role: str) -> list[LabelledText]:
        stored = _NamedPart(f"{self.name} ({role})", part.bundled, part.local, part.hub)
        return labelled(files.rows(stored), self.columns)


@dataclass(slots=True)
class _NamedPart:
    """A part with a name for messages."""

    name: str
    bundled: str | None
    local: str | None
    hub: Hub | None


KIND = Kind(
    name="classification",
    entry=ClassificationEntry,
    takes={"train": "TRAIN", "test": "TEST"},
    samples=(LabelSample, MeanSample),
    hub_type="text-classification",
    hub_metrics=("knn_accuracy", "macro_f1"),
)
