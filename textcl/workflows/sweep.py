"""`textcl sweep`: a recipe under several settings and seeds, the best of them, and how far it is above the start.

Each run is an ordinary run folder, so that an unfinished one goes on and a finished one is never run again.
"""

import os
import re
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

from textcl.data.workers import cores
from textcl.errors import RecipeError, TextclError
from textcl.files.yaml import read_yaml
from textcl.recipe.load import load_recipe, load_run_recipe
from textcl.recipe.schema import Recipe
from textcl.recipe.section import HELD_OUT
from textcl.training.loop import Stopped
from textcl.util.cache import key_of
from textcl.util.progress import SILENT, Progress
from textcl.workflows.run.train import train_recipe
from textcl.workflows.sweep_judge import Judge, Sweep, SweptRun, write_recipe_file

Settings = Mapping[str, object]  # dotted key -> value


def sweep(
    recipe: str | Path | Mapping[str, Any] | Recipe,
    grid: Mapping[str, Sequence[object]],
    *,
    out: str | Path,
    changes: Settings | None = None,
    seeds: int = 1,
    trials: int | None = None,
    by: str | None = None,
    jobs: int = 1,
    allow_code: Sequence[str] = (),
    progress: Progress = SILENT,
) -> Sweep:
    """Train a recipe under all combinations of some settings, and choose the best by a held-out score.

    >>> import textcl
    >>> found = textcl.sweep(
    ...     "simcse",
    ...     {"training.learning_rate": [1e-5, 1e-3]},
    ...     changes={
    ...         "data.sources.0.path": "sentences.txt",
    ...         "encoder.backbone": "model",
    ...         "training.steps": 2,
    ...         "data.batch_size": 4,
    ...         "evaluation.after": ["sts:graded.tsv"],
    ...     },
    ...     by="graded/spearman",
    ...     out="runs/rates",
    ... )
    >>> len(found.rows), found.winner.name
    (2, 'winner.yaml')

    Args:
        recipe: As `textcl.train` takes it.
        grid: Dotted keys and the values of each.
        out: The folder of the sweep; the same call again goes on with what is unfinished there.
        changes: Settings of all runs.
        seeds: Each setting is trained with the seeds 1 to this.
        trials: Try so many settings, which Optuna proposes, instead of all; `2e-6..1e-4` is then a range.
        by: `task/metric` that chooses; None: the main metric of the rows that the recipe holds out.
        jobs: Runs side by side, each in a process of its own.
        allow_code: As for `textcl.train`.
        progress: Gets the progress.

    Raises:
        TextclError: A setting does not fit the recipe, or nothing can choose; runs that fail are named in the result.
    """
    _refuse_amounts(grid, seeds, trials, jobs)
    folder = Path(out)

    def runs_of(settings: Settings) -> list[SweptRun]:
        return [_run(recipe, changes or {}, settings, seed, folder, allow_code) for seed in range(1, seeds + 1)]

    settings = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())]
    runs = [run for one in settings for run in runs_of(one)] if trials is None else []
    first = runs[0] if runs else runs_of({})[0]
    for run in runs:
        _refuse_other(run)
    if trials is not None:
        from textcl.workflows.sweep_trials import refuse_without_optuna, search  # which few sweeps need

        refuse_without_optuna(first.recipe, by or HELD_OUT)
    folder.mkdir(parents=True, exist_ok=True)
    progress.phase("Scoring the start")
    judge = Judge(first.recipe, folder, by)
    if trials is None:
        return judge.judged(runs, _all(runs, jobs, progress))
    found = search(grid, trials, folder, first.recipe, judge.by, judge.is_less, runs_of, judge.choosing, progress)
    return judge.judged(list(found.runs.values()), found.failed, found.cut)


def parsed(changes: Sequence[str], *, has_ranges: bool) -> tuple[dict[str, object], dict[str, list[object]]]:
    """Read `KEY=VALUE` and `KEY=VALUE,VALUE`; commas in brackets and quotes belong to a value.

    Args:
        changes: As the command line has them.
        has_ranges: Whether `2e-6..1e-4` stands for what lies between.

    Returns:
        The settings of all runs, and the values of those that are tried.

    Raises:
        RecipeError: One is no change, or has an empty value.
    """
    fixed: dict[str, object] = {}
    grid: dict[str, list[object]] = {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or not all(key.split(".")):
            raise RecipeError(f"'{change}' is no change to a recipe. It is written key=value: training.epochs=1,2")
        if key in fixed or key in grid:
            raise RecipeError(f"{key}: given twice; name all its values in one: {key}=1,2")
        parts = _several(text)
        if len(parts) > 1 and not all(parts):
            raise RecipeError(f"{key}: found an empty value in '{text}'.")
        values = [read_yaml(part, f"{key}=") for part in parts]
        if len(values) > 1 or (has_ranges and ".." in text):
            grid[key] = values
        else:
            fixed[key] = values[0]
    return fixed, grid


def _several(text: str) -> list[str]:
    """Split a text at its commas, but for those in brackets and quotes."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        depth += (character in "[{(") - (character in ")}]") if not quote else 0
        if character == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _refuse_amounts(grid: Mapping[str, Sequence[object]], seeds: int, trials: int | None, jobs: int) -> None:
    for name, number in (("seeds", seeds), ("jobs", jobs), ("trials", 1 if trials is None else trials)):
        if number < 1:
            raise RecipeError(f"{name}: found {number}, but it must be at least 1.")
    _refuse_values(grid)
    if trials is None and seeds == 1 and all(len(values) == 1 for values in grid.values()):
        raise RecipeError("Found one run to make. Give a key several values, learning_rate=1e-5,3e-5, or --seeds 3.")
    if trials is not None and jobs > 1:
        raise RecipeError("jobs: trials go one by one, as each learns from those before; leave out --jobs.")
    if trials is not None and not grid:
        raise RecipeError("trials: found no key to try; give one several values, or a range: KEY=2e-6..1e-4")


def _refuse_values(grid: Mapping[str, Sequence[object]]) -> None:
    if "seed" in grid:
        raise RecipeError("seed: a sweep gives the seeds itself; say how many with --seeds, as in --seeds 3.")
    for key, values in grid.items():
        if not len(values):
            raise RecipeError(f"{key}: found no value to try.")
        texts = [repr(value) for value in values]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        if twice is not None:
            raise RecipeError(f"{key}: found {twice} twice; name each value once.")


def _run(
    recipe: str | Path | Mapping[str, Any] | Recipe, changes: Settings, settings: Settings, seed: int, folder: Path,
    allow_code: Sequence[str],
) -> SweptRun:  # fmt: skip
    checked = load_recipe(recipe, {**changes, **settings, "seed": seed}, allow_code)
    setting = ",".join(f"{_short(key, settings)}={_value(value)}" for key, value in settings.items())
    name = ",".join(part for part in (setting, f"seed={seed}") if part)
    return SweptRun(name, setting or "the recipe", checked, folder / name)


def _short(key: str, settings: Settings) -> str:
    """Return the last part of a key, `lr` for a learning rate; the whole key where two have the same."""
    last = key.rpartition(".")[2]
    if [other.rpartition(".")[2] for other in settings].count(last) > 1:
        return key
    return "lr" if last == "learning_rate" else last


_LONGEST = 60  # characters of a value in a name


def _value(value: object) -> str:
    text = f"{value:g}" if isinstance(value, float) else str(value)
    plain = re.sub(r"[^\w.+-]+", "_", text)
    return plain if plain == text and len(text) <= _LONGEST else f"{plain[:_LONGEST]}-{key_of(text)[:6]}"


def _all(runs: Sequence[SweptRun], jobs: int, progress: Progress) -> dict[str, str]:
    """Make all runs that are not finished, and return why some failed."""
    left = [run for run in runs if not run.is_finished]
    if jobs == 1:
        said = [train_one(run, progress, f"Run {number} of {len(left)}") for number, run in enumerate(left, start=1)]
    else:
        said = _side_by_side(left, jobs, progress)
    return {run.name: why for run, why in zip(left, said, strict=True) if why}


def _refuse_other(run: SweptRun) -> None:
    """Refuse a folder that holds another run."""
    file = run.folder / "recipe.yaml"
    if file.is_file() and load_run_recipe(file, run.recipe.allow_code) != run.recipe:
        raise RecipeError(f"{run.folder} holds a run of another recipe. Name another folder with --out.")


def train_one(run: SweptRun, progress: Progress, words: str, lets: type[Exception] = Stopped) -> str:
    """Make a run in this process, or go on with it, and return why it failed; an empty text: it did not.

    Args:
        run: What is made.
        progress: Gets the progress.
        words: What it is called there.
        lets: An error that is not the run's own, and is let through.
    """
    progress.phase(f"{words}: {run.name}")
    try:
        train_recipe(run.recipe, run.folder, resume=(run.folder / "recipe.yaml").is_file(), progress=progress)
    except (Stopped, lets):
        raise
    except Exception as error:  # whatever it was, the other runs go on
        return str(error) if isinstance(error, TextclError) else f"{type(error).__name__}: {error}"
    return ""


def _side_by_side(runs: Sequence[SweptRun], jobs: int, progress: Progress) -> list[str]:
    children: list[subprocess.Popen[bytes]] = []
    progress.phase(f"{jobs} runs side by side", len(runs), unit="runs")
    with ThreadPoolExecutor(jobs) as pool:
        try:
            said = list(pool.map(partial(_in_process, children=children, jobs=jobs, progress=progress), runs))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for child in children:
                child.terminate()  # it leaves a checkpoint
            raise
    return said


_CHILD = "from textcl.workflows.sweep import run_as_child; run_as_child()"


def run_as_child() -> None:
    """Run the command line in a process that ends, with a checkpoint, when the sweep that has started it is gone."""

    def watch() -> None:
        os.read(0, 1)  # the sweep writes nothing: this waits for its end, and holds no lock of Python's
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
    runpy.run_module("textcl", run_name="__main__", alter_sys=True)


def _in_process(run: SweptRun, *, children: list[subprocess.Popen[bytes]], jobs: int, progress: Progress) -> str:
    """Make a run in a process of its own, and return why it failed; what it says lies beside its folder."""
    recipe, log = run.folder.with_name(f"{run.name}.yaml"), run.folder.with_name(f"{run.name}.log")
    write_recipe_file(recipe, run.recipe)
    command = [sys.executable, "-c", _CHILD, "train", str(recipe), "--out", str(run.folder)]
    command += ["--resume"] if (run.folder / "recipe.yaml").is_file() else []
    command += [word for allowed in run.recipe.allow_code for word in ("--allow-code", allowed)]
    environment = {"OMP_NUM_THREADS": str(max(1, cores() // jobs)), **os.environ}
    with log.open("wb") as opened:
        child = subprocess.Popen(  # noqa: S603 (our own command line)
            command, stdin=subprocess.PIPE, stdout=opened, stderr=subprocess.STDOUT, env=environment
        )
        children.append(child)
        code = child.wait()
    progress.advance(1)
    if code == 0:
        recipe.unlink(missing_ok=True)
        log.unlink(missing_ok=True)
        return ""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.startswith("Error: ")]
    return lines[-1].removeprefix("Error: ") if lines else f"it ended with exit code {code}; {log} says more"
