"""Hard negatives: the nearest candidates of each query that are no positives of it."""

from textcl.mining.collection import Collection, Pair
from textcl.mining.exclusion import Reason
from textcl.mining.miner import Mined, check_range, mine
from textcl.mining.nearest_candidates import AUTO, usual_factory
from textcl.mining.rescoring import Rescore, cross_encoder
from textcl.mining.wanted import Bounds, Sampling, Wanted

__all__ = [
    "AUTO",
    "Bounds",
    "Collection",
    "Mined",
    "Pair",
    "Reason",
    "Rescore",
    "Sampling",
    "Wanted",
    "check_range",
    "cross_encoder",
    "mine",
    "usual_factory",
]
