"""How sure a score, or the difference of two scores, is: percentile bootstrap over a task's items.

A difference has a p-value as well, and a verdict in words by both. The p-value is that of a paired permutation test:
if it does not matter which of two models an item's outcome came from, exchanging the outcomes of any items gives a
difference that was as likely as the one seen. The p-value is the share of such differences that are at least as large,
whichever side they fall on.

Source:
    Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    Phipson and Smyth 2010, Permutation p-values should never be zero. arXiv:1603.05766
    Smucker, Allan and Carterette 2007, A comparison of statistical significance tests for information retrieval
    evaluation. CIKM.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from textcl.errors import DataError
from textcl.evaluation.items import Result
from textcl.evaluation.kinds import metric_named
from textcl.evaluation.task import Exchangeable, ExchangeableAtOnce, Metrics, Sample, Stratified, Swaps, Values, Weights
from textcl.util.progress import SILENT, Progress
from textcl.util.seeds import derive

Verdict = Literal["better", "worse", "higher", "lower", "cannot tell"]

LEVEL = 0.05  # of error for one verdict, the other side of a 95 % interval


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the bounds between which it lies with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference(Interval):
    """How far one model is above another on the same items; `p` is NaN where there is no such test."""

    p: float
    metric: str = ""  # decides which way is better

    @property
    def verdict(self) -> Verdict:
        """Say `better` or `worse` where the interval and the p-value agree that it is not chance, else `cannot tell`.

        The interval must leave out 0 and the p-value must be at most 0.05. Each answers a question of its own (how
        large is the difference, and would equal models differ so much?), and near the border they may disagree, by
        skew or by the luck of the draw; a word that stands alone should not hang on which of them was asked. Where
        there is no p-value the interval decides. A metric that has no good side is said to be `higher` or `lower`.

        The rule is for one metric. Of twenty metrics of two equal models one may look better or worse by chance.
        """
        if self.p > LEVEL or not (self.low > 0 or self.high < 0):
            return "cannot tell"
        is_higher, better = self.low > 0, metric_named(self.metric).better
        if better == "neither":
            return "higher" if is_higher else "lower"
        return "better" if is_higher == (better == "higher") else "worse"


AT_ONCE, ONE_BY_ONE = 10_000, 1_000  # permutations, where a sample exchanges many at once and where it does not
_PERMUTATION_CHUNK = 1_000_000  # exchanges drawn at once, so that memory does not grow with the number of permutations
_ROUNDING = 1e-12  # two differences closer than this are equal; metrics are of the order of 1


def p_values(before: Sample, after: Sample, seed: int = 17, permutations: int | None = None) -> dict[str, float]:
    """Return the two-sided p-value of the difference of each metric.

    Args:
        before: The outcome of one model.
        after: The outcome of another on the same items.
        seed: Decides which items are exchanged.
        permutations: How many exchanges are drawn; None: 10,000, or 1,000 where they are scored one by one.

    Returns:
        (count + 1) / (permutations + 1), where `count` differences are as large as that seen; NaN where a metric has
        no value, and for samples whose items cannot be exchanged.
    """
    at_once = isinstance(before, ExchangeableAtOnce)
    if not at_once and not isinstance(before, Exchangeable):
        return dict.fromkeys(before.metrics(np.ones((1, before.size))), np.nan)
    drawn = permutations or (AT_ONCE if at_once else ONE_BY_ONE)
    seen = _differences(before, after, np.zeros((1, before.size), dtype=np.bool_))
    counts = dict.fromkeys(seen, 0)
    for swaps in _swaps(before.size, drawn, seed):
        for name, differences in _differences(before, after, swaps).items():
            counts[name] += int((np.abs(differences) >= np.abs(seen[name]) - _ROUNDING).sum())
    return {name: np.nan if np.isnan(seen[name][0]) else (count + 1) / (drawn + 1) for name, count in counts.items()}


def _swaps(size: int, permutations: int, seed: int) -> Iterator[Swaps]:
    """Yield in chunks (R, size) which items are exchanged, each with probability one half."""
    rng = np.random.default_rng(derive(seed, "permutations"))
    rows = max(1, _PERMUTATION_CHUNK // size)
    for start in range(0, permutations, rows):
        yield rng.integers(2, size=(min(rows, permutations - start), size), dtype=np.bool_)


def _differences(before: Sample, after: Sample, swaps: Swaps) -> Metrics:
    """Return `after` minus `before` for each row of exchanges (R, size)."""
    if isinstance(before, ExchangeableAtOnce):
        assert isinstance(after, ExchangeableAtOnce), "both are samples of one task"
        old, new = before.exchanged_metrics(after, swaps)
        return {name: new[name] - old[name] for name in old}
    assert isinstance(before, Exchangeable), "p_values has looked"
    assert isinstance(after, Exchangeable), "both are samples of one task"
    ones = np.ones((1, before.size))
    rows = [[side.metrics(ones) for side in before.exchanged(after, row)] for row in swaps]
    return {name: np.concatenate([new[name] - old[name] for old, new in rows]) for name in rows[0][0]}


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
    if sum(sizes) == 0:  # plain figures, with no items to resample
        return {name: Interval(float(value[0]), np.nan, np.nan) for name, value in values.items()}
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


def compared(
    others: Mapping[str, Result],
    results: Mapping[str, Result],
    names: tuple[str, str],
    progress: Progress = SILENT,
) -> dict[str, dict[str, Difference]]:
    """Return `results` minus `others` of each metric of each task that both hold.

    Args:
        others: Outcomes of one model by task.
        results: Outcomes of another.
        names: What the two are called in messages, in this order.
        progress: Gets the progress, a task a phase.

    Raises:
        DataError: A task's items are not the same on both sides.
    """
    shared = [task for task in results if task in others]
    for task in shared:
        refuse_other_items(task, (others[task].items, results[task].items), names)
        its, own = others[task].sample, results[task].sample
        if type(its) is not type(own) or its.size != own.size:
            raise DataError(f"{task}: {names[0]} and {names[1]} are of different versions of textcl; score both again.")
    found = {}
    for task in shared:
        progress.phase(f"Comparing {task}")
        found[task] = differences(others[task].sample, results[task].sample)
    return found


def refuse_other_items(task: str, digests: tuple[str, str], names: tuple[str, str]) -> None:
    """Raise where two outcomes of a task are not of the same items, so that no difference can be paired."""
    if digests[0] != digests[1]:
        first, second = (digest[:8] for digest in digests)
        raise DataError(
            f"{task}: {names[0]} and {names[1]} are of different data under one name (digests {first} and {second}). "
            "A difference is taken item by item: score both models on the same data, with one version of textcl."
        )
