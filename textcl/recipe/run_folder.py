"""The folder of a run: checked before anything is loaded, and never overwritten."""

from pathlib import Path

from textcl.atomic import new_file
from textcl.errors import TrainingError
from textcl.recipe.load import load_recipe, resolved
from textcl.recipe.schema import Recipe

_FIXED = ("seed", "data", "encoder", "objective")  # sections that a run can not change on its way


def check_run_folder(folder: Path, recipe: Recipe, resume: bool) -> None:
    """Make sure that a run may use its folder; nothing is written.

    With several processes only the first calls it, before the run writes anything.

    Args:
        folder: The run folder, `--out`.
        recipe: What is run.
        resume: Go on with the run in the folder.

    Raises:
        TrainingError: The folder is in use, or holds no run, or another one, to go on with.
    """
    if folder.exists() and not folder.is_dir():
        raise TrainingError(f"{folder} is a file; a run needs a folder. Name another with --out.")
    if resume:
        _check_same_run(folder, recipe)
    elif folder.exists() and any(folder.iterdir()):
        raise TrainingError(
            f"{folder} is not empty, and a new run would mix with what is there. Go on with that run by --resume, or "
            "name another folder with --out. Nothing was changed."
        )


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Write the resolved recipe into a run folder, which is made where it is missing."""
    with new_file(folder / "recipe.yaml") as temporary:
        temporary.write_text(resolved(recipe), encoding="utf-8")


def _check_same_run(folder: Path, recipe: Recipe) -> None:
    """Raise where the run in the folder would give other numbers than an unbroken run of this recipe."""
    file = folder / "recipe.yaml"
    if not file.is_file():
        raise TrainingError(f"{folder} holds no run to go on with: {file} is missing. Without --resume one begins.")
    began = load_recipe(str(file))
    changed = [section for section in _FIXED if _fixed(began, section) != _fixed(recipe, section)]
    if changed:
        raise TrainingError(
            f"{folder} began with another recipe: {', '.join(changed)} differ from those in {file}. Go on with that "
            f"one (textcl train {file} --out {folder} --resume), or name another folder with --out."
        )


def _fixed(recipe: Recipe, section: str) -> object:
    """Return a section without what changes no number."""
    if section == "data":
        return recipe.data.model_copy(update={"workers": None})
    return getattr(recipe, section)
