"""How sure a score, or the difference of two scores, is: percentile bootstrap over a task's items.

Source:
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from textcl.evaluation.task import Sample, Values, Weights

_CHUNK = 1_000_000  # weights drawn at once, so that memory does not grow with the number of resamples
_BOUNDS = (2.5, 97.5)  # percent


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the bounds between which it lies with 95 % confidence."""

    value: float
    low: float
    high: float


def scores(sample: Sample, seed: int = 17, resamples: int = 1000) -> dict[str, Interval]:
    """Return each metric of a task with its 95 % interval."""
    return _intervals(sample.metrics, sample.size, seed, resamples)


def differences(before: Sample, after: Sample, seed: int = 17, resamples: int = 1000) -> dict[str, Interval]:
    """Return `after` minus `before` of each metric with its 95 % interval, resampling the same items on both sides."""
    if before.size != after.size:
        raise ValueError(f"before has {before.size} items and after {after.size}; a paired difference needs the same.")

    def difference(weights: Weights) -> dict[str, Values]:
        old, new = before.metrics(weights), after.metrics(weights)
        return {name: new[name] - old[name] for name in old}

    return _intervals(difference, before.size, seed, resamples)


def resampled_weights(size: int, resamples: int, seed: int) -> Iterator[Weights]:
    """Yield multinomial weights in chunks (R, size): how often each item is drawn in each resample of `size` items."""
    rng = np.random.default_rng(seed)
    rows = max(1, _CHUNK // size)
    for start in range(0, resamples, rows):
        count = min(rows, resamples - start)
        drawn = rng.integers(size, size=(count, size)) + np.arange(count)[:, None] * size
        yield np.bincount(drawn.ravel(), minlength=count * size).reshape(count, size).astype(np.float64)


def _intervals(
    metrics: Callable[[Weights], dict[str, Values]], size: int, seed: int, resamples: int
) -> dict[str, Interval]:
    if resamples < 1:
        raise ValueError(f"resamples is {resamples}; take at least one, a thousand for a report.")
    values = metrics(np.ones((1, size)))
    if size == 0:  # plain figures, with no items to resample
        return {name: Interval(float(value[0]), np.nan, np.nan) for name, value in values.items()}
    chunks = [metrics(weights) for weights in resampled_weights(size, resamples, seed)]
    drawn = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in values}
    return {name: _interval(float(value[0]), drawn[name]) for name, value in values.items()}


def _interval(value: float, drawn: Values) -> Interval:
    """Return the percentiles of the resamples that have a value; without a value there are no bounds either."""
    drawn = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(drawn):
        return Interval(value, np.nan, np.nan)
    low, high = np.percentile(drawn, _BOUNDS)
    return Interval(value, float(low), float(high))
