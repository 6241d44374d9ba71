"""The rule by which a difference is put into words."""

import math

import pytest

from textcl.evaluation.significance import Difference


@pytest.mark.parametrize(
    ("low", "high", "p", "verdict"),
    [
        (0.01, 0.2, 0.01, "better"),
        (-0.2, -0.01, 0.01, "worse"),
        (0.01, 0.2, 0.05, "better"),
        (0.01, 0.2, 0.06, "cannot tell"),  # the p-value does not agree
        (-0.01, 0.2, 0.04, "cannot tell"),  # the interval does not agree
        (0.0, 0.2, 0.01, "cannot tell"),
        (0.01, 0.2, math.nan, "better"),  # no test: the interval decides
        (-0.01, 0.2, math.nan, "cannot tell"),
        (math.nan, math.nan, math.nan, "cannot tell"),
    ],
)
def test_interval_and_p_value_must_agree(low: float, high: float, p: float, verdict: str) -> None:
    assert Difference((low + high) / 2, low, high, p).verdict == verdict


def test_a_rise_is_worse_where_lower_is_better() -> None:
    assert Difference(0.1, 0.05, 0.2, 0.01, "hubness").verdict == "worse"
    assert Difference(-0.1, -0.2, -0.05, 0.01, "uniformity").verdict == "better"


def test_a_metric_without_a_good_side_is_only_said_to_be_higher_or_lower() -> None:
    assert Difference(0.1, 0.05, 0.2, 0.01, "f1_threshold").verdict == "higher"
    assert Difference(-5.0, -7.0, -3.0, math.nan, "effective_rank").verdict == "lower"
