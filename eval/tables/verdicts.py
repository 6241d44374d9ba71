"""Differences between rows of a table, seed by seed, and the word that sums them up."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import mean, stdev

BETTER, WORSE, UNCLEAR, FEW = "better", "worse", "no clear difference", "too few seeds"
SEEDS = 3  # that a word needs
Scored = Mapping[int, Mapping[str, float]]  # seed -> score -> value


def alike(scores: Mapping[str, float], seeds: Iterable[int]) -> Scored:
    """Return the scores of what no seed changes, as those of each."""
    return dict.fromkeys(seeds, scores)


def differences(runs: Scored, others: Scored, score: str) -> list[float]:
    """Return the differences of the seeds that both sides have, in their order."""
    shared = [seed for seed in runs if seed in others and score in runs[seed] and score in others[seed]]
    return [runs[seed][score] - others[seed][score] for seed in sorted(shared)]


def verdict(found: Sequence[float]) -> str:
    """Say better or worse where the mean of three seeds is more than two standard deviations from 0.

    No seed of three can then differ in sign. With Student's t of two degrees of freedom that is 7.4 % by chance.
    """
    if len(found) < SEEDS:
        return FEW
    middle = mean(found)
    if abs(middle) <= 2 * stdev(found):
        return UNCLEAR
    return BETTER if middle > 0 else WORSE


def in_words(found: Sequence[float]) -> str:
    """Return the mean difference with its standard deviation over seeds, and the word for it."""
    if not found:
        return "-"
    if len(found) < 2:
        return f"{found[0]:+.2f}"
    word = verdict(found)
    return f"{mean(found):+.2f} ± {stdev(found):.2f}" + (f", {word}" if word in (BETTER, WORSE) else "")
