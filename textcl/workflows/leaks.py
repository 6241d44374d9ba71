"""The text that a run trains on, as rows to compare evaluation texts with: from a recipe, or from a file, streamed."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from textcl.distributed import Ranks
from textcl.errors import DataError
from textcl.evaluation.leakage import Leakage, Search, TrainingRow, find_leakage
from textcl.evaluation.run import TaskTexts, texts_of
from textcl.evaluation.suites import load_tasks
from textcl.files.lines import refuse_absence
from textcl.files.rows import Row, missing_column, present, read_rows, refuse_columns
from textcl.files.values import passage_text
from textcl.recipe.load import load_recipe, load_run_recipe
from textcl.recipe.schema import Recipe
from textcl.types.text import Source
from textcl.util.installed import names, recipes_folder
from textcl.util.progress import SILENT, Progress
from textcl.workflows.run.build import build_sources
from textcl.workflows.run.data import joined
from textcl.workflows.run.evaluation import build_tasks

_GRADES = ("score", "label")


def recipe_of(train: str, allow_code: Sequence[str] = ()) -> Recipe | None:
    """Return the recipe that is named: bundled, a YAML file, or that of a run folder; None where a file is."""
    path = Path(train).expanduser()
    if (path / "recipe.yaml").is_file():
        return load_run_recipe(path / "recipe.yaml", allow_code)
    if path.is_dir():
        raise DataError(f"{train} is a folder without a recipe.yaml. Name a run folder, a recipe, or a file of texts.")
    if path.suffix in (".yaml", ".yml") or (train in names(recipes_folder()) and not path.exists()):
        return load_recipe(train, allow_code=allow_code)
    return None


def rows_of_recipe(recipe: Recipe) -> Iterator[TrainingRow]:
    """Yield all that a recipe trains on, before augmentation."""
    return rows_of_source(joined(build_sources(recipe)))


def rows_of_source(source: Source, rows: range | None = None) -> Iterator[TrainingRow]:
    """Yield the rows of a source, or some of them."""
    for row in range(len(source)) if rows is None else rows:
        example = source[row]
        grade = example.label if example.score is None else example.score
        texts = (example.anchor, *example.positives, *example.negatives)
        yield TrainingRow(source.location(row), texts, None if grade is None else float(grade))


def rows_of_file(path: Path, columns: Sequence[str] = ()) -> Iterator[TrainingRow]:
    """Yield the rows of a file of any kind without keeping them.

    Args:
        path: The file.
        columns: Those that hold texts; none: all that do.

    Raises:
        DataError: The file is missing, cannot be read or holds no text, or a column is missing.
    """
    refuse_absence(present(path))
    refuse_columns(path, columns, "--text-column")
    return _rows_of_file(path, columns)


def _rows_of_file(path: Path, columns: Sequence[str]) -> Iterator[TrainingRow]:
    found = False
    for row in read_rows(path):
        texts = tuple(_texts(row, columns))
        found = found or bool(texts)
        yield TrainingRow(row.location, texts, _grade(row))
    if not found:
        raise DataError(f"{path}: no row holds a text under {', '.join(columns) or 'any column'}.")


def _texts(row: Row, columns: Sequence[str]) -> Iterator[str]:
    for column in columns:
        if column not in row.fields:
            raise DataError(
                f"{missing_column(column, row.fields, row.location)} Name the right one with --text-column."
            )
    for column, value in row.fields.items():
        if not columns or column in columns:
            parts = map(passage_text, value if isinstance(value, list) else [value])
            yield from (text for text in parts if isinstance(text, str))


def _grade(row: Row) -> float | None:
    """Return the score or label of a row, where it has one that is a number."""
    for column in _GRADES:
        try:
            return float(str(row.fields[column]))
        except (KeyError, ValueError):
            continue
    return None


_log = logging.getLogger(__name__)
_EVERY = 1000  # rows between two reports of the progress


def leaks(
    train: str,
    suites: Sequence[str],
    *,
    data_dir: Path | None,
    columns: Sequence[str],
    progress: Progress = SILENT,
    allow_code: Sequence[str] = (),
) -> dict[str, Leakage]:
    """Look for the texts of suites in what is trained on.

    Args:
        train: A recipe's name, a YAML file, a run folder; or a file of texts, of any kind.
        suites: As for evaluating a model; none: those that the recipe scores after its run.
        data_dir: The folder of the suites' files; None: from the Hub.
        columns: The columns of a file that hold texts; none: all that do.
        progress: Gets the progress.
        allow_code: Packages, modules or files outside textcl whose classes a recipe may name.

    Returns:
        For each task what leaks.

    Raises:
        DataError: There is nothing to compare with, or data is missing or faulty.
        RecipeError: The recipe is faulty.
    """
    recipe = recipe_of(train, allow_code)
    if columns and recipe is not None:
        raise DataError(f"{train} is a recipe, whose sources name their columns; leave --text-column out.")
    tasks = load_tasks(suites, data_dir)
    if not suites and recipe is not None:
        tasks = build_tasks(recipe)
    if not tasks:
        raise DataError(f"Name a suite whose texts are looked for in {train}, such as sts.")
    rows = rows_of_file(Path(train).expanduser(), columns) if recipe is None else rows_of_recipe(recipe)
    progress.phase("Comparing", unit="rows")
    return find_leakage(texts_of(tasks), _counted(rows, progress))


def leakage_of_run(source: Source, texts: Mapping[str, TaskTexts], ranks: Ranks) -> dict[str, Leakage]:
    """Look for the texts that a run was scored on in the rows of its source; a line in the log says what leaks.

    All processes of the run call it, and each reads a part of the rows.
    """
    search, rows = Search(texts), len(source)
    own = range(rows * ranks.rank // ranks.count, rows * (ranks.rank + 1) // ranks.count)
    if texts:
        ranks.together(lambda: search.compare_all(rows_of_source(source, own)))
        search.found, *others = ranks.each(search.found)
        for other in others:
            search.found.add(other)
    found = {name: search.leakage(name) for name in texts}
    if not ranks.is_main:
        return found
    unknown = [name for name, leakage in found.items() if not leakage.knows_pairs]
    if unknown:
        _log.warning(
            "Pairs of %s were not checked for leakage: which texts they compare is unknown.", ", ".join(unknown)
        )
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


def _counted(rows: Iterator[TrainingRow], progress: Progress) -> Iterator[TrainingRow]:
    for number, row in enumerate(rows, start=1):
        yield row
        if number % _EVERY == 0:
            progress.advance(_EVERY)
