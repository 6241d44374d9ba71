"""Scores of a trained model for the tables: percent, each a single number."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from statistics import mean

import numpy as np
from corpora import HELD_OUT
from fewer import fewer

from textcl.data.sources.docstrings import Docstrings
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.encoder.protocols import TextEncoder
from textcl.evaluation.average import Average
from textcl.evaluation.kind import codes
from textcl.evaluation.run import evaluate
from textcl.evaluation.suites import load_suite
from textcl.evaluation.task import Task
from textcl.evaluation.tasks.classification import Classification, nearest_neighbours
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use
from textcl.util.cosines import unit_length

LENGTH = 128  # tokens that scoring keeps of a text
LAYERS = "-layers"
SUITES = {"stsb-dev": "sts-dev", "stsb-test": "sts", "banking77": "classification"}  # of single tasks


@dataclass(frozen=True)
class Scorer:
    """Scores models on tasks that it loads once.

    Args:
        data: The folder of the shared data sets.
        rows: Only so many rows of each task, to try a table; None: all.
    """

    data: Path
    rows: int | None = None

    def __call__(self, model: Path | str, wanted: Sequence[str]) -> dict[str, float]:
        """Score a model.

        Args:
            model: A model folder, or what else `textcl.load` opens.
            wanted: `sts` (mean Spearman of the seven sets, and each), `classic` (mean nDCG@10 of the five sets, and
                each), `scifact`, `docstrings` (nDCG@10), `stsb-dev`, `stsb-test` (Spearman), `banking77` (accuracy of
                the nearest neighbours), `tatoeba` (accuracy both ways). `sts@64` is of the first 64 numbers of each
                vector, `scifact:256` with 256 tokens of a text, `sts@4-layers` by the first 4 layers alone.
        """
        whole = open_encoder(model, precision="auto")
        scores: dict[str, float] = {}
        for name in wanted:
            suite, _, width = name.partition("@")
            suite, _, length = suite.partition(":")
            layers = width.removesuffix(LAYERS) if width.endswith(LAYERS) else ""
            encoder, width = (_shallow(model, int(layers)), "") if layers else (whole, width)
            embed = _embed(encoder, int(length or LENGTH))
            scores |= self._named(suite, name.partition(":")[0], embed if not width else _cut(embed, int(width)))
        return {name: round(value, 4) for name, value in scores.items()}

    def _named(self, suite: str, name: str, embed: Embed) -> dict[str, float]:
        tasks = _tasks(suite, self.data, self.rows)
        if suite == "tatoeba":
            return _tatoeba(tasks, embed)
        each = {task.name: _score(task, embed) for task in tasks}
        if len(tasks) == 1:
            return {name: each[suite]}
        return {name: mean(each.values())} | ({} if "@" in name else each)


def _shallow(model: Path | str, layers: int) -> TextEncoder:
    """Open the first layers of a model."""
    return build_encoder(str(model), layers=layers, pooling="mean", max_length=LENGTH)


@lru_cache(maxsize=16)
def _tasks(suite: str, data: Path, rows: int | None) -> tuple[Task, ...]:
    """Load a suite, or a single task by its name."""
    if suite == "docstrings":
        source = Docstrings(HELD_OUT)
        examples = [source[row] for row in range(len(source))]
        tasks: list[Task] = [Retrieval.from_pairs(suite, [(row.anchor, row.positives[0]) for row in examples])]
    else:
        tasks = [task for task in load_suite(SUITES.get(suite, suite), data) if not isinstance(task, Average)]
    named = [task for task in tasks if task.name == suite] or tasks
    return tuple(task if rows is None else fewer(task, rows) for task in named)


def _score(task: Task, embed: Embed) -> float:
    """Return the one number that a task is known by."""
    if isinstance(task, Classification):
        return _neighbours(task, embed)
    metrics = evaluate([task], embed)[task.name]
    values = metrics.metrics(np.ones((1, metrics.size)))
    return 100 * float(values["ndcg@10" if isinstance(task, Retrieval) else "spearman"][0])


def _neighbours(task: Classification, embed: Embed) -> float:
    """Return `knn_accuracy` as the task itself would, without the probes, which take ten times as long."""
    train = unit_length(embed([row.text for row in task.train], Role.ANCHOR))
    test = unit_length(embed([row.text for row in task.test], Role.ANCHOR))
    found = nearest_neighbours(train, codes(task.train, task.labels), test)
    return 100 * float((found == codes(task.test, task.labels)).mean())


def _tatoeba(tasks: Sequence[Task], embed: Embed) -> dict[str, float]:
    """Return the share of the 1,000 test pairs whose nearest neighbour in the other language is their translation."""
    (task,) = [task for task in tasks if task.name == "tatoeba-en-de"]
    sample = evaluate([task], embed)[task.name]
    metrics = sample.metrics(np.ones((1, sample.size)))
    return {
        way: 100 * float(metrics[f"accuracy_{side}"][0]) for way, side in (("en-de", "forward"), ("de-en", "backward"))
    }


def _embed(encoder: TextEncoder, length: int) -> Embed:
    for tower in encoder.modules():
        if isinstance(tower, Encoder):
            tower.max_length = length
    return lambda texts, role: encoder.encode(texts, role=role)


def _cut(embed: Embed, width: int) -> Embed:
    def cut(texts: Sequence[str], role: Role | Use) -> FloatArray:
        vectors = embed(texts, role)[:, :width]
        return unit_length(vectors)

    return cut
