"""Reports opened again: the forms they have, and what is wrong with those that cannot be used."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from textcl.errors import DataError
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.items import Result
from textcl.evaluation.significance import differences, scores
from textcl.report.saved import find_report, open_report
from textcl.report.scores import write_items, write_report, write_scores

RNG = np.random.default_rng(0)
SAMPLE = CorrelationSample(RNG.normal(size=20), np.arange(20.0))
OTHER = CorrelationSample(RNG.normal(size=20), np.arange(20.0))
SCORES = {"sts": scores(SAMPLE, resamples=20)}


def saved(path: Path) -> Path:
    write_items(path, {"sts": Result("digest", SAMPLE)})
    write_scores(path, SCORES)
    return path


def test_scores_come_back_with_their_items(tmp_path: Path) -> None:
    report = open_report(saved(tmp_path / "scores.json"), "old")
    assert {path.name for path in tmp_path.iterdir()} == {"scores.json", "scores.samples.npz"}
    assert report.name == "old"
    assert report.scores == SCORES
    assert report.results["sts"].items == "digest"


def test_of_a_run_the_scores_after_it_count(tmp_path: Path) -> None:
    write_items(tmp_path / "report.json", {"sts": Result("digest", SAMPLE)})
    change = {"sts": differences(OTHER, SAMPLE, resamples=20)}
    write_report(tmp_path / "report.json", {"sts": scores(OTHER, resamples=20)}, SCORES, change)
    path = find_report(str(tmp_path))
    assert path == tmp_path / "report.json"
    assert open_report(path, "run").scores == SCORES


def test_tasks_called_before_and_after_are_no_run(tmp_path: Path) -> None:
    write_items(tmp_path / "scores.json", {"before": Result("a", SAMPLE), "after": Result("b", SAMPLE)})
    write_scores(tmp_path / "scores.json", {"before": SCORES["sts"], "after": SCORES["sts"]})
    assert open_report(tmp_path / "scores.json", "old").scores.keys() == {"before", "after"}


def test_a_score_that_does_not_exist_comes_back_as_nan(tmp_path: Path) -> None:
    collapsed = CorrelationSample(np.ones(5), np.arange(5.0))
    write_items(tmp_path / "s.json", {"sts": Result("digest", collapsed)})
    write_scores(tmp_path / "s.json", {"sts": scores(collapsed, resamples=5)})
    assert math.isnan(open_report(tmp_path / "s.json", "s").scores["sts"]["spearman"].value)


def test_a_folder_without_a_report_and_a_name_are_no_reports(tmp_path: Path) -> None:
    assert find_report(str(tmp_path)) is None
    assert find_report("pkg://some/model") is None


def test_a_report_without_its_items_says_how_to_have_them(tmp_path: Path) -> None:
    path = saved(tmp_path / "scores.json")
    (tmp_path / "scores.samples.npz").unlink()
    with pytest.raises(DataError, match=r"scores.samples.npz is not beside it.* --json FILE, which writes both"):
        open_report(path, "old")


def test_items_of_other_scores_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "scores.json")
    write_items(path, {"sts": Result("digest", OTHER)})
    with pytest.raises(DataError, match="do not belong together"):
        open_report(path, "old")


_HUGE = f'{{"sts": {{"spearman": {{"value": 1{"0" * 400}, "low": 0, "high": 1}}}}}}'


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"sts": 3}', '{"sts": {"spearman": {"value": 1}}}', "[" * 100_000, '{"a":' * 100_000, _HUGE],
)
def test_what_is_no_report_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "scores.json").write_text(text)
    with pytest.raises(DataError, match="is no report of textcl"):
        open_report(tmp_path / "scores.json", "old")


def test_a_report_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        open_report(tmp_path / "scores.json", "old")


def test_reports_of_before_there_were_p_values_are_read(tmp_path: Path) -> None:
    path = saved(tmp_path / "report.json")
    old = json.loads(path.read_text())
    path.write_text(json.dumps({"before": old, "after": old, "difference": old}))
    assert open_report(path, "old").scores == SCORES
