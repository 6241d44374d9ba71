"""Runs side by side: whom they are compared with, which settings differ, and what cannot be compared."""

from pathlib import Path

import numpy as np
import pytest

from textcl.errors import DataError
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.items import Result, items_digest
from textcl.evaluation.significance import scores
from textcl.evaluation.task import Task
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.report.scores import write_items, write_scores
from textcl.workflows.compare import compare_runs, open_other

RNG = np.random.default_rng(0)
GOLD = np.arange(30.0)
PAIRS = [GradedPair("a", "b", 1.0), GradedPair("c", "d", 2.0)]
TASK: Task = STS("sts", PAIRS)


def saved(path: Path, noise: float, task: str = "sts", items: str = "digest") -> str:
    sample = CorrelationSample(GOLD + noise * RNG.normal(size=30), GOLD)
    write_items(path, {task: Result(items, sample)})
    write_scores(path, {task: scores(sample, resamples=20)})
    return str(path)


def run_folder(folder: Path, recipe: str, noise: float = 1.0) -> str:
    saved(folder / "report.json", noise)
    (folder / "recipe.yaml").write_text(recipe, encoding="utf-8")
    return str(folder)


def test_every_run_is_compared_with_the_first(tmp_path: Path) -> None:
    names = [saved(tmp_path / f"{noise}.json", noise) for noise in (1.0, 30.0, 2.0)]
    found = compare_runs(names)
    assert [run.name for run in found.runs] == names
    assert found.runs[0].difference == {}
    worse = found.runs[1].difference["sts"]["spearman"]
    assert worse.verdict == "worse"
    expected = found.runs[1].scores["sts"]["spearman"].value - found.runs[0].scores["sts"]["spearman"].value
    assert worse.value == pytest.approx(expected)


def test_settings_that_differ_are_named_and_equal_ones_are_not(tmp_path: Path) -> None:
    one = run_folder(tmp_path / "one", "name: x\nseed: 1\ndata: {sources: [{use: TextLines, path: a.txt}]}\n")
    two = run_folder(tmp_path / "two", "name: x\nseed: 2\ndata: {sources: [{use: TextLines, path: b.txt}]}\n")
    three = run_folder(
        tmp_path / "three", "name: x\nseed: 1\ndata: {sources: [{use: TextLines, path: a.txt}], k: null}\n"
    )
    assert compare_runs([one, two, three]).settings == {
        "seed": ("1", "2", "1"),
        "data.sources.0.path": ("a.txt", "b.txt", "a.txt"),
        "data.k": ("-", "-", "null"),
    }


def test_scores_without_a_recipe_stand_beside_runs(tmp_path: Path) -> None:
    one, two = run_folder(tmp_path / "one", "seed: 1\n"), run_folder(tmp_path / "two", "seed: 2\n")
    found = compare_runs([one, saved(tmp_path / "model.json", 1.0), two])
    assert found.settings == {"seed": ("1", "-", "2")}
    assert compare_runs([one, saved(tmp_path / "model.json", 1.0)]).settings == {}


def test_a_run_without_a_report_says_how_to_have_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(DataError, match=r"run is no report: .* evaluation.after.* textcl evaluate .*run SUITE --json"):
        compare_runs([saved(tmp_path / "one.json", 1.0), str(tmp_path / "run")])


def test_a_run_is_not_compared_with_itself(tmp_path: Path) -> None:
    one = saved(tmp_path / "one.json", 1.0)
    with pytest.raises(DataError, match="two or more different runs"):
        compare_runs([one, one])
    with pytest.raises(DataError, match="two or more different runs"):
        compare_runs([one])


def test_runs_must_share_a_task_and_its_data(tmp_path: Path) -> None:
    one = saved(tmp_path / "one.json", 1.0)
    with pytest.raises(DataError, match=r"no task in common: sts; docs\."):
        compare_runs([one, saved(tmp_path / "two.json", 1.0, task="docs")])
    with pytest.raises(DataError, match=r"sts: .*one.json and .*three.json are of different data"):
        compare_runs([one, saved(tmp_path / "three.json", 1.0, items="other")])


def test_a_report_of_these_very_tasks_can_be_compared_with(tmp_path: Path) -> None:
    name = saved(tmp_path / "old.json", 1.0, items=items_digest(TASK))
    report = open_other(name, [TASK])
    assert report is not None
    assert report.name == name


def test_a_report_of_other_data_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="different data under one name"):
        open_other(saved(tmp_path / "old.json", 1.0), [TASK])


def test_a_run_that_lacks_a_task_offers_its_model(tmp_path: Path) -> None:
    saved(tmp_path / "report.json", 1.0, task="docs")
    (tmp_path / "model").mkdir()
    with pytest.raises(
        DataError, match=r"holds the items of docs, but not those of sts.* name its model, .*/model, to"
    ):
        open_other(str(tmp_path), [TASK])


def test_a_model_is_no_report(tiny_model_folder: Path) -> None:
    assert open_other(str(tiny_model_folder), [TASK]) is None
