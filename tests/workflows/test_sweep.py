"""A recipe under several settings: which runs are made, which is the best, and on which items that is said."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from tests.cli.running import run as run_command
from tests.recipe.minimal import minimal, write_pairs, write_recipe_file
from tests.tiny import tiny_encoder
from textcl.errors import RecipeError
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.items import Result
from textcl.evaluation.samples import MeanSample, PlainFigures
from textcl.recipe.load import load_recipe
from textcl.workflows import sweep as sweeping
from textcl.workflows.sweep import parsed, sweep
from textcl.workflows.sweep_judge import split

RATES = {"training.learning_rate": [1e-5, 1e-2]}


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A run of two steps on pairs, of which some are held out."""
    folder = tmp_path_factory.mktemp("swept")
    tiny_encoder().save(folder / "model")
    source = {"use": "JsonLines", "path": str(write_pairs(folder / "pairs.jsonl", 80))}
    return minimal(
        data={"sources": [source], "batch_size": 8, "max_length": 16, "held_out": 40, "workers": 0},
        encoder={"backbone": str(folder / "model")},
        training={"steps": 2, "precision": "float32"},
    )


def test_each_setting_has_a_run_folder_of_each_seed_and_the_best_is_a_recipe(
    recipe: dict[str, Any], tmp_path: Path
) -> None:
    found = sweep(recipe, RATES, seeds=2, out=tmp_path / "sweep")
    folders = {path.name for path in (tmp_path / "sweep").iterdir() if path.is_dir()}
    assert folders == {"lr=1e-05,seed=1", "lr=1e-05,seed=2", "lr=0.01,seed=1", "lr=0.01,seed=2"}
    assert found.winner is not None
    winner = load_recipe(str(found.winner))
    best = max(found.rows, key=lambda row: float(np.mean(row.choosing)))
    assert found.rows[0] == best
    assert f"lr={winner.training.learning_rate:g}" == best.setting
    assert (len(best.choosing), len(best.reporting), len(found.difference)) == (2, 2, 2)
    page = (tmp_path / "sweep" / "sweep.html").read_text()
    assert "One half of the held-out items chose the winner" in page
    assert all(setting in page for setting in ("lr=1e-05", "lr=0.01", "verdict"))


def test_what_is_finished_is_never_run_again_and_what_is_not_goes_on(
    recipe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep(recipe, RATES, out=tmp_path)
    (tmp_path / "lr=0.01,seed=1" / "report.html").unlink()
    made: list[tuple[str, bool]] = []
    train = sweeping.train_recipe

    def noted(recipe: Any, folder: Path, *, resume: bool, progress: Any) -> Any:
        made.append((folder.name, resume))
        return train(recipe, folder, resume=resume, progress=progress)

    monkeypatch.setattr(sweeping, "train_recipe", noted)
    sweep(recipe, RATES, out=tmp_path)
    assert made == [("lr=0.01,seed=1", True)]


def test_a_run_that_fails_is_named_and_the_others_go_on(
    recipe: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    train = sweeping.train_recipe

    def failing(recipe: Any, folder: Path, **how: Any) -> Any:
        if "0.01" in folder.name:
            raise MemoryError("no room")
        return train(recipe, folder, **how)

    monkeypatch.setattr(sweeping, "train_recipe", failing)
    file = write_recipe_file(tmp_path, recipe)
    done = run_command(capsys, "sweep", file, "training.learning_rate=1e-2,1e-5", "--out", tmp_path / "sweep")
    assert done.code == 1
    assert "failed: lr=0.01,seed=1: MemoryError: no room" in done.out
    assert load_recipe(str(tmp_path / "sweep" / "winner.yaml")).training.learning_rate == 1e-5
    assert "MemoryError" in (tmp_path / "sweep" / "sweep.html").read_text()


def test_runs_side_by_side_give_the_scores_of_runs_one_by_one(recipe: dict[str, Any], tmp_path: Path) -> None:
    alone = sweep(recipe, RATES, out=tmp_path / "alone")
    both = sweep(recipe, RATES, out=tmp_path / "both", jobs=2)
    assert both.failed == {}
    assert [(row.setting, row.choosing) for row in both.rows] == [(row.setting, row.choosing) for row in alone.rows]


def test_a_folder_of_another_recipe_is_refused(recipe: dict[str, Any], tmp_path: Path) -> None:
    sweep(recipe, RATES, out=tmp_path)
    with pytest.raises(RecipeError, match="holds a run of another recipe"):
        sweep(recipe, RATES, out=tmp_path, changes={"training.steps": 3})


def test_the_halves_share_no_item_and_have_each_once() -> None:
    values = np.arange(41.0)
    chooses, reports = (split(Result("items", MeanSample({"ndcg@10": values})), half) for half in (True, False))
    assert isinstance(chooses, MeanSample)
    assert isinstance(reports, MeanSample)
    both = np.concatenate([chooses.per_item["ndcg@10"], reports.per_item["ndcg@10"]])
    assert (len(both), set(both)) == (41, set(values))
    assert (chooses.size, reports.size) == (20, 21)


def test_every_model_is_split_alike() -> None:
    rng = np.random.default_rng(3)
    gold = rng.normal(size=50)
    halves = [split(Result("items", CorrelationSample(rng.normal(size=50), gold)), True) for _ in range(2)]
    assert all(isinstance(half, CorrelationSample) for half in halves)
    assert np.array_equal(halves[0].gold, halves[1].gold)  # type: ignore[union-attr]  # as the line before says


@pytest.mark.parametrize("sample", [PlainFigures({"x": np.ones(1)}), MeanSample({"x": np.arange(12.0)})])
def test_figures_without_items_and_few_items_are_not_split(sample: Any) -> None:
    assert split(Result("items", sample), True) is None


@pytest.mark.parametrize(
    ("change", "fixed", "grid"),
    [
        ("a.b=1", {"a.b": 1}, {}),
        ("a.b=1,2", {}, {"a.b": [1, 2]}),
        ("a=[1,2]", {"a": [1, 2]}, {}),
        ("a=[1,2],[3]", {}, {"a": [[1, 2], [3]]}),
        ('a="x, y"', {"a": "x, y"}, {}),
        ("a={use: X, b: [1,2]},{use: Y}", {}, {"a": [{"use": "X", "b": [1, 2]}, {"use": "Y"}]}),
        ("a=InfoNCE,null", {}, {"a": ["InfoNCE", None]}),
    ],
)
def test_commas_part_values_but_for_those_in_brackets_and_quotes(
    change: str, fixed: dict[str, Any], grid: dict[str, Any]
) -> None:
    assert parsed([change], has_ranges=False) == (fixed, grid)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["training.learning_rate=1e-5,,2"], "training.learning_rate: found an empty value in '1e-5,,2'."),
        (["training.learning_rate"], "'training.learning_rate' is no change to a recipe."),
        (["training.learning_rate=1e-5"], "Found one run to make."),
        (["training.learning_rate=1e-5,1e-5"], "training.learning_rate: found 1e-05 twice"),
        (["training.learning_rate=1,2", "training.learning_rate=3"], "training.learning_rate: given twice"),
        (["training.learning_rat=1e-5,2e-5"], "training.learning_rat: training has no such setting."),
        (["seed=1,2"], "seed: a sweep gives the seeds itself"),
        (["--seeds", "0"], "seeds: found 0, but it must be at least 1."),
        (["--seeds", "2", "data.held_out=null"], "A sweep chooses by rows that are held out"),
        (["--seeds", "2", "--by", "sts/spearman"], "by: found the task 'sts', but the recipe scores held-out."),
        (["--seeds", "2", "--by", "held-out/spearman"], "by: found 'held-out/spearman', but held-out has the metrics"),
        (["training.learning_rate=1,2", "--trials", "2", "--jobs", "2"], "jobs: trials go one by one"),
        (["--trials", "2"], "trials: found no key to try"),
        (["training.learning_rate=1,2", "--trials", "2"], "--trials cuts runs that lag behind"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_in_one_line(
    recipe: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    done = run_command(capsys, "sweep", write_recipe_file(tmp_path, recipe), *arguments, "--out", tmp_path / "sweep")
    assert (done.code, done.err.startswith(f"Error: {said}")) == (1, True), done.err


def test_optuna_proposes_settings_from_a_range_and_earlier_trials_count(recipe: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("optuna")
    during = {"evaluation.during": {"tasks": ["held-out"], "every": 1}}
    grid = {"training.learning_rate": ["1e-5..1e-2"]}
    for trials in (2, 3):
        found = sweep(recipe, grid, changes=during, trials=trials, out=tmp_path)
    folders = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert len(folders) == 3
    rates = [json.loads((folder / "log.jsonl").read_text().splitlines()[0])["learning_rate"] for folder in folders]
    assert all(1e-5 <= rate <= 1e-2 for rate in rates)
    assert found.winner is not None


def test_a_trial_that_lags_behind_the_median_of_earlier_ones_is_cut_and_named(
    recipe: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    optuna = pytest.importorskip("optuna")
    monkeypatch.setattr(optuna.pruners, "MedianPruner", lambda: optuna.pruners.ThresholdPruner(lower=2.0))
    grid = {"training.learning_rate": [1e-5, 1e-2]}
    during = {"evaluation.during": {"tasks": ["held-out"], "every": 1}}
    found = sweep(recipe, grid, changes=during, trials=2, out=tmp_path)  # no score is above 2
    assert found.winner is None
    assert {why for row in found.rows for why in row.cut.values()} == {
        "cut after step 1, as it lagged behind the median"
    }
    assert not list(tmp_path.glob("*/report.html"))
    monkeypatch.undo()
    study = optuna.load_study(study_name="sweep", storage=f"sqlite:///{tmp_path / 'trials.db'}")
    assert {trial.state.name for trial in study.trials} == {"PRUNED"}


@pytest.mark.slow
def test_runs_side_by_side_end_with_a_sweep_that_is_killed_and_it_goes_on(
    recipe: dict[str, Any], tmp_path: Path
) -> None:
    slow = recipe | {"training": recipe["training"] | {"steps": 100_000}}
    file = write_recipe_file(tmp_path, slow)
    command = [sys.executable, "-m", "textcl", "sweep", str(file), "training.learning_rate=1e-5,1e-2", "--jobs", "2"]
    out = tmp_path / "sweep"
    with subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as swept:
        deadline = time.monotonic() + 120
        while len(list(out.glob("*/log.jsonl"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        children = psutil.Process(swept.pid).children(recursive=True)
        swept.kill()
    gone, alive = psutil.wait_procs(children, timeout=60)
    assert (len(alive), len(gone) >= 2) == (0, True)
    assert len(list(out.glob("*/checkpoints/*"))) == 2
