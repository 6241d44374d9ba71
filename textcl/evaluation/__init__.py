"""Scoring a model: tasks, suites of tasks, and how sure the scores are.

A task knows a model only as `types.Embed`.
"""

from textcl.evaluation.average import Average, AverageSample
from textcl.evaluation.bitext import Bitext
from textcl.evaluation.classification import Classification
from textcl.evaluation.clustering import Clustering
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.difference import IN_OWN_UNITS, LEVEL, LOWER_IS_BETTER, Difference, Interval
from textcl.evaluation.embedding_cache import Store, cached
from textcl.evaluation.geometry import Geometry
from textcl.evaluation.items import Result, items_digest, results_of
from textcl.evaluation.label_sample import LabelSample
from textcl.evaluation.labels import LabelledText
from textcl.evaluation.leakage import Copy, Leakage, PartLeakage, TrainingRow, find_leakage
from textcl.evaluation.listening import Ranking, listening
from textcl.evaluation.loading import load_tasks
from textcl.evaluation.mean_sample import MeanSample
from textcl.evaluation.mteb_task import MTEB, MTEBTask
from textcl.evaluation.own import is_own
from textcl.evaluation.pair_classification import LabelledPair, PairClassification
from textcl.evaluation.pair_leakage import PairLeakage
from textcl.evaluation.pairing import compared, refuse_other_items
from textcl.evaluation.positives import Paired, PositivePair
from textcl.evaluation.ranking import DETAILS
from textcl.evaluation.reranking import Candidates, Reranking
from textcl.evaluation.retrieval import Retrieval
from textcl.evaluation.running import evaluate
from textcl.evaluation.significance import differences, scores
from textcl.evaluation.stored import read_samples, write_samples
from textcl.evaluation.sts import STS, GradedPair
from textcl.evaluation.subsets import SubsetCorrelations
from textcl.evaluation.suite import load_suite
from textcl.evaluation.task import Exchangeable, ExchangeableAtOnce, Sample, Task
from textcl.evaluation.task_texts import Recorder, TaskTexts, texts_of
from textcl.evaluation.vector_store import Found, VectorStore

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
    "Found",
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
