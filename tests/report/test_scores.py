"""Scores as files."""

import json
import math
from pathlib import Path

import pytest

from textcl.evaluation.significance import Difference, Interval
from textcl.report.scores import write_report, write_scores

BEFORE = {"docs": {"ndcg@10": Interval(0.5, 0.4, 0.6)}}
AFTER = {"docs": {"ndcg@10": Interval(0.75, 0.7, 0.8)}}
DIFFERENCE = {"docs": {"ndcg@10": Difference(0.25, 0.2, 0.3, 0.01)}}
GAIN = {"value": 0.25, "low": 0.2, "high": 0.3, "p": 0.01, "verdict": "better"}


def test_a_report_holds_before_after_and_difference(tmp_path: Path) -> None:
    write_report(tmp_path / "report.json", BEFORE, AFTER, DIFFERENCE)
    assert json.loads((tmp_path / "report.json").read_text()) == {
        "before": {"docs": {"ndcg@10": {"value": 0.5, "low": 0.4, "high": 0.6}}},
        "after": {"docs": {"ndcg@10": {"value": 0.75, "low": 0.7, "high": 0.8}}},
        "difference": {"docs": {"ndcg@10": GAIN}},
    }


def test_scores_of_one_model_stand_alone(tmp_path: Path) -> None:
    write_scores(tmp_path / "new" / "scores.json", AFTER)
    assert json.loads((tmp_path / "new" / "scores.json").read_text()) == {
        "docs": {"ndcg@10": {"value": 0.75, "low": 0.7, "high": 0.8}}
    }


def test_another_models_score_and_the_difference_join_each_score(tmp_path: Path) -> None:
    write_scores(tmp_path / "scores.json", AFTER, BEFORE, DIFFERENCE)
    score = json.loads((tmp_path / "scores.json").read_text())["docs"]["ndcg@10"]
    assert score == {
        "value": 0.75,
        "low": 0.7,
        "high": 0.8,
        "against": {"value": 0.5, "low": 0.4, "high": 0.6},
        "difference": GAIN,
    }


def test_a_p_value_that_does_not_exist_is_null(tmp_path: Path) -> None:
    write_scores(tmp_path / "scores.json", AFTER, BEFORE, {"docs": {"ndcg@10": Difference(0.25, 0.2, 0.3, math.nan)}})
    difference = json.loads((tmp_path / "scores.json").read_text())["docs"]["ndcg@10"]["difference"]
    assert difference["p"] is None


def test_a_score_that_does_not_exist_is_null(tmp_path: Path) -> None:
    write_scores(tmp_path / "scores.json", {"sts": {"spearman": Interval(math.nan, math.nan, math.nan)}})
    text = (tmp_path / "scores.json").read_text()
    assert json.loads(text) == {"sts": {"spearman": {"value": None, "low": None, "high": None}}}
    assert "NaN" not in text


def test_a_report_that_can_not_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    write_scores(tmp_path / "scores.json", AFTER)
    old = (tmp_path / "scores.json").read_text()
    with pytest.raises(ValueError, match="JSON"):
        write_scores(tmp_path / "scores.json", {"sts": {"spearman": Interval(math.inf, 0.0, 0.0)}})
    assert (tmp_path / "scores.json").read_text() == old
    assert len(list(tmp_path.iterdir())) == 1
