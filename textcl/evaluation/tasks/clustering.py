"""Clustering: does k-means on the embeddings find the classes that people gave the texts?"""

import warnings
from collections.abc import Sequence

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.kind import Files, Hub, Kind, LabelColumns, LabelledText, TaskEntry, codes, labelled, labels_of
from textcl.evaluation.samples import MeanSample
from textcl.types.batches import Embed, FloatArray, IntArray
from textcl.types.text import Role
from textcl.util.cosines import unit_length
from textcl.util.seeds import derive

SUBSETS = 10
ROWS = 2048  # texts of a subset, at most; also at most half of all
_SEED = 17


class Clustering:
    """V-measure of k-means, the mean over ten random subsets of the texts, each clustered from a seed of its own.

    A clustering is one thing, its texts cannot be resampled one by one: the items of the sample are the subsets. Their
    bounds so say how far the score depends on the choice of texts and on where k-means starts. Subsets of a set of many
    times 2,048 texts hardly overlap; those of a small set do, and its bounds are rather too narrow.

    A subset takes the same share of every label, at least one text, so that k is always the number of labels. It is the
    same for every model, so two models are compared pair by pair.

    Args:
        name: The task's name in reports.
        rows: Texts of two labels or more, on average at least four texts a label.

    Source:
        Rosenberg and Hirschberg 2007, V-Measure: A Conditional Entropy-Based External Cluster Evaluation Measure.
    """

    prompt_names = ("Clustering",)

    def __init__(self, name: str, rows: Sequence[LabelledText]) -> None:
        self.name = name
        self.rows = tuple(rows)
        self.labels = labels_of(rows)
        if len(self.labels) < 2:
            raise DataError(f"{name}: all {len(rows)} texts have one label; clusters can be told apart from two on.")
        if len(rows) < 4 * len(self.labels):
            raise DataError(
                f"{name}: {len(rows)} texts with {len(self.labels)} labels; clustering wants at least four texts a "
                "label. Is another column the label?"
            )

    def run(self, embed: Embed) -> MeanSample:
        """Embed each distinct text once, as an anchor, and cluster every subset."""
        from sklearn.metrics import v_measure_score  # here because it takes a second, and few verbs need it

        texts = list(dict.fromkeys(row.text for row in self.rows))
        position = {text: number for number, text in enumerate(texts)}
        vectors = unit_length(embed(texts, Role.ANCHOR))[[position[row.text] for row in self.rows]]
        gold = codes(self.rows, self.labels)
        values = []
        for number in range(SUBSETS):
            chosen = subset(gold, number)
            found = clusters(vectors[chosen], len(self.labels), number)
            values.append(v_measure_score(gold[chosen], found))
        return MeanSample({"v_measure": np.array(values, dtype=np.float64)})

    def compared(self) -> tuple[()]:
        """Return nothing: no pairs are compared."""
        return ()


def subset(gold: IntArray, number: int) -> IntArray:
    """Return which texts the subset of this number takes, of labels (N,): a share of each label, rounded up."""
    rng = np.random.default_rng(derive(_SEED, "clustering subset", number))
    share = min(0.5, ROWS / len(gold))
    parts = [np.flatnonzero(gold == label) for label in range(gold.max() + 1)]
    return np.concatenate([rng.permutation(part)[: int(np.ceil(share * len(part)))] for part in parts])


def clusters(vectors: FloatArray, count: int, number: int) -> IntArray:
    """Return the cluster of each vector (N, D), (N,); one start of k-means++, seeded by the subset's number."""
    from sklearn.cluster import KMeans  # as above
    from sklearn.exceptions import ConvergenceWarning

    seed = derive(_SEED, "k-means", number) % 2**32
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct vectors than clusters: scored as it is
        found: IntArray = KMeans(count, n_init=1, random_state=seed).fit_predict(vectors)
    return found


class ClusteringEntry(TaskEntry):
    """A set of labelled texts, a row a text."""

    bundled: str | None = None
    local: str | None = None
    hub: Hub | None = None
    columns: LabelColumns = LabelColumns()

    def task(self, files: Files) -> Clustering:
        """Read the texts."""
        return Clustering(self.name, labelled(files.rows(self), self.columns))


KIND = Kind(
    name="clustering",
    entry=ClusteringEntry,
    takes={"local": "FILE"},
    samples=(MeanSample,),
    hub_type="clustering",
    hub_metrics=("v_measure",),
)
