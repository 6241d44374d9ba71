"""A score, a difference of two scores, how sure they are, and what that means in words."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["better", "worse", "higher", "lower", "cannot tell"]

LEVEL = 0.05  # of error for one verdict, the other side of a 95 % interval

# Metrics rise with quality, except for these.
LOWER_IS_BETTER = frozenset({"alignment", "uniformity", "mean_cosine", "hubness", "antihubs"})
NO_GOOD_SIDE = frozenset({"effective_rank", "f1_threshold", "accuracy_threshold"})
# Metrics are shares or correlations, which tables print times 100, except for these.
IN_OWN_UNITS = NO_GOOD_SIDE | {"alignment", "uniformity", "hubness"}


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
        is_higher = self.low > 0
        if self.metric in NO_GOOD_SIDE:
            return "higher" if is_higher else "lower"
        return "better" if is_higher != (self.metric in LOWER_IS_BETTER) else "worse"
