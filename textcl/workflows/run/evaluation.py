"""The tasks that a recipe names: those scored before and after a run, and those on its way."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from textcl.errors import RecipeError, TextclError, located
from textcl.evaluation.kinds import shown_metrics
from textcl.evaluation.run import evaluate
from textcl.evaluation.stored import stored_classes
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.task import Sample, Task
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.recipe.schema import Recipe
from textcl.recipe.section import HELD_OUT, InlineTask
from textcl.types.batches import FloatArray
from textcl.types.text import Role, Use
from textcl.workflows.run.build import build_component_source, build_data


def build_tasks(recipe: Recipe, held: Sequence[Task] | None = None) -> list[Task]:
    """Load the tasks that are scored before and after a run: those of the rows that it holds out, and others.

    Args:
        recipe: What is run.
        held: The tasks of the held-out rows; None: the data of the recipe is read for them, if it holds rows out.

    Raises:
        RecipeError: Two tasks have one name, or an inline task has rows without a positive.
        DataError: Data is missing or faulty.
    """
    entries = {f"evaluation.after.{number}": entry for number, entry in enumerate(recipe.evaluation.after)}
    others = {location: entry for location, entry in entries.items() if entry != HELD_OUT}
    held = _held(recipe) if held is None else held
    return _distinct([*held, *_loaded(recipe, others, held)], "evaluation.after")


def _held(recipe: Recipe) -> list[Task]:
    """Read the data of a recipe for the tasks of its held-out rows."""
    if recipe.data.held_out is None:
        return []
    from textcl.workflows.run.held_out import held_out_tasks  # which few runs need

    return [made.task for made in held_out_tasks(recipe, build_data(recipe).held)]


def _loaded(recipe: Recipe, entries: Mapping[str, str | InlineTask], held: Sequence[Task]) -> Iterable[Task]:
    """Load the tasks that a recipe names, by their locations in it."""
    folder = _data_dir(recipe)
    for location, entry in entries.items():
        if isinstance(entry, InlineTask):
            yield _inline(recipe, entry, location)
        else:
            yield from held if entry == HELD_OUT else _suite(entry, folder, location)


def _distinct(tasks: list[Task], location: str) -> list[Task]:
    twice = [name for name, count in Counter(task.name for task in tasks).items() if count > 1]
    if twice:
        raise RecipeError(f"{location}: the task '{twice[0]}' comes twice; a report holds it once. Take one out.")
    return tasks


def build_tasks_during(recipe: Recipe, held: Sequence[Task] | None = None) -> list[Task]:
    """Load the tasks that are scored while a run goes on; none where the recipe wants none.

    Args:
        recipe: What is run.
        held: As above.

    Raises:
        RecipeError: `keep_best_by` names a task that the suite lacks, or a metric that the task lacks.
        DataError: Data is missing or faulty.
    """
    during = recipe.evaluation.during
    if during is None:
        return []
    entries = {f"evaluation.during.{location}": entry for location, entry in during.entries.items()}
    if held is None:
        held = _held(recipe) if HELD_OUT in entries.values() else ()
    tasks = _distinct(list(_loaded(recipe, entries, held)), "evaluation.during")
    scored = ", ".join(entry if isinstance(entry, str) else entry.name for entry in entries.values())
    task = (during.keep_best_by or "").partition("/")[0]
    known = [task.name for task in tasks]
    if task and task not in known:
        raise RecipeError(
            f"evaluation.during.keep_best_by: found '{during.keep_best_by}', but {scored} has the tasks "
            f"{', '.join(known)}. It is written task/metric: {known[0]}/spearman."
        )
    if during.keep_best_by:
        of_task = evaluate([tasks[known.index(task)]], _by_chance)
        chosen(metrics_of(of_task), during.keep_best_by)
        if during.beyond_noise:
            _refuse_without_items(of_task[task], task)
    return tasks


def best_by(recipe: Recipe, tasks: Sequence[Task]) -> str | None:
    """Return the `task/metric` by which the best model is kept: the recipe's, or the first of the held-out rows.

    Raises:
        RecipeError: There are several tasks of held-out rows, and nothing says which counts.
    """
    during = recipe.evaluation.during
    if during is None or during.keep_best_by is not None or not during.keeps_best:
        return during.keep_best_by if during else None
    held = next((task for task in tasks if task.name == HELD_OUT), None)
    if held is None:
        names = ", ".join(task.name for task in tasks)
        raise RecipeError(
            f"evaluation.during.keep_best_by: found null, but patience counts by one score, and there are {names}. "
            f"Name one: {tasks[0].name}/METRIC."
        )
    sample = held.run(_by_chance)
    if during.beyond_noise:
        _refuse_without_items(sample, held.name)
    return f"{held.name}/{shown_metrics(sample.metrics(np.ones((1, sample.size))))[0]}"


def _refuse_without_items(sample: Sample, task: str) -> None:
    """Refuse to ask for the noise of a score whose items are not known, or not kept."""
    if sample.size == 0 or type(sample) not in stored_classes():
        raise RecipeError(
            f"evaluation.during.beyond_noise: found true, but {task} keeps no outcomes item by item, so its noise "
            "is not known. Set it to false, or name another task in keep_best_by."
        )


def _by_chance(texts: Sequence[str], role: Role | Use) -> FloatArray:
    """Embed texts without a model: enough to see which metrics a task has."""
    return np.random.default_rng(len(texts)).normal(size=(len(texts), 8)).astype(np.float32)


def metrics_of(samples: Mapping[str, Sample]) -> dict[str, float]:
    """Return `task/metric` -> score of every task."""
    return {
        f"{task}/{metric}": float(value[0])
        for task, sample in samples.items()
        for metric, value in sample.metrics(np.ones((1, sample.size))).items()
    }


def chosen(scores: Mapping[str, float], name: str) -> float:
    """Return the score by which the best model is kept."""
    if name not in scores:
        raise RecipeError(f"evaluation.during.keep_best_by: found '{name}'. It takes one of {', '.join(scores)}.")
    return scores[name]


def _data_dir(recipe: Recipe) -> Path | None:
    folder = recipe.evaluation.data_dir
    return None if folder is None else Path(folder).expanduser()


def _suite(name: str, folder: Path | None, location: str) -> list[Task]:
    try:
        return load_tasks([name], folder)
    except TextclError as error:
        raise located(error, location) from None
    except (OSError, ValueError) as error:  # a name that can be no path
        raise RecipeError(f"{location}: found {name[:80]!r}: {error}") from error


def _inline(recipe: Recipe, entry: InlineTask, location: str) -> Task:
    source = build_component_source(recipe, entry.source, f"{location}.source")
    rows = [source[row] for row in range(len(source))]
    lacking = next((row.row for row in rows if not row.positives), None)
    if lacking is not None:
        raise RecipeError(
            f"{location}.source: {source.location(lacking)} has no positive. Retrieval looks for each row's "
            f"positive by its "
            "anchor: it needs pairs."
        )
    pairs = [(row.anchor, positive) for row in rows for positive in row.positives]
    return Retrieval.from_pairs(entry.name, pairs)
