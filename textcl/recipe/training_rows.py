"""The text that a run trains on, as rows to compare evaluation texts with: from a recipe, or from a file, streamed."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from textcl.data.lines import read_lines
from textcl.errors import DataError, suggestion
from textcl.evaluation import TrainingRow
from textcl.evaluation.local import file_rows, has_columns
from textcl.evaluation.rows import Row
from textcl.recipe.build import build_sources
from textcl.recipe.load import load_recipe
from textcl.recipe.parts import joined
from textcl.recipe.schema import Recipe
from textcl.shelf import names, recipes_folder
from textcl.types import Source

_GRADES = ("score", "label")


def recipe_of(train: str) -> Recipe | None:
    """Return the recipe that is named: bundled, a YAML file, or that of a run folder; None where a file is."""
    path = Path(train).expanduser()
    if (path / "recipe.yaml").is_file():
        return load_recipe(str(path / "recipe.yaml"))
    if path.is_dir():
        raise DataError(f"{train} is a folder without a recipe.yaml. Name a run folder, a recipe, or a file of texts.")
    if path.suffix in (".yaml", ".yml") or (train in names(recipes_folder()) and not path.exists()):
        return load_recipe(train)
    return None


def rows_of_recipe(recipe: Recipe) -> Iterator[TrainingRow]:
    """Yield all that a recipe trains on, before augmentation."""
    return rows_of_source(joined(build_sources(recipe)))


def rows_of_source(source: Source) -> Iterator[TrainingRow]:
    """Yield the rows of a source."""
    for row in range(len(source)):
        example = source[row]
        grade = example.label if example.score is None else example.score
        texts = (example.anchor, *example.positives, *example.negatives)
        yield TrainingRow(source.place(row), texts, None if grade is None else float(grade))


def rows_of_file(path: Path, columns: Sequence[str] = ()) -> Iterator[TrainingRow]:
    """Yield the rows of a file without keeping them.

    Args:
        path: JSONL, CSV or TSV; any other file is text, a line a text. Each may be gzipped.
        columns: Those that hold texts; none: all that do.

    Raises:
        DataError: The file is missing, can not be read or holds no text, or a column is missing.
    """
    if has_columns(path):
        return _rows_of_table(path, columns)
    if columns:
        raise DataError(f"{path} is read as plain text, a line a text, and has no columns; leave --text-column out.")
    return (TrainingRow(f"{path}, line {number}", (line,)) for number, line in read_lines(path))


def _rows_of_table(path: Path, columns: Sequence[str]) -> Iterator[TrainingRow]:
    found = False
    for row in file_rows(path):
        texts = tuple(_texts(row, columns))
        found = found or bool(texts)
        yield TrainingRow(row.place, texts, _grade(row))
    if not found:
        raise DataError(f"{path}: no row holds a text under {', '.join(columns) or 'any column'}.")


def _texts(row: Row, columns: Sequence[str]) -> Iterator[str]:
    for column in columns:
        if column not in row.fields:
            known = list(map(str, row.fields))
            raise DataError(
                f"{row.place}: no column '{column}'; there are {', '.join(known)}.{suggestion(column, known)}"
            )
    for column, value in row.fields.items():
        if not columns or column in columns:
            yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def _grade(row: Row) -> float | None:
    """Return the score or label of a row, where it has one that is a number."""
    for column in _GRADES:
        try:
            return float(str(row.fields[column]))
        except (KeyError, ValueError):
            continue
    return None
