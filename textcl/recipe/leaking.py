"""Leakage of evaluation text into training text: of a run, and of files and recipes by name."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from textcl.errors import DataError
from textcl.evaluation import Leakage, TaskTexts, TrainingRow, find_leakage, load_tasks, texts_of
from textcl.recipe.tasks import build_tasks
from textcl.recipe.training_rows import recipe_of, rows_of_file, rows_of_recipe, rows_of_source
from textcl.types import Source

_log = logging.getLogger(__name__)
_EVERY = 1000  # rows between two calls of `on_rows`


def leaks(
    train: str,
    suites: Sequence[str],
    *,
    data_dir: Path | None,
    columns: Sequence[str],
    on_rows: Callable[[int], None],
) -> dict[str, Leakage]:
    """Look for the texts of suites in what is trained on.

    Args:
        train: A recipe's name, a YAML file, a run folder; or a file of texts, JSONL, CSV or TSV, plain or gzipped.
        suites: As for evaluating a model; none: those that the recipe scores after its run.
        data_dir: The folder of the suites' files; None: from the Hub.
        columns: The columns of a file that hold texts; none: all that do.
        on_rows: Called with the number of rows compared since its last call.

    Returns:
        For each task what leaks.

    Raises:
        DataError: There is nothing to compare with, or data is missing or faulty.
        RecipeError: The recipe is faulty.
    """
    recipe = recipe_of(train)
    if columns and recipe is not None:
        raise DataError(f"{train} is a recipe, whose sources name their columns; leave --text-column out.")
    tasks = load_tasks(suites, data_dir)
    if not suites and recipe is not None:
        tasks = build_tasks(recipe)
    if not tasks:
        raise DataError(f"Name a suite whose texts are looked for in {train}, such as sts.")
    rows = rows_of_file(Path(train).expanduser(), columns) if recipe is None else rows_of_recipe(recipe)
    return find_leakage(texts_of(tasks), _counted(rows, on_rows))


def leakage_of_run(source: Source, texts: Mapping[str, TaskTexts]) -> dict[str, Leakage]:
    """Look for the texts that a run was scored on in the rows of its source; a line in the log says what leaks."""
    found = find_leakage(texts, rows_of_source(source)) if texts else {}
    leaking = {name: leakage for name, leakage in found.items() if leakage.leaks}
    if leaking:
        _log.warning("The training text holds texts that the run is scored on: %s.", _summary(leaking))
    return found


def _summary(leaking: Mapping[str, Leakage]) -> str:
    return "; ".join(
        f"{name}, {len(part.exact):,} of {part.texts:,} {label} exactly and {len(part.near):,} nearly"
        for name, leakage in leaking.items()
        for label, part in leakage.parts.items()
        if part.exact or part.near
    )


def _counted(rows: Iterator[TrainingRow], on_rows: Callable[[int], None]) -> Iterator[TrainingRow]:
    for number, row in enumerate(rows, start=1):
        yield row
        if number % _EVERY == 0:
            on_rows(_EVERY)
