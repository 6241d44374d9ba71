"""Scoring a model: tasks, suites of tasks, and how sure the scores are.

A task knows a model only as `types.Embed`.
"""

from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.positives import Paired, PositivePair
from textcl.evaluation.retrieval import Ranking, Retrieval
from textcl.evaluation.running import evaluate
from textcl.evaluation.significance import Interval, differences, scores
from textcl.evaluation.sts import STS, GradedPair
from textcl.evaluation.suite import load_suite
from textcl.evaluation.task import Exchangeable, Sample, Task

__all__ = [
    "STS",
    "CorrelationSample",
    "Exchangeable",
    "GradedPair",
    "Interval",
    "MeanSample",
    "Paired",
    "PositivePair",
    "Ranking",
    "Retrieval",
    "Sample",
    "Task",
    "differences",
    "evaluate",
    "load_suite",
    "scores",
]
