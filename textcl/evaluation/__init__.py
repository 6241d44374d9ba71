"""Scoring a model: tasks, suites of tasks, and how sure the scores are.

A task knows a model only as `types.Embed`.
"""

from textcl.evaluation.average import Average, AverageSample
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.difference import Difference, Interval
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.ranking import DETAILS
from textcl.evaluation.retrieval import Retrieval
from textcl.evaluation.running import evaluate
from textcl.evaluation.significance import differences, scores
from textcl.evaluation.sts import STS, GradedPair
from textcl.evaluation.subsets import SubsetCorrelations
from textcl.evaluation.suite import load_suite
from textcl.evaluation.task import Exchangeable, ExchangeableAtOnce, Sample, Task

__all__ = [
    "DETAILS",
    "STS",
    "Average",
    "AverageSample",
    "CorrelationSample",
    "Difference",
    "Exchangeable",
    "ExchangeableAtOnce",
    "GradedPair",
    "Interval",
    "MeanSample",
    "Retrieval",
    "Sample",
    "SubsetCorrelations",
    "Task",
    "differences",
    "evaluate",
    "load_suite",
    "scores",
]
