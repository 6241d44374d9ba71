"""How sure a score, or the difference of two scores, is: percentile bootstrap over a task's items.

A difference has a p-value as well, and a verdict in words by both.

Source:
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from textcl.evaluation.difference import Difference, Interval
from textcl.evaluation.permutation import p_values
from textcl.evaluation.task import Sample, Stratified, Values, Weights

_CHUNK = 1_000_000  # weights drawn at once, so that memory does not grow with the number of resamples
_BOUNDS = (2.5, 97.5)  # percent


def scores(sample: Sample, seed: int = 17, resamples: int = 1000) -> dict[str, Interval]:
    """Return each metric of a task with its 95 % interval."""
    return _intervals(sample.metrics, strata(sample), seed, resamples)


def differences(before: Sample, after: Sample, seed: int = 17, resamples: int = 1000) -> dict[str, Difference]:
    """Return `after` minus `before` of each metric with its 95 % interval and its p-value, pairing the same items."""
    if before.size != after.size:
        raise ValueError(f"before has {before.size} items and after {after.size}; a paired difference needs the same.")

    def difference(weights: Weights) -> dict[str, Values]:
        old, new = before.metrics(weights), after.metrics(weights)
        return {name: new[name] - old[name] for name in old if name in new}

    p = p_values(before, after, seed)
    intervals = _intervals(difference, strata(before), seed, resamples)
    return {name: Difference(found.value, found.low, found.high, p[name], name) for name, found in intervals.items()}


def strata(sample: Sample) -> tuple[int, ...]:
    """Return the number of items of each set that is resampled within itself; most samples are one set."""
    return sample.strata if isinstance(sample, Stratified) else (sample.size,)


def resampled_weights(sizes: Sequence[int], resamples: int, seed: int) -> Iterator[Weights]:
    """Yield multinomial weights in chunks (R, all items): how often each item is drawn in each resample.

    Args:
        sizes: Number of items of each stratum, from which as many are drawn.
        resamples: Rows of all chunks together.
        seed: Decides which items are drawn.
    """
    rng = np.random.default_rng(seed)
    rows = max(1, _CHUNK // sum(sizes))
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        yield np.concatenate([_drawn(size, count, rng) for size in sizes], axis=1)


def _drawn(size: int, count: int, rng: np.random.Generator) -> Weights:
    """Draw `size` of `size` items, `count` times, (count, size)."""
    drawn = rng.integers(size, size=(count, size)) + np.arange(count)[:, None] * size
    return np.bincount(drawn.ravel(), minlength=count * size).reshape(count, size).astype(np.float64)


def _intervals(
    metrics: Callable[[Weights], dict[str, Values]], sizes: Sequence[int], seed: int, resamples: int
) -> dict[str, Interval]:
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}; take at least one, a thousand for a report.")
    values = metrics(np.ones((1, sum(sizes))))
    chunks = [metrics(weights) for weights in resampled_weights(sizes, resamples, seed)]
    drawn = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in values}
    return {name: _interval(float(value[0]), drawn[name]) for name, value in values.items()}


def _interval(value: float, drawn: Values) -> Interval:
    """Return the percentiles of the resamples that have a value; without a value there are no bounds either."""
    drawn = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(drawn):
        return Interval(value, np.nan, np.nan)
    low, high = np.percentile(drawn, _BOUNDS)
    return Interval(value, float(low), float(high))
