"""Scoring a model: tasks, suites of tasks, and how sure the scores are.

A task knows a model only as `types.Embed`.
"""

from textcl.evaluation.bitext import Bitext
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.leakage import Copy, Leakage, PartLeakage, TrainingRow, find_leakage
from textcl.evaluation.loading import load_tasks
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.mteb_task import MTEB, MTEBTask
from textcl.evaluation.pair_classification import LabelledPair, PairClassification
from textcl.evaluation.pair_leakage import PairLeakage
from textcl.evaluation.reranking import Candidates, Reranking
from textcl.evaluation.retrieval import Retrieval
from textcl.evaluation.running import evaluate
from textcl.evaluation.significance import Interval, differences, scores
from textcl.evaluation.sts import STS, GradedPair
from textcl.evaluation.suite import load_suite
from textcl.evaluation.task import Exchangeable, Sample, Task
from textcl.evaluation.task_texts import Recorder, TaskTexts, texts_of

__all__ = [
    "MTEB",
    "STS",
    "Bitext",
    "Candidates",
    "Copy",
    "CorrelationSample",
    "Exchangeable",
    "GradedPair",
    "Interval",
    "LabelledPair",
    "Leakage",
    "MTEBTask",
    "MeanSample",
    "PairClassification",
    "PairLeakage",
    "PartLeakage",
    "Recorder",
    "Reranking",
    "Retrieval",
    "Sample",
    "Task",
    "TaskTexts",
    "TrainingRow",
    "differences",
    "evaluate",
    "find_leakage",
    "load_suite",
    "load_tasks",
    "scores",
    "texts_of",
]
