"""Scoring a model: tasks, suites of tasks, and how sure the scores are.

A task knows a model only as `types.Embed`.
"""

from textcl.evaluation.average import Average, AverageSample
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.difference import LEVEL, Difference, Interval
from textcl.evaluation.items import Result, items_digest, results_of
from textcl.evaluation.listening import Ranking, listening
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.pairing import compared, refuse_other_items
from textcl.evaluation.positives import Paired, PositivePair
from textcl.evaluation.ranking import DETAILS
from textcl.evaluation.retrieval import Retrieval
from textcl.evaluation.running import evaluate
from textcl.evaluation.significance import differences, scores
from textcl.evaluation.stored import read_samples, write_samples
from textcl.evaluation.sts import STS, GradedPair
from textcl.evaluation.subsets import SubsetCorrelations
from textcl.evaluation.suite import load_suite
from textcl.evaluation.task import Exchangeable, ExchangeableAtOnce, Sample, Task

__all__ = [
    "DETAILS",
    "LEVEL",
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
    "Paired",
    "PositivePair",
    "Ranking",
    "Result",
    "Retrieval",
    "Sample",
    "SubsetCorrelations",
    "Task",
    "compared",
    "differences",
    "evaluate",
    "items_digest",
    "listening",
    "load_suite",
    "read_samples",
    "refuse_other_items",
    "results_of",
    "scores",
    "write_samples",
]
