"""Which setting of a sweep is the best, on one half of the held-out items, and how good it is, on the other.

The halves are split by a digest of the items, so that every run of a sweep, and every later one, is split alike.
"""

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from types import MappingProxyType
from typing import Any

import numpy as np

from textcl.distributed import join_ranks
from textcl.embedding.embed import fresh_embed
from textcl.errors import DataError, RecipeError
from textcl.evaluation.items import Result, results_of
from textcl.evaluation.kinds import metric_named, shown_metrics
from textcl.evaluation.run import evaluate
from textcl.evaluation.significance import Difference, Interval, differences, scores
from textcl.evaluation.stored import read_samples, stored_classes, write_samples
from textcl.evaluation.task import Sample, Stratified
from textcl.recipe.load import resolved
from textcl.recipe.schema import Recipe
from textcl.report.page import PageTable, write_use_page
from textcl.report.score_rows import DASH
from textcl.report.scores import samples_path
from textcl.types.batches import BoolArray
from textcl.util.atomic import new_file
from textcl.util.cache import key_of
from textcl.util.seeds import derive
from textcl.workflows.run.evaluation import build_tasks
from textcl.workflows.run.prepare import prepare


@dataclass(frozen=True, slots=True)
class SweptRun:
    """One run of a sweep."""

    name: str  # of its folder
    setting: str  # without the seed
    recipe: Recipe
    folder: Path

    @property
    def is_finished(self) -> bool:
        """Whether its page, the last thing that a run writes, is there."""
        return (self.folder / "report.html").is_file()


@dataclass(frozen=True, slots=True)
class Scored:
    """A setting, and its scores over seeds."""

    setting: str
    choosing: tuple[float, ...]  # on the half of the items that chooses
    reporting: tuple[float, ...]  # on the other; the same where the items cannot be split
    failed: Mapping[str, str]  # run -> why
    cut: Mapping[str, str]  # run -> when; none where all settings are tried


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found.

    Attributes:
        folder: The run folders, `sweep.html` and `winner.yaml`.
        by: `task/metric` that chose.
        rows: The settings, the best first.
        winner: The recipe of the best setting; None where every run failed.
        difference: The winner minus the start on the items that did not choose it, seed by seed.
        is_optimistic: Whether the items could not be split, so that the winner's score is that which chose it.
    """

    folder: Path
    by: str
    rows: tuple[Scored, ...]
    winner: Path | None
    difference: tuple[Difference, ...]
    is_optimistic: bool

    @property
    def failed(self) -> dict[str, str]:
        """The runs that failed, and why."""
        return {run: why for row in self.rows for run, why in row.failed.items()}

    def lines(self) -> list[str]:
        """Say what was found, a line a setting."""
        width = max((len(row.setting) for row in self.rows), default=0)
        found = [
            f"{row.setting:<{width}}  chooses {spread(row.choosing)}  reports {spread(row.reporting)}  "
            f"{len(row.choosing)} runs{''.join(f'; failed: {failure}' for failure in _named(row.failed))}"
            f"{''.join(f'; {failure}' for failure in _named(row.cut))}"
            for row in self.rows
        ]
        if self.winner is not None:
            verdicts = ", ".join(f"{100 * change.value:+.2f} ({change.verdict})" for change in self.difference)
            found.append(f"The winner against the start, by {self.by}, seed by seed: {verdicts}")
            found += [_OPTIMISTIC] if self.is_optimistic else []
            found.append(f"Its recipe is {self.winner}")
        return [*found, f"The page is {self.folder / 'sweep.html'}"]


def write_recipe_file(path: Path, recipe: Recipe) -> None:
    """Write a recipe with every default spelled out."""
    with new_file(path) as temporary:
        temporary.write_text(resolved(recipe), encoding="utf-8")


_FEWEST = 10  # items worth a half


def split(result: Result, chooses: bool) -> Sample | None:
    """Return one half of an outcome's items, the same of every model; None where its items cannot be split."""
    sample = result.sample
    if sample.size < 2 * _FEWEST or isinstance(sample, Stratified) or type(sample) not in stored_classes():
        return None
    order = np.random.default_rng(derive(17, "halves of a sweep", result.items)).permutation(sample.size)
    kept = np.isin(np.arange(sample.size), order[: sample.size // 2]) == chooses
    half: Sample = _only(sample, kept)
    values, whole = half.metrics(np.ones((1, half.size))), sample.metrics(kept[None].astype(np.float64))
    is_right = all(np.isclose(values[name], whole[name], equal_nan=True).all() for name in whole)
    return half if is_right else None


def _only(value: Any, kept: BoolArray) -> Any:
    """Return a sample, or a part of one, of some items alone. `Any`: samples are of many kinds."""
    if isinstance(value, np.ndarray):
        return value[kept] if len(value) == len(kept) else value
    if isinstance(value, Mapping):
        return {name: _only(part, kept) for name, part in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [field.name for field in dataclasses.fields(value) if field.init]
        return type(value)(**{name: _only(getattr(value, name), kept) for name in fields})
    return value


class Judge:
    """Scores the start, chooses the best of the runs, and writes what was found.

    Args:
        recipe: Of one run.
        folder: That of the sweep.
        by: `task/metric` that chooses; None: the main metric of the first task of held-out rows.

    Raises:
        RecipeError: Nothing is held out and none is named, or there is no such task or metric.
    """

    def __init__(self, recipe: Recipe, folder: Path, by: str | None) -> None:
        if by is None and recipe.data.held_out is None:
            raise RecipeError(
                "A sweep chooses by rows that are held out: give data.held_out=0.05, or name a score with "
                "--by task/metric."
            )
        self.folder = folder
        self._task = None if by is None else by.partition("/")[0]
        self._named = self._task
        start = self._start(recipe)
        metrics = list(start.sample.metrics(np.ones((1, start.sample.size))))
        self._metric = shown_metrics(metrics)[0] if by is None else by.partition("/")[2]
        self.by = f"{self._task}/{self._metric}"
        if self._metric not in metrics:
            raise RecipeError(f"by: found '{by}', but {self._task} has the metrics {', '.join(metrics)}.")
        better = metric_named(self._metric).better
        if better == "neither":
            raise RecipeError(f"by: more of {self._metric} is neither better nor worse; name another with --by.")
        self.is_less, self._items = better == "lower", start.items

    def _start(self, recipe: Recipe) -> Result:
        """Return the outcome of the encoder that a recipe starts from; it is kept in the folder."""
        file = self.folder / f"start-{key_of(recipe.encoder, recipe.data, recipe.evaluation, self._named)[:12]}.npz"
        if file.is_file():
            found = read_samples(file)
            if found:
                self._task = self._task or next(iter(found))
                return found[self._task]
        ranks = join_ranks()
        made = prepare(recipe, ranks.device, ranks)
        tasks = build_tasks(recipe, [held.task for held in made.held_out])
        names = [task.name for task in tasks]
        if self._task is not None and self._task not in names:
            raise RecipeError(f"by: found the task '{self._task}', but the recipe scores {', '.join(names)}.")
        task = tasks[0 if self._task is None else names.index(self._task)]
        self._task = task.name
        results = results_of([task], evaluate([task], fresh_embed(made.encoder, ranks)))
        write_samples(file, results)
        return results[task.name]

    def choosing(self, run: SweptRun) -> float:
        """Return the score of a finished run on the half that chooses."""
        return self._value(run, chooses=True)

    def _result(self, run: SweptRun) -> Result:
        found = read_samples(samples_path(run.folder / "report.json")).get(str(self._task))
        if found is None:
            raise DataError(f"{run.folder}: the outcome of {self._task} was not kept, item by item.")
        if found.items != self._items:
            raise DataError(
                f"{run.folder}: it was scored on other items than the start, and cannot be compared with the other "
                "runs. Do not sweep over what is held out."
            )
        return found

    def _value(self, run: SweptRun, *, chooses: bool) -> float:
        result = self._result(run)
        sample = split(result, chooses) or result.sample
        return float(sample.metrics(np.ones((1, sample.size)))[self._metric][0])

    def judged(
        self, runs: Sequence[SweptRun], failed: Mapping[str, str], cut: Mapping[str, str] = MappingProxyType({})
    ) -> Sweep:
        """Choose the best setting, and write `winner.yaml` and `sweep.html`."""
        failed = dict(failed)
        for run in runs:
            if run.name not in failed and run.name not in cut:
                try:
                    self._result(run)
                except DataError as error:
                    failed[run.name] = str(error)
        settings = dict.fromkeys(run.setting for run in runs)
        rows = [self._row([run for run in runs if run.setting == setting], failed, cut) for setting in settings]
        sign = 1 if self.is_less else -1
        rows.sort(key=lambda row: (not row.choosing, bool(row.failed), sign * mean(row.choosing or (0.0,))))
        best = rows[0].setting if rows else None
        winners = [run for run in runs if run.setting == best and run.name not in {**failed, **cut}]
        winner, changes, is_optimistic = None, list[Difference](), False
        if winners:
            winner = self.folder / "winner.yaml"
            write_recipe_file(winner, winners[0].recipe)
            start = self._start(winners[0].recipe)
            is_optimistic = split(start, False) is None
            changes = [self._change(start, run) for run in winners]
        found = Sweep(self.folder, self.by, tuple(rows), winner, tuple(changes), is_optimistic)
        self._write_page(found, winners)
        return found

    def _row(self, runs: Sequence[SweptRun], failed: Mapping[str, str], cut: Mapping[str, str]) -> Scored:
        good = [run for run in runs if run.name not in {**failed, **cut}]
        return Scored(
            runs[0].setting,
            tuple(self._value(run, chooses=True) for run in good),
            tuple(self._value(run, chooses=False) for run in good),
            *({run.name: which[run.name] for run in runs if run.name in which} for which in (failed, cut)),
        )

    def _halves(self, start: Result, run: SweptRun) -> tuple[Sample, Sample]:
        result = self._result(run)
        return split(start, False) or start.sample, split(result, False) or result.sample

    def _change(self, start: Result, run: SweptRun) -> Difference:
        return differences(*self._halves(start, run))[self._metric]

    def _write_page(self, found: Sweep, winners: Sequence[SweptRun]) -> None:
        facts = [
            ("sweep", f"Sweep of {winners[0].recipe.name}" if winners else "Sweep without a finished run"),
            ("chosen by", found.by),
            ("settings", f"{len(found.rows)}, of which {found.rows[0].setting if winners else 'none'} is the best"),
            ("winner's recipe", "winner.yaml"),
        ]
        before: dict[str, dict[str, Interval]] = {}
        after: dict[str, dict[str, Interval]] = {}
        change: dict[str, dict[str, Interval]] = {}
        if winners:
            old, new = self._halves(self._start(winners[0].recipe), winners[0])
            task = str(self._task)
            before, after = {task: scores(old)}, {task: scores(new)}
            change = {task: dict(differences(old, new))}
        write_use_page(
            self.folder / "sweep.html", "A sweep by textcl", facts, scores=after, other=before, difference=change,
            tables=_tables(found, winners),
        )  # fmt: skip


_OPTIMISTIC = (
    "The items of this task cannot be split in two, so the winner's score is the one that chose it: it is optimistic."
)
_HALVES = (
    "One half of the held-out items chose the winner; the other half, which chose nothing, says how good it is. Sorted "
    "by the first. Mean ± standard deviation over seeds."
)


def _tables(found: Sweep, winners: Sequence[SweptRun]) -> list[PageTable]:
    note = _OPTIMISTIC if found.is_optimistic else _HALVES
    rows = [
        (
            row.setting,
            spread(row.choosing),
            spread(row.reporting),
            len(row.choosing),
            "; ".join(_named({**row.failed, **row.cut})),
        )
        for row in found.rows
    ]
    tables = [PageTable("Settings", note, ("setting", "choosing", "reporting", "runs", "failed or cut"), rows)]
    if winners:
        words = "The winner minus the start on the items that report, paired item by item, for each seed."
        head = ("run", "difference", "from", "to", "p", "verdict")
        changes = zip(winners, found.difference, strict=True)
        verdicts = [
            (run.name, *(_points(value) for value in (change.value, change.low, change.high)), f"{change.p:.4f}",
             str(change.verdict))
            for run, change in changes
        ]  # fmt: skip
        tables.append(PageTable("The winner against the start", words, head, verdicts))
    return tables


def _named(runs: Mapping[str, str]) -> list[str]:
    return [f"{run}: {why}" for run, why in runs.items()]


def spread(values: Sequence[float]) -> str:
    """Write the mean and the standard deviation of scores, in points."""
    if not values:
        return DASH
    return _points(mean(values)) + (f" ± {_points(stdev(values))}" if len(values) > 1 else "")


def _points(value: float) -> str:
    return DASH if math.isnan(value) else f"{100 * value:.2f}"
