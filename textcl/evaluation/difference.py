"""A score, a difference of two scores, how sure they are, and what that means in words."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["better", "worse", "cannot tell"]

LEVEL = 0.05  # of error for one verdict, the other side of a 95 % interval


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and the bounds between which it lies with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference(Interval):
    """How much better one model is than another on the same items; `p` is NaN where there is no such test."""

    p: float

    @property
    def verdict(self) -> Verdict:
        """Say `better` or `worse` where the interval and the p-value agree that it is not chance, else `cannot tell`.

        The interval must leave out 0 and the p-value must be at most 0.05. Each answers a question of its own (how
        large is the difference, and could equal models differ so much?), and near the border they may disagree, by
        skew or by the luck of the draw; a word that stands alone should not hang on which of them one asks. Where there
        is no p-value the interval decides.

        The rule is for one metric. Of twenty metrics of two equal models one may look better or worse by chance.
        """
        if self.p > LEVEL or not (self.low > 0 or self.high < 0):
            return "cannot tell"
        return "better" if self.low > 0 else "worse"
