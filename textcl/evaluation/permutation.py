"""Could two models as good as each other differ as much as these? A paired permutation test, item by item.

If it does not matter which of two models an item's outcome came from, exchanging the outcomes of any items gives a
difference that was as likely as the one seen. The p-value is the share of such differences that are at least as
large, whichever side they fall on.

Source:
    Phipson and Smyth 2010, Permutation p-values should never be zero. arXiv:1603.05766
    Smucker, Allan and Carterette 2007, A comparison of statistical significance tests for information retrieval
    evaluation. CIKM.
"""

from collections.abc import Iterator

import numpy as np

from textcl.evaluation.task import Exchangeable, ExchangeableAtOnce, Metrics, Sample, Swaps
from textcl.seeds import derive

AT_ONCE, ONE_BY_ONE = 10_000, 1_000  # permutations, where a sample exchanges many at once and where it does not
_CHUNK = 1_000_000  # exchanges drawn at once, so that memory does not grow with the number of permutations
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
        no value, and for samples whose items can not be exchanged.
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
    rows = max(1, _CHUNK // size)
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
