"""Scoring a model: tasks, suites of tasks, and how sure the scores are.

A task knows a model only as `types.Embed`.
"""

from textcl.evaluation.bitext import Bitext
from textcl.evaluation.classification import Classification
from textcl.evaluation.clustering import Clustering
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.geometry import Geometry
from textcl.evaluation.label_sample import LabelSample
from textcl.evaluation.labels import LabelledText
from textcl.evaluation.loading import load_tasks
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.pair_classification import LabelledPair, PairClassification
from textcl.evaluation.reranking import Candidates, Reranking
from textcl.evaluation.retrieval import Retrieval
from textcl.evaluation.running import evaluate
from textcl.evaluation.significance import Interval, differences, scores
from textcl.evaluation.sts import STS, GradedPair
from textcl.evaluation.suite import load_suite
from textcl.evaluation.task import Exchangeable, Sample, Task

__all__ = [
    "STS",
    "Bitext",
    "Candidates",
    "Classification",
    "Clustering",
    "CorrelationSample",
    "Exchangeable",
    "Geometry",
    "GradedPair",
    "Interval",
    "LabelSample",
    "LabelledPair",
    "LabelledText",
    "MeanSample",
    "PairClassification",
    "Reranking",
    "Retrieval",
    "Sample",
    "Task",
    "differences",
    "evaluate",
    "load_suite",
    "load_tasks",
    "scores",
]
