"""The queries of a retrieval task that gained and lost most between two models."""

from collections.abc import Sequence

import numpy as np

from textcl.evaluation import MeanSample, Retrieval, Sample, Task
from textcl.recipe.watching import Found, Seen
from textcl.report import Hit, QueryChange, shown

_METRIC = "ndcg@10"
_QUERIES = 5  # that gained, and as many that lost


def query_changes(task: Task, samples: Sequence[Sample], seen: Sequence[Seen]) -> tuple[QueryChange, ...]:
    """Return the queries that gained most, the most first, then those that lost most, the most last.

    Args:
        task: Was run on two models.
        samples: What it gave for each; no queries unless both hold nDCG@10 of each query.
        seen: What was seen of each.
    """
    if len(samples) != 2 or not isinstance(task, Retrieval):
        return ()
    old, new = (sample.per_item.get(_METRIC) if isinstance(sample, MeanSample) else None for sample in samples)
    if old is None or new is None:
        return ()
    gains = new - old
    order = np.argsort(-gains, kind="stable")
    chosen = [place for place in order[:_QUERIES] if gains[place] > 0]
    chosen += [place for place in order[-_QUERIES:] if gains[place] < 0]
    queries = list(task.qrels)
    before, after = (its.found[task.name] for its in seen)
    return tuple(
        _change(task, query, (float(old[place]), float(new[place])), before[query], after[query])
        for place, query in ((place, queries[place]) for place in chosen)
    )


def _change(task: Retrieval, query: str, scores: tuple[float, float], before: Found, after: Found) -> QueryChange:
    return QueryChange(
        text=shown(task.queries[query]),
        scores=scores,
        ranks=(before.rank, after.rank),
        hits=(_hits(task, query, before), _hits(task, query, after)),
    )


def _hits(task: Retrieval, query: str, found: Found) -> tuple[Hit, ...]:
    grades = task.qrels[query]
    return tuple(Hit(shown(task.corpus[document]), grades.get(document, 0) > 0) for document in found.hits)
