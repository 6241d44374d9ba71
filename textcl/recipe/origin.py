"""A run that is to be repeated: found with its recipe, and held against this machine before anything trains."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textcl.encoder import fingerprint
from textcl.encoder.places import find_repository
from textcl.errors import DataError, RecipeError
from textcl.recipe.build import build_encoder, build_source
from textcl.recipe.comparing import flat_settings
from textcl.recipe.load import load_recipe
from textcl.recipe.other import open_other
from textcl.recipe.provenance import base_models, data_facts, machine_facts
from textcl.recipe.schema import Recipe
from textcl.recipe.tasks import build_tasks
from textcl.report.scores import samples_path
from textcl.training import join_ranks

_RECIPE, _FACTS, REPORT = "recipe.yaml", "run.json", "report.json"
_PUBLISHES_NOT = "hub.repo=null"


@dataclass(frozen=True, slots=True)
class Origin:
    """A run, or a published model with what it was made from."""

    name: str
    folder: Path
    recipe: Recipe  # with the changes that were asked for; it publishes nothing
    changed: tuple[str, ...]  # settings of it that the run did not have, old → new; where files lie is none of them
    remarks: tuple[str, ...]  # what is not as it was for the run, in words

    @property
    def model(self) -> Path:
        """The folder of the model: inside that of a run, or the same."""
        return self.folder / "model" if (self.folder / "model").is_dir() else self.folder


def open_origin(name: str, changes: Sequence[str]) -> Origin:
    """Find a run and its data, and say what differs from then: settings, base models, versions, machine.

    Args:
        name: A run folder, a model folder that was published, or a Hub id.
        changes: Overrides of the recipe, each `dotted.key=value`: where its files lie on this machine.

    Raises:
        DataError: It holds no recipe, or the data is not there, or is not that of the run.
        ModelError: There is no such folder or repository.
        RecipeError: A change does not fit the recipe.
    """
    folder = find_repository(name)
    file = folder / _RECIPE
    if not file.is_file():
        raise DataError(
            f"{name} holds no {_RECIPE}, so nobody can say how it was made. Name a folder that textcl train wrote, or "
            "a model that textcl push published."
        )
    recipe = load_recipe(str(file), [*changes, _PUBLISHES_NOT])
    facts = _facts(folder / _FACTS)
    _refuse_other_data(recipe, facts, file)
    _refuse_other_tasks(recipe, folder / REPORT)
    changed = tuple(_changed(file, recipe, changes))
    return Origin(name, folder, recipe, changed, tuple(_remarks(recipe, facts)))


def _facts(path: Path) -> Mapping[str, Any]:
    """Read `run.json`; empty where it is absent. `Any`: its facts are of many kinds."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise DataError(f"{path} can not be read: {error}.") from error
    if not isinstance(found, dict):
        raise DataError(f"{path} can not be read: it holds no mapping, as textcl train writes.")
    return found


def _refuse_other_data(recipe: Recipe, facts: Mapping[str, Any], file: Path) -> None:
    """Raise where the data is not there, or another; a run that did not say what it had is taken at its word."""
    way_out = _way_out(recipe)
    try:
        now = data_facts(build_source(recipe))
    except (DataError, RecipeError) as error:
        raise DataError(f"{error}\nThe data of a run is not kept with it.{way_out}") from error
    then = facts.get("data") or now
    if then["fingerprint"] != now["fingerprint"]:
        raise DataError(
            f"The data is not that of the run: it had {then['rows']:,} rows with the fingerprint "
            f"{then['fingerprint']}; here are {now['rows']:,} with {now['fingerprint']}.{way_out} To train on "
            f"this data all the same: textcl train {file}"
        )


def _way_out(recipe: Recipe) -> str:
    paths = [f"data.sources.{number}.path=FILE" for number, s in enumerate(recipe.data.sources) if "path" in s.settings]
    return f" Say where it lies here: {' '.join(paths)}" if paths else ""


def _refuse_other_tasks(recipe: Recipe, report: Path) -> None:
    """Raise where evaluation data is not there, or not that of the report, as far as that has kept its items."""
    try:
        tasks = build_tasks(recipe)
    except (DataError, RecipeError) as error:
        raise DataError(
            f"{error}\nThe evaluation sets of a run are not kept with it. Say where they lie here: "
            "evaluation.data_dir=FOLDER, or evaluation.after.0=sts:FILE"
        ) from error
    if report.is_file() and samples_path(report).is_file():
        open_other(str(report), tasks)


def _changed(file: Path, recipe: Recipe, changes: Sequence[str]) -> Iterator[str]:
    """Yield the settings that the changes have changed; a file that lies elsewhere is the same file."""
    then, now = (
        flat_settings(read.model_dump(mode="json")) for read in (load_recipe(str(file), [_PUBLISHES_NOT]), recipe)
    )
    named = {change.partition("=")[0] for change in changes}
    for key in then | now:
        is_place = key in named and key.rpartition(".")[2] in ("path", "data_dir", "backbone", "folder")
        if then.get(key) != now.get(key) and not is_place and not key.startswith("hub."):
            yield f"{key}: {then.get(key, 'none')} → {now.get(key, 'none')}"


def _remarks(recipe: Recipe, facts: Mapping[str, Any]) -> Iterator[str]:
    if not facts:
        yield "It says neither which data nor which versions it was made with (no run.json)."
        return
    ranks = join_ranks()
    here = machine_facts(ranks.device.type, ranks.count)
    for name in ("python", "platform", "device", "processes"):
        if name in facts and facts[name] != here[name]:
            yield f"{name}: {facts[name]} then, {here[name]} now"
    for package, version in facts.get("packages", {}).items():
        if here["packages"].get(package) != version:
            yield f"{package}: {version} then, {here['packages'].get(package, 'none')} now"
    start = fingerprint(build_encoder(recipe))
    then = facts.get("base_models")
    if then is not None and then != (now := base_models(recipe)):
        yield f"base model: {_commits(then)} then, {_commits(now)} now"
    elif facts.get("encoder", start) != start:
        yield "base model: its weights, its config or its tokenizer are not those of then"


def _commits(models: Sequence[Mapping[str, str]]) -> str:
    return ", ".join(f"{model['id']}@{model['revision'][:12]}" for model in models) or "none of the Hub"
