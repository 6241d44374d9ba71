"""`textcl init`: what a file seems to hold, and a recipe for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textcl.cli.options import A_FILE
from textcl.util.visible import one_line

if TYPE_CHECKING:
    from rich.table import Table

    from textcl.survey.survey import ColumnSurvey
    from textcl.workflows.init import Beginning

_NAME = 4  # words; the name of a column that has more is rather a text
_TWICE = "they teach little twice. `textcl clean` drops them."
_ANOTHER = "with another positive each is a pair of its own; `textcl clean` drops those that are the same as a whole."
_IF_REPEATED = {"sentences": _TWICE, "pairs": _ANOTHER, "triplets": _ANOTHER}  # what a file holds -> what that means


def init(
    file: Annotated[Path, typer.Argument(help=f"{A_FILE} Or a folder of text files, or a BEIR folder.")],
    out: Annotated[
        Path | None,
        typer.Option(metavar="RECIPE", help="The recipe to write. Default: the file's name, ending in .yaml."),
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="The encoder to start from. Default: one that suits the language."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the recipe if it exists.")] = False,
) -> None:
    """Look at a file and write a recipe that trains on it."""
    import shlex

    from textcl.cli.screen import results
    from textcl.workflows.init import begin

    done = begin(file, out, backbone, force=force)
    screen = results()
    screen.print(_table(done))
    rows = f"{done.found.rows:,} rows" if done.found.is_whole else f"the first {done.found.rows:,} rows"
    screen.print(f"{file}: {rows}, which seem to hold {done.reading.holds}. Languages are guesses.")
    for line in _warnings(done):
        screen.print(line)
    screen.print(f"The recipe is {done.recipe}. Look at it, then: textcl check {shlex.quote(str(done.recipe))}")


def _table(done: Beginning) -> Table:
    from rich.table import Table

    table = Table()
    for name in ("column", "taken as", "holds", "language"):
        table.add_column(name, overflow="fold")
    for name in ("empty", "duplicates", "words", "99 % have", "characters"):
        table.add_column(name, justify="right", no_wrap=True)
    roles = _roles(done)
    for column in done.found.columns:
        is_text = column.kind in ("text", "name")
        longest = f"≤ {column.most_characters:,} characters" if column.is_unspaced else f"≤ {column.longest:,}"
        lengths = (f"{column.words:,}", longest, f"{column.characters:,}") if is_text else ("", "", "")
        counts = (f"{column.empty:,}", f"{column.duplicates:,}" if column.kind == "text" else "")
        table.add_row(column.name, roles.get(column.name, "-"), _holds(column), column.language, *counts, *lengths)
    return table


def _roles(done: Beginning) -> dict[str, str]:
    reading = done.reading
    roles = {reading.anchor: "anchor"}
    roles |= dict.fromkeys(reading.positives, "positive") | dict.fromkeys(reading.negatives, "negative")
    roles |= dict.fromkeys(reading.score, "score") | ({} if reading.label is None else {reading.label: "label"})
    return {name: f"{role} (a guess)" if name in reading.guessed else role for name, role in roles.items()}


def _holds(column: ColumnSurvey) -> str:
    what = {
        "text": "texts",
        "name": f"{column.distinct:,} names",
        "number": f"numbers, {column.low:g} to {column.high:g}",
        "vector": "numbers",
        "empty": "nothing",
        "other": "other values",
    }[column.kind]
    return f"lists of {what}" if column.is_list else what


def _warnings(done: Beginning) -> list[str]:
    """Say what training will refuse, and what it will do in vain."""
    found, trial = done.found, done.trial
    lines = []
    if trial.refused:
        lines.append(f"Training refuses {trial.refused:,} rows, the first: {trial.first}")
    lines += _left_out(done)
    anchor = found.column(done.reading.anchor)
    if done.reading.holds in _IF_REPEATED and anchor.duplicates > found.rows / 10:
        meaning = _IF_REPEATED[done.reading.holds]
        lines.append(f"{anchor.duplicates:,} rows repeat a text of '{one_line(anchor.name)}': {meaning}")
    names = (column.name for column in found.columns)
    sentence = (
        next((name for name in names if len(name.split()) > _NAME), None) if found.use in ("CSV", "TSV") else None
    )
    if sentence is not None:
        lines.append(f"'{one_line(sentence)}' was taken for the name of a column: write names above the first row.")
    return lines


def _left_out(done: Beginning) -> list[str]:
    """Say which texts are not read, and which say that there is none."""
    from textcl.survey.roles import unread_columns

    lines = []
    if unread := unread_columns(done.found, done.reading):
        named = ", ".join(f"'{one_line(name)}'" for name in unread)
        lines.append(f"Not read, though it seems to hold texts: {named}. Name it in the recipe, or drop it.")
    if done.trial.pairs:
        lines.append(f"{done.trial.pairs:,} of {done.found.rows:,} rows have no negative, and train as pairs.")
    for column in map(done.found.column, done.reading.texts):
        if column.missing:
            lines.append(
                f"{column.missing:,} texts of '{one_line(column.name)}' spell a missing one ('nan', 'None' or the "
                "like): `textcl clean` drops them."
            )
    return lines
