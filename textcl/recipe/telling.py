"""What is told of a run to others: its recipe, with no path of the machine in it."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from textcl.errors import PublishError
from textcl.publish import Told, paths_in, stand_ins
from textcl.recipe.schema import HubSection
from textcl.recipe.yaml_text import read_yaml, write_yaml

_SECTIONS = ("data", "encoder", "objective", "evaluation")  # where paths may stand; the others hold none
_PUBLISHING = {"repo", "private", "revision", "best_on_the_way"}
_CLEANED = (
    "# As it was run, but for paths of the machine that it ran on, which are cut to their last names: ./NAME.\n"
    "# Name files of your own in their place, here or on the command line: {places}.\n"
)


def told_of(run: Path) -> Told:
    """Read what is told of a run.

    A path of the machine becomes `./` and its last names. Who trains a published recipe again publishes nothing by it.

    Args:
        run: The run folder.

    Raises:
        PublishError: It is no run folder.
        RecipeError: Its recipe can not be read.
    """
    file = run / "recipe.yaml"
    _refuse_other_folders(run, file)
    raw = read_yaml(file.read_text(encoding="utf-8"), str(file))
    if not isinstance(raw, dict):
        raise PublishError(f"{file} is no recipe: it holds no sections.")
    texts = [entry for name in _SECTIONS for entry in _texts(raw.get(name), name)]
    found = {place: paths_in(value) for place, value in texts}
    named = stand_ins([path for paths in found.values() for path in paths])
    told = {name: _replaced(value, named) if name in _SECTIONS else value for name, value in raw.items()}
    told["hub"] = {**(raw.get("hub") or {}), **HubSection().model_dump(include=_PUBLISHING)}
    places = ", ".join(place for place, paths in found.items() if paths)
    of_home = {str(Path(value).expanduser()): value for _, value in texts if value.startswith("~")}
    comment = _CLEANED.format(places=places) if places else ""
    return Told(comment + write_yaml(told), {str(run.absolute()): run.absolute().name, **of_home, **named})


def _refuse_other_folders(run: Path, file: Path) -> None:
    if file.is_file():
        return
    if not run.is_dir():
        raise PublishError(f"There is no folder {run}. Name the folder of a run, as textcl train leaves it.")
    if (run.parent / "recipe.yaml").is_file():
        raise PublishError(f"{run} is a part of the run {run.parent}. Name the run.")
    raise PublishError(
        f"{run} is no run: recipe.yaml is missing, and with it all that could be told of a model's training. Name the "
        f"folder of a run; a model alone is uploaded by hf upload REPO {run}."
    )


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield every text inside a value with its place."""
    if isinstance(value, str):
        yield place, value
    entries = value if isinstance(value, Mapping) else dict(enumerate(value)) if isinstance(value, list) else {}
    for name, entry in entries.items():
        yield from _texts(entry, f"{place}.{name}")


def _replaced(value: Any, named: Mapping[str, str]) -> Any:
    """Return a value of YAML, of whatever kind, with the paths in its texts replaced."""
    if isinstance(value, Mapping):
        return {name: _replaced(entry, named) for name, entry in value.items()}
    if isinstance(value, list):
        return [_replaced(entry, named) for entry in value]
    if isinstance(value, str):
        for path in sorted(paths_in(value), key=len, reverse=True):
            value = value.replace(path, named[path])
    return value
