"""The classifiers that judge embeddings: a linear probe and the nearest neighbours."""

import logging
import warnings

import numpy as np
from sklearn.linear_model import LogisticRegression

from textcl.index import FlatIndex
from textcl.types import FloatArray, IntArray

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
    predicted: IntArray = probe.predict(test)
    return predicted


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
