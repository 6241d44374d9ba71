"""The list of the kinds of tasks, and what follows from it. To add a kind, write its file and put it on the list."""

from collections.abc import Iterable
from typing import Any

from textcl.errors import DataError, suggestion
from textcl.evaluation.kind import Kind, Metric
from textcl.evaluation.tasks import (
    bitext,
    classification,
    clustering,
    geometry,
    mteb,
    pair_classification,
    reranking,
    retrieval,
    sts,
)

KINDS: tuple[Kind, ...] = (
    sts.KIND,
    retrieval.KIND,
    pair_classification.KIND,
    reranking.KIND,
    bitext.KIND,
    clustering.KIND,
    classification.KIND,
    geometry.KIND,
    mteb.KIND,
)
_PLAIN = Metric()
_UNKNOWN = "sentence-similarity"  # what a card calls a task of no kind known by its metrics


def kind_named(name: str) -> Kind:
    """Return the kind of that name.

    Raises:
        DataError: There is none; it says which there are.
    """
    for kind in KINDS:
        if kind.name == name:
            return kind
    raise DataError(no_kind(name))


def no_kind(name: str) -> str:
    """Say that there is no kind of that name, and which there are."""
    names = [kind.name for kind in KINDS]
    return f"there is no kind of task '{name}'.{suggestion(name, names)} The kinds are {', '.join(names)}."


def is_kind(name: str) -> bool:
    """Say whether there is a kind of that name."""
    return any(kind.name == name for kind in KINDS)


def metric_named(name: str) -> Metric:
    """Return how a metric's numbers are read; where no kind says so, it is a share of which more is better."""
    return next((kind.metrics[name] for kind in KINDS if name in kind.metrics), _PLAIN)


def shown_metrics(names: Iterable[str]) -> list[str]:
    """Return the metrics worth a row of a table: all but details, and those too where there is nothing else."""
    names = list(names)
    return [name for name in names if not metric_named(name).is_detail] or names


def hub_type(metrics: Iterable[str]) -> str:
    """Return what the Hub calls a task with these metrics: by the first that is a kind's own, its longest match."""
    starts = {start: kind.hub_type for kind in KINDS for start in kind.hub_metrics}
    for metric in metrics:
        found = [start for start in starts if metric.startswith(start)]
        if found:
            return starts[max(found, key=len)]
    return _UNKNOWN


def stored_samples() -> tuple[type[Any], ...]:
    """Return the classes of outcomes that are stored, each once."""
    return tuple(dict.fromkeys(sample for kind in KINDS for sample in kind.samples))
