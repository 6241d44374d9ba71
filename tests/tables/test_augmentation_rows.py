"""Every augmentation has a row, every row is a recipe that loads, and a stated rule chooses the combination."""

from pathlib import Path

import augmentation_rows
import pytest
from augmentation_rows import COMBINATIONS, VIEWS, best_combination, row_trial
from domains import domain_trials
from objective_trials import all_trials

import textcl.augment
from textcl.recipe.load import load_recipe

NESTING = {"Chain", "OneOf", "Sometimes"}


def test_every_augmentation_has_a_row() -> None:
    views = " ".join(VIEWS.values())
    assert {name for name in textcl.augment.__all__ if f"use: {name}" not in views} == NESTING


def test_an_augmentation_that_needs_no_setting_gets_a_row_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(augmentation_rows._ROWS, "word swap")
    monkeypatch.delitem(augmentation_rows._ROWS, "token shuffle")
    rows = augmentation_rows._rows_by_name()  # and those of augmentations that have no row of their own
    assert [rows[name] for name in ("word swap", "token shuffle")] == [VIEWS["word swap"], VIEWS["token shuffle"]]
    assert "typos" not in rows


def test_every_run_is_a_recipe_that_loads_and_has_a_name_of_its_own() -> None:
    trials = [row_trial(name, Path("kept, of: others")) for name in (*VIEWS, *COMBINATIONS)]
    trials += [*domain_trials(), *all_trials()]
    for trial in trials:
        if trial.recipe is not None:
            load_recipe(trial.recipe, ["data.sources.0.path=x", "encoder.backbone=y", *trial.changes])
    assert len({trial.key for trial in trials}) == len(trials)
    assert all(len(trial.key.split("/")) == 4 for trial in trials)


def _results(scores: dict[str, float], left_out: dict[str, str]) -> dict[str, dict[str, object]]:
    runs = {row_trial(name, Path()).key: {"scores": {"stsb-dev": score}} for name, score in scores.items()}
    return {"runs": runs, "left_out": left_out}


def test_the_combination_is_the_best_on_the_development_set() -> None:
    scores = {name: float(number) for number, name in enumerate(COMBINATIONS)}
    assert best_combination(_results(scores, {})) == list(COMBINATIONS)[-1]


def test_no_combination_is_chosen_before_all_have_run() -> None:
    first, *others = COMBINATIONS
    scores = dict.fromkeys(others, 1.0)
    assert best_combination(_results(scores, {})) is None
    assert best_combination(_results(scores, {first: "there is no WordNet here"})) == others[0]
