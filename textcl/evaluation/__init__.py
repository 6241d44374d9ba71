"""Scoring a model: tasks, suites of tasks, and how sure the scores are.

A task knows a model only as `types.Embed`.
"""

from textcl.embedding.store import Store, StoredVectors, VectorStore, cached
from textcl.evaluation.correlation import CorrelationSample, SubsetCorrelations
from textcl.evaluation.items import Result, items_digest, results_of
from textcl.evaluation.leakage import Copy, Leakage, PairLeakage, PartLeakage, TrainingRow, find_leakage
from textcl.evaluation.ranking_metrics import DETAILS
from textcl.evaluation.run import evaluate
from textcl.evaluation.samples import LabelSample, MeanSample
from textcl.evaluation.significance import (
    IN_OWN_UNITS,
    LEVEL,
    LOWER_IS_BETTER,
    Difference,
    Interval,
    compared,
    differences,
    refuse_other_items,
    scores,
)
from textcl.evaluation.stored import read_samples, write_samples
from textcl.evaluation.suites import load_suite, load_tasks
from textcl.evaluation.task import Exchangeable, ExchangeableAtOnce, Paired, PositivePair, Sample, Task
from textcl.evaluation.task_texts import Recorder, TaskTexts, texts_of
from textcl.evaluation.tasks.average import Average, AverageSample
from textcl.evaluation.tasks.bitext import Bitext
from textcl.evaluation.tasks.classification import Classification
from textcl.evaluation.tasks.clustering import Clustering
from textcl.evaluation.tasks.geometry import Geometry
from textcl.evaluation.tasks.labels import LabelledText
from textcl.evaluation.tasks.mteb import MTEB, MTEBTask
from textcl.evaluation.tasks.pair_classification import LabelledPair, PairClassification
from textcl.evaluation.tasks.reranking import Candidates, Reranking
from textcl.evaluation.tasks.retrieval import Ranking, Retrieval, listening
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.evaluation.user_sets import is_own

__all__ = [
    "DETAILS",
    "IN_OWN_UNITS",
    "LEVEL",
    "LOWER_IS_BETTER",
    "MTEB",
    "STS",
    "Average",
    "AverageSample",
    "Bitext",
    "Candidates",
    "Classification",
    "Clustering",
    "Copy",
    "CorrelationSample",
    "Difference",
    "Exchangeable",
    "ExchangeableAtOnce",
    "Geometry",
    "GradedPair",
    "Interval",
    "LabelSample",
    "LabelledPair",
    "LabelledText",
    "Leakage",
    "MTEBTask",
    "MeanSample",
    "PairClassification",
    "PairLeakage",
    "Paired",
    "PartLeakage",
    "PositivePair",
    "Ranking",
    "Recorder",
    "Reranking",
    "Result",
    "Retrieval",
    "Sample",
    "Store",
    "StoredVectors",
    "SubsetCorrelations",
    "Task",
    "TaskTexts",
    "TrainingRow",
    "VectorStore",
    "cached",
    "compared",
    "differences",
    "evaluate",
    "find_leakage",
    "is_own",
    "items_digest",
    "listening",
    "load_suite",
    "load_tasks",
    "read_samples",
    "refuse_other_items",
    "results_of",
    "scores",
    "texts_of",
    "write_samples",
]
