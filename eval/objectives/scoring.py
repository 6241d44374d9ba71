"""Scores of a trained model for the table: percent, each a single number."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np

from textcl.encoder import Encoder, TwoTower, open_encoder
from textcl.evaluation import Average, evaluate, load_suite
from textcl.types import Embed, FloatArray, Role

LENGTH = 128  # tokens that scoring keeps of a text


def score(model: Path | str, wanted: Sequence[str], data: Path) -> dict[str, float]:
    """Score a model.

    Args:
        model: A model folder, or what else `textcl.load` opens.
        wanted: `sts` (mean Spearman of the seven sets, and each), `sts@64` (of the first 64 numbers of each vector),
            `scifact` (nDCG@10), `stsb-dev`, `stsb-test` (Spearman), `tatoeba` (accuracy both ways).
        data: The folder of the shared data sets.
    """
    encoder = open_encoder(model, precision="auto", device="cpu")
    embed = _embed(encoder)
    scores: dict[str, float] = {}
    for name in wanted:
        suite, _, width = name.partition("@")
        if suite == "tatoeba":
            scores |= _tatoeba(embed, data)
        else:
            scores |= _suite(suite, name, embed if not width else _cut(embed, int(width)), data)
    return {name: round(value, 4) for name, value in scores.items()}


def _suite(suite: str, name: str, embed: Embed, data: Path) -> dict[str, float]:
    tasks = {
        task.name: task for task in load_suite({"stsb-dev": "sts-dev", "stsb-test": "sts"}.get(suite, suite), data)
    }
    chosen = [tasks[suite]] if suite in tasks else [task for task in tasks.values() if not isinstance(task, Average)]
    metric = "ndcg@10" if suite == "scifact" else "spearman"
    each = {
        task: 100 * float(sample.metrics(np.ones((1, sample.size)))[metric][0])
        for task, sample in evaluate(chosen, embed).items()
    }
    if suite in tasks:
        return {name: each[suite]}
    return {name: mean(each.values())} | ({} if "@" in name else each)


def _tatoeba(embed: Embed, data: Path) -> dict[str, float]:
    """Return the share of the 1,000 test pairs whose nearest neighbour in the other language is their translation."""
    (task,) = [task for task in load_suite("tatoeba", data) if task.name == "tatoeba-en-de"]
    metrics = evaluate([task], embed)[task.name].metrics(np.ones((1, 1000)))
    return {
        way: 100 * float(metrics[f"accuracy_{side}"][0]) for way, side in (("en-de", "forward"), ("de-en", "backward"))
    }


def _embed(encoder: Encoder | TwoTower) -> Embed:
    for tower in encoder.modules():
        if isinstance(tower, Encoder):
            tower.max_length = LENGTH
    return lambda texts, role: encoder.encode(texts, role=role)


def _cut(embed: Embed, width: int) -> Embed:
    def cut(texts: Sequence[str], role: Role) -> FloatArray:
        vectors = embed(texts, role)[:, :width]
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    return cut
