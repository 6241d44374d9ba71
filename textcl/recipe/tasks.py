"""The evaluation tasks that a recipe names: suites, and inline tasks on held-out rows."""

from collections import Counter
from pathlib import Path

from textcl.errors import RecipeError, TextclError
from textcl.evaluation import Retrieval, Task, load_tasks
from textcl.recipe.build import build_component_source
from textcl.recipe.schema import InlineTask, Recipe


def build_tasks(recipe: Recipe) -> list[Task]:
    """Load the tasks that are scored before and after a run.

    Raises:
        RecipeError: Two tasks have one name, or an inline task has rows without a positive.
        DataError: Data is missing or faulty.
    """
    folder = _data_dir(recipe)
    tasks: list[Task] = []
    for number, entry in enumerate(recipe.evaluation.after):
        place = f"evaluation.after.{number}"
        tasks += [_inline(entry, place)] if isinstance(entry, InlineTask) else _suite(entry, folder, place)
    names = Counter(task.name for task in tasks)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        raise RecipeError(f"evaluation.after: the task '{twice[0]}' comes twice; a report holds it once. Take one out.")
    return tasks


def build_tasks_during(recipe: Recipe) -> list[Task]:
    """Load the tasks that are scored while a run goes on; none where the recipe wants none.

    Raises:
        RecipeError: `keep_best_by` names a task that the suite lacks.
        DataError: Data is missing or faulty.
    """
    during = recipe.evaluation.during
    if during is None:
        return []
    tasks = _suite(during.suite, _data_dir(recipe), "evaluation.during.suite")
    task = (during.keep_best_by or "").partition("/")[0]
    known = [task.name for task in tasks]
    if task and task not in known:
        raise RecipeError(
            f"evaluation.during.keep_best_by: found '{during.keep_best_by}', but {during.suite} has the tasks "
            f"{', '.join(known)}. It is written task/metric: {known[0]}/spearman."
        )
    return tasks


def _data_dir(recipe: Recipe) -> Path | None:
    folder = recipe.evaluation.data_dir
    return None if folder is None else Path(folder).expanduser()


def _suite(name: str, folder: Path | None, place: str) -> list[Task]:
    try:
        return load_tasks([name], folder)
    except TextclError as error:
        raise type(error)(f"{place}: {error}") from error


def _inline(entry: InlineTask, place: str) -> Task:
    source = build_component_source(entry.source, f"{place}.source")
    rows = [source[row] for row in range(len(source))]
    lacking = next((row.row for row in rows if not row.positives), None)
    if lacking is not None:
        raise RecipeError(
            f"{place}.source: {source.place(lacking)} has no positive. Retrieval looks for each row's positive by its "
            "anchor: it needs pairs."
        )
    pairs = [(row.anchor, positive) for row in rows for positive in row.positives]
    return Retrieval.from_pairs(entry.name, pairs)
