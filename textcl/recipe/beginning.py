"""`textcl init`: look at a file, and write a recipe for it."""

from dataclasses import dataclass
from pathlib import Path

from textcl.atomic import new_file, refuse_place
from textcl.data.survey import Survey, survey
from textcl.recipe.reading_columns import Reading, read_columns
from textcl.recipe.starting import first_recipe, stem
from textcl.recipe.trial import Trial, try_rows


@dataclass(frozen=True, slots=True)
class Beginning:
    """What was found in a file, and the recipe that was written for it."""

    found: Survey
    reading: Reading
    trial: Trial
    recipe: Path
    text: str


def begin(path: Path, out: Path | None = None, backbone: str | None = None, *, force: bool = False) -> Beginning:
    """Look at a file and write a recipe that trains on it.

    Args:
        path: The file, or a folder of text files.
        out: Where the recipe goes; None: into the current folder, named after the file.
        backbone: The encoder to start from; None: one for the language of the texts.
        force: Replace a recipe that is there.

    Raises:
        DataError: A recipe is there already; the file can not be read, or holds nothing to train on.
    """
    path = path.expanduser()
    recipe = out or Path(f"{stem(path)}.yaml")
    refuse_place(recipe, force=force)
    found = survey(path)
    reading = read_columns(found)
    trial = try_rows(found, reading)
    text = first_recipe(found, reading, trial, backbone)
    with new_file(recipe) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return Beginning(found, reading, trial, recipe, text)
