"""Scoring a model: tasks, suites of tasks, and how sure the scores are.

A task knows a model only as `types.Embed`.
"""

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.embedding_cache import Store, cached
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.retrieval import Retrieval
from textcl.evaluation.running import evaluate
from textcl.evaluation.significance import Interval, differences, scores
from textcl.evaluation.sts import STS, GradedPair
from textcl.evaluation.suite import load_suite
from textcl.evaluation.task import Exchangeable, Sample, Task
from textcl.evaluation.vector_store import Found, VectorStore

__all__ = [
    "STS",
    "CorrelationSample",
    "Exchangeable",
    "Found",
    "GradedPair",
    "Interval",
    "MeanSample",
    "Retrieval",
    "Sample",
    "Store",
    "Task",
    "VectorStore",
    "cached",
    "differences",
    "evaluate",
    "load_suite",
    "scores",
]
