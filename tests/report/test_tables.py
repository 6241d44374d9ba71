"""Scores as tables."""

import io
import math

from rich.console import Console
from rich.table import Table

from textcl.evaluation.significance import Difference, Interval
from textcl.report.tables import bounds, comparison_table, points, scores_table


def _rows(table: Table, *, colour: bool = False) -> list[list[str]]:
    """The cells of each printed row."""
    screen = io.StringIO()
    system = "standard" if colour else None
    Console(file=screen, width=120, color_system=system, force_terminal=colour).print(table)
    return [
        [cell.strip() for cell in line.strip("│┃").replace("┃", "│").split("│")]
        for line in screen.getvalue().splitlines()
        if "│" in line or "┃" in line
    ]


def test_scores_are_points_of_100_with_their_interval() -> None:
    table = scores_table({"docs": {"ndcg@10": Interval(0.51234, 0.4, 0.6), "mrr@10": Interval(1.0, 1.0, 1.0)}})
    assert _rows(table) == [
        ["task", "metric", "score", "95 % interval"],
        ["docs", "ndcg@10", "51.23", "40.00 … 60.00"],
        ["", "mrr@10", "100.00", "100.00 … 100.00"],
    ]


def test_of_a_ranking_only_the_usual_cut_offs_have_a_row() -> None:
    names = ("ndcg@10", "recall@100", "ndcg@3", "hit_rate@1", "recall@1000", "spearman")
    table = scores_table({"docs": {name: Interval(0.5, 0.4, 0.6) for name in names}})
    assert [row[1] for row in _rows(table)[1:]] == ["ndcg@10", "recall@100", "recall@1000", "spearman"]
    alone = scores_table({"docs": {"ndcg@3": Interval(0.5, 0.4, 0.6)}})
    assert [row[1] for row in _rows(alone)[1:]] == ["ndcg@3"]


def test_before_and_after_stand_side_by_side_with_a_signed_difference() -> None:
    table = comparison_table(
        {"docs": {"ndcg@10": Interval(0.5, 0.4, 0.6)}},
        {"docs": {"ndcg@10": Interval(0.75, 0.7, 0.8)}},
        {"docs": {"ndcg@10": Difference(0.25, -0.01, 0.3, 0.07)}},
    )
    assert _rows(table) == [
        ["task", "metric", "before", "after", "difference", "95 % interval", "p", "verdict"],
        ["docs", "ndcg@10", "50.00", "75.00", "+25.00", "-1.00 … +30.00", "0.0700", "cannot tell"],
    ]


def test_only_a_difference_that_is_not_chance_is_coloured() -> None:
    scores = {"t": {name: Interval(0.5, 0.4, 0.6) for name in ("up", "down", "chance")}}
    difference = {
        "t": {
            "up": Difference(0.1, 0.05, 0.2, 0.01),
            "down": Difference(-0.1, -0.2, -0.05, 0.01),
            "chance": Difference(0.1, 0.05, 0.3, 0.06),
        }
    }
    cells = [row[4] for row in _rows(comparison_table(scores, scores, difference), colour=True)[1:]]
    assert ["32m" in cell for cell in cells] == [True, False, False]  # green
    assert ["31m" in cell for cell in cells] == [False, True, False]  # red


def test_a_score_that_does_not_exist_is_a_dash() -> None:
    nan = Interval(math.nan, math.nan, math.nan)
    assert _rows(scores_table({"sts": {"spearman": nan}}))[1] == ["sts", "spearman", "-", "-"]


def test_a_metric_with_units_of_its_own_is_not_printed_in_points():
    assert points(304.886, "effective_rank") == "304.89"
    assert points(-0.25, "uniformity", signed=True) == "-0.25"
    assert points(0.5, "ndcg@10") == "50.00"
    assert bounds(Interval(0.7, 0.65, 0.75), "f1_threshold") == "0.65 … 0.75"
