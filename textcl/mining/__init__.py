"""Hard negatives: the nearest candidates of each query that are no positives of it."""

from textcl.files.corpora import Pair
from textcl.mining.collection import Collection
from textcl.mining.miner import AUTO, Mined, check_range, mine, usual_factory
from textcl.mining.rescoring import Rescore, cross_encoder
from textcl.mining.selection import Bounds, ExclusionReason, Sampling, Wanted

__all__ = [
    "AUTO",
    "Bounds",
    "Collection",
    "ExclusionReason",
    "Mined",
    "Pair",
    "Rescore",
    "Sampling",
    "Wanted",
    "check_range",
    "cross_encoder",
    "mine",
    "usual_factory",
]
