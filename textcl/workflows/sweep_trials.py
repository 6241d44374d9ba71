"""Settings that Optuna proposes: by the tree-structured Parzen estimator, with trials cut that lag behind the median.

Source:
    Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization. NIPS
    Akiba et al. 2019, Optuna: A Next-generation Hyperparameter Optimization Framework. arXiv:1907.10902
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from textcl.errors import RecipeError
from textcl.recipe.schema import Recipe
from textcl.types.protocols import StepLog
from textcl.util.progress import Progress
from textcl.util.seeds import derive
from textcl.workflows.sweep import Settings, train_one
from textcl.workflows.sweep_judge import SweptRun

_RANGE = re.compile(r"([-+.\deE]+)\.\.([-+.\deE]+)")
_WIDE = 10  # times the low end: then all orders of size between are tried alike


def refuse_without_optuna(recipe: Recipe, by: str) -> Any:
    """Return Optuna. `Any`: it is not there where no trials are wanted.

    Raises:
        RecipeError: It is not installed, or nothing is scored on the way of a run.
    """
    during = recipe.evaluation.during
    if during is None:
        task = by.partition("/")[0]
        raise RecipeError(
            "--trials cuts runs that lag behind by their scores on the way, and evaluation.during is null: give it, as "
            f"in evaluation.during.tasks=[{task}] evaluation.during.every=100"
        )
    try:
        import optuna
    except ModuleNotFoundError as error:
        raise RecipeError("--trials needs the package optuna: pip install 'textcl[sweep]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


@dataclass(frozen=True, slots=True)
class Found:
    """The runs of trials, by name."""

    runs: dict[str, SweptRun]
    failed: dict[str, str]  # why
    cut: dict[str, str]  # when


def search(
    grid: Mapping[str, Sequence[object]], trials: int, folder: Path, recipe: Recipe, by: str, is_less: bool,
    runs_of: Callable[[Settings], list[SweptRun]], score: Callable[[SweptRun], float], progress: Progress,
) -> Found:  # fmt: skip
    """Make so many trials, those of an earlier call counted, and return their runs.

    A trial that was killed is tried again with the same settings, so that its runs go on.
    """
    optuna = refuse_without_optuna(recipe, by)
    states = optuna.trial.TrialState
    study = optuna.create_study(
        storage=f"sqlite:///{(folder / 'trials.db').absolute()}", study_name="sweep", load_if_exists=True,
        pruner=optuna.pruners.MedianPruner(), direction="minimize" if is_less else "maximize",
    )  # fmt: skip
    for trial in study.get_trials(states=(states.RUNNING,)):
        study.enqueue_trial(trial.params)
        study.tell(trial.number, state=states.FAIL)

    def done() -> int:
        ended = [trial for trial in study.get_trials() if trial.state.is_finished()]
        return sum(trial.state is not states.FAIL or _WHY in trial.user_attrs for trial in ended)

    while (number := done()) < trials:
        study.sampler = optuna.samplers.TPESampler(seed=derive(recipe.seed, "trial", number) % 2**32)
        trial = study.ask()
        runs = runs_of({key: _proposed(trial, key, values) for key, values in grid.items()})
        words = f"Trial {number + 1} of {trials}"
        try:
            whys = [
                train_one(
                    run, _Cutting(progress, trial, by, run is runs[0], optuna.TrialPruned), words, optuna.TrialPruned
                )
                for run in runs
                if not run.is_finished
            ]
        except optuna.TrialPruned as cut:
            trial.set_user_attr(_CUT, str(cut).splitlines()[0])
            study.tell(trial, state=states.PRUNED)
            continue
        finished = [score(run) for run in runs if run.is_finished]
        if finished:
            study.tell(trial, mean(finished))
        else:
            trial.set_user_attr(_WHY, next((why for why in whys if why), "it did not end"))
            study.tell(trial, state=states.FAIL)
    return _found(study.get_trials(), grid, runs_of)


_WHY, _CUT = "why", "cut"  # what is kept with a trial that failed, and with one that was cut


def _found(
    trials: Sequence[Any], grid: Mapping[str, Sequence[object]], runs_of: Callable[[Settings], list[SweptRun]]
) -> Found:
    """Return the runs of all trials; `Any`: Optuna's."""
    found = Found({}, {}, {})
    for trial in trials:
        settings = {key: _chosen(trial.params[key], grid[key]) for key in grid if key in trial.params}
        for run in runs_of(settings) if len(settings) == len(grid) else ():
            if not (run.is_finished or {_WHY, _CUT} & trial.user_attrs.keys()):
                continue
            found.runs[run.name] = run
            if not run.is_finished and _CUT in trial.user_attrs:
                found.cut[run.name] = trial.user_attrs[_CUT]
            elif not run.is_finished:
                found.failed[run.name] = trial.user_attrs[_WHY]
    return found


def _chosen(value: object, values: Sequence[object]) -> object:
    """Return the value that a trial has kept as a text, or a number of a range as it is."""
    return next((one for one in values if repr(one) == value), value)


def _proposed(trial: Any, key: str, values: Sequence[object]) -> object:
    """Return the value of a key for a trial: from a range, `2e-6..1e-4`, or one of several."""
    only = _RANGE.fullmatch(str(values[0])) if len(values) == 1 else None
    if only is None:
        texts = [repr(value) for value in values]
        return values[texts.index(trial.suggest_categorical(key, texts))]
    low, high = _bounds(key, only)
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(key, low, high)
    return trial.suggest_float(key, low, high, log=low > 0 and low * _WIDE <= high)


def _bounds(key: str, found: re.Match[str]) -> tuple[float, float]:
    try:
        low, high = (int(text) if text.lstrip("+-").isdecimal() else float(text) for text in found.groups())
    except ValueError:
        raise RecipeError(f"{key}: found {found.group()}, but a range is two numbers, as in 2e-6..1e-4.") from None
    if not low < high:
        raise RecipeError(f"{key}: found {found.group()}, but a range goes from a lower to a higher number.")
    return low, high


class _Cutting(Progress):
    """The progress of a run of a trial, which is cut where its scores lag behind.

    Args:
        inner: Gets all of it.
        trial: Optuna's, as are the two that follow it.
        by: `task/metric` that counts.
        prunes: Whether the scores of this run count.
        pruned: What is raised to cut it.
    """

    def __init__(self, inner: Progress, trial: Any, by: str, prunes: bool, pruned: type[Exception]) -> None:
        self._inner, self._trial, self._by, self._prunes, self.pruned = inner, trial, by, prunes, pruned

    def phase(self, name: str, total: int | None = None, done: int = 0, *, unit: str = "texts") -> None:
        """Pass on."""
        self._inner.phase(name, total, done, unit=unit)

    def expect(self, count: int) -> None:
        """Pass on."""
        self._inner.expect(count)

    def advance(self, count: int) -> None:
        """Pass on."""
        self._inner.advance(count)

    def step(self, entry: StepLog) -> None:
        """Pass on."""
        self._inner.step(entry)

    def scores(self, step: int, scores: dict[str, float]) -> None:
        """Pass on, and cut the run where it lags behind the median of earlier ones."""
        self._inner.scores(step, scores)
        if self._by in scores and self._prunes:
            self._trial.report(scores[self._by], step)
            if self._trial.should_prune():
                raise self.pruned(f"cut after step {step}, as it lagged behind the median")
