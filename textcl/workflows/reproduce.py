"""A run that is to be repeated: found with its recipe, and held against this machine before anything trains."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import safe_open

from textcl.data.sources.concatenation import is_address
from textcl.distributed import join_ranks
from textcl.encoder.fingerprint import fingerprint
from textcl.encoder.locate import LOCATIONS, find_repository
from textcl.errors import DataError, RecipeError
from textcl.evaluation.kinds import metric_named
from textcl.evaluation.significance import Difference, Interval, compared
from textcl.recipe.load import load_recipe
from textcl.recipe.schema import Recipe
from textcl.recipe.section import Component
from textcl.report.page_data import RunFacts, checked
from textcl.report.saved import open_report, read_scores
from textcl.report.scores import Scores, samples_path
from textcl.util.progress import SILENT, Progress
from textcl.workflows.compare import flat_settings, open_other
from textcl.workflows.run.build import build_encoder, build_sources
from textcl.workflows.run.data import joined
from textcl.workflows.run.evaluation import build_tasks
from textcl.workflows.run.folder import base_models, data_facts, first_other_file, machine_facts

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


def open_origin(name: str, changes: Sequence[str], allow_code: Sequence[str] = ()) -> Origin:
    """Find a run and its data, and say what differs from then: settings, base models, versions, machine.

    Args:
        name: A run folder, a model folder that was published, or a Hub id.
        changes: Overrides of the recipe, each `dotted.key=value`: where its files lie on this machine.
        allow_code: Packages, modules or files outside textcl whose classes the recipe may name.

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
    facts = _facts(folder / _FACTS)
    recipe = _recipe(file, changes, facts, allow_code)
    if not Path(name).expanduser().is_dir():
        _refuse_addresses(recipe, changes)
    _refuse_other_data(recipe, facts, file)
    _refuse_other_tasks(recipe, folder / REPORT)
    changed = tuple(_changed(file, recipe, changes))
    return Origin(name, folder, recipe, changed, tuple(_remarks(recipe, facts)))


def _recipe(file: Path, changes: Sequence[str], facts: Mapping[str, Any], allow_code: Sequence[str]) -> Recipe:
    """Read the recipe of a run; where it cannot be, say whose it is: settings may have other names by now."""
    try:
        return load_recipe(str(file), [*changes, _PUBLISHES_NOT], allow_code)
    except RecipeError as error:
        version = (facts.get("packages") or {}).get("textcl", "of an unknown version")
        raise RecipeError(
            f"{error}\nThe recipe is {file}, written by textcl {version}. If its settings have other names now, "
            "install that version, or change a copy of the recipe and train it: textcl train COPY.yaml"
        ) from None


def _refuse_addresses(recipe: Recipe, changes: Sequence[str]) -> None:
    """Raise where a stranger's recipe would reach for an address that was not named at the command line."""
    named = [change.partition("=")[0] for change in changes]
    for key, value in flat_settings(recipe.model_dump(mode="json")).items():
        if key.endswith(".path") and is_address(value) and not any(f"{key}.".startswith(f"{own}.") for own in named):
            raise RecipeError(
                f"{key}: found {value}. A recipe of the Hub reaches for no address that you have not named. If you "
                f"trust it: {key}={value}"
            )


def _facts(path: Path) -> Mapping[str, Any]:
    """Read `run.json`; empty where it is absent. `Any`: its facts are of many kinds."""
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise DataError(f"{path} cannot be read: it holds no mapping, as textcl train writes.")
    facts: Mapping[str, Any] = checked(found, RunFacts, path)
    return facts


def _refuse_other_data(recipe: Recipe, facts: Mapping[str, Any], file: Path) -> None:
    """Raise where the data is not there, or another; a run that did not say what it had is taken at its word."""
    way_out = _way_out(recipe)
    try:
        now = data_facts(joined(build_sources(recipe)))
    except (DataError, RecipeError) as error:
        raise DataError(f"{error}\nThe data of a run is not kept with it.{way_out}") from error
    then = facts.get("data") or now
    if then.get("fingerprint") != now["fingerprint"]:
        raise DataError(
            f"The data is not that of the run: it had {then.get('rows')} rows with the fingerprint "
            f"{then.get('fingerprint')}; here are {now['rows']:,} with {now['fingerprint']}."
            f"{first_other_file(then, now)}{way_out} To train on this data all the same: textcl train {file}"
        )


def _way_out(recipe: Recipe) -> str:
    paths = [f"{location}.path=FILE" for location, source in recipe.data.components if "path" in source.settings]
    held = recipe.data.held_out
    paths += ["data.held_out=FILE"] if isinstance(held, str) else []
    paths += ["data.held_out.path=FILE"] if isinstance(held, Component) and "path" in held.settings else []
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


_LOCATIONS = ("path", "data_dir", "backbone", "folder", "new_words", "held_out")  # settings that name a file or folder


def _changed(file: Path, recipe: Recipe, changes: Sequence[str]) -> Iterator[str]:
    """Yield the settings that the changes have changed; a file that lies elsewhere is the same file."""
    then, now = (
        flat_settings(read.model_dump(mode="json"))
        for read in (load_recipe(str(file), [_PUBLISHES_NOT], recipe.allow_code), recipe)
    )
    named = {change.partition("=")[0] for change in changes}
    for key in then | now:
        is_location = key in named and key.rpartition(".")[2] in _LOCATIONS
        if then.get(key) != now.get(key) and not is_location and not key.startswith("hub."):
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
    for package, version in (facts.get("packages") or {}).items():
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


_EXPORTS = frozenset(Path(location).parts[0] for location in LOCATIONS.values())  # folders in a model folder
_CLOSE = 1e-9  # scores as written
_NAMED = 5  # metrics that an answer names


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A run and its repetition."""

    first: Scores  # as the report of the first run has them
    second: Scores
    difference: Mapping[str, Mapping[str, Difference]]  # second minus first on the same items, where those are kept
    same_weights: bool | None  # None: the first run's are not there
    changed: tuple[str, ...] = ()  # settings

    @property
    def has_reproduced(self) -> bool | None:
        """Whether it came out as before: by its scores, without any by its weights; None: nothing can tell."""
        if self._judged():
            return not self._outside()
        return self.same_weights or None

    def answer(self) -> str:
        """Say in words whether the run was reproduced, and how that is known."""
        found = [self._headline(), self._of_weights(), self._of_scores(), *self._of_items()]
        if self.changed:
            found.append(f"But it is not the same run: {'; '.join(self.changed)}.")
        return " ".join(found)

    def _judged(self) -> list[tuple[str, Interval, Interval]]:
        """Return the metrics that both runs have, but for the details of rankings and what has no interval."""
        both = (
            (task, name) for task, metrics in self.first.items() for name in metrics if not metric_named(name).is_detail
        )
        return [
            (f"{task} {name}", self.first[task][name], self.second[task][name])
            for task, name in both
            if name in self.second.get(task, {}) and not math.isnan(self.first[task][name].low)
        ]

    def _outside(self) -> list[str]:
        """Return the metrics whose new score lies outside the 95 % interval of the old one."""
        judged = self._judged()
        return [name for name, old, new in judged if not (_is_close(old, new) or old.low <= new.value <= old.high)]

    def _are_scores_equal(self) -> bool:
        return all(_is_close(old, new) for _, old, new in self._judged())

    def _headline(self) -> str:
        if self.has_reproduced is None:
            return "Whether it was reproduced cannot be told."
        if not self.has_reproduced:
            return "Not reproduced."
        is_exact = self.same_weights and self._are_scores_equal()
        return "Reproduced to the last bit." if is_exact else "Reproduced within the uncertainty of its scores."

    def _of_weights(self) -> str:
        if self.same_weights is None:
            return "The weights of the first run are not there to compare with."
        return "The weights are equal." if self.same_weights else "The weights differ."

    def _of_scores(self) -> str:
        judged, outside = self._judged(), self._outside()
        if not judged:
            return "The two runs have no score in common." if self.first else "The run was not scored."
        if outside:
            return f"Outside the 95 % interval of the first run: {_listed(outside, len(judged))}."
        if self._are_scores_equal():
            return f"All scores are equal ({len(judged)})."
        return f"Every score lies in the 95 % interval of the first run's ({len(judged)})."

    def _of_items(self) -> Iterator[str]:
        changes = {
            f"{task} {name}": change for task, found in self.difference.items() for name, change in found.items()
        }
        shown = {
            name: change for name, change in changes.items() if not metric_named(name.rpartition(" ")[2]).is_detail
        }
        moved = [name for name, change in shown.items() if change.verdict != "cannot tell"]
        if moved:
            yield f"Item by item these differ by more than chance would have it: {_listed(moved, len(shown))}."
        elif self._judged() and not shown:
            yield "The items of its scores are not there, so they were not compared one by one."


def compare_with(origin: Origin, folder: Path, progress: Progress = SILENT) -> Reproduction:
    """Compare a run with the one that it repeats.

    Args:
        origin: What was repeated.
        folder: The folder of the new run.
        progress: Gets the progress, a task a phase.

    Raises:
        DataError: A report cannot be read.
    """
    old, new = origin.folder / REPORT, folder / REPORT
    first, second = (read_scores(path) if path.is_file() else {} for path in (old, new))
    difference: Mapping[str, Mapping[str, Difference]] = {}
    if all(samples_path(path).is_file() for path in (old, new)):
        reports = [open_report(path, str(path.parent)) for path in (old, new)]
        difference = compared(reports[0].results, reports[1].results, (reports[0].name, reports[1].name), progress)
    return Reproduction(first, second, difference, have_same_weights(origin.model, folder / "model"), origin.changed)


def have_same_weights(one: Path, other: Path) -> bool | None:
    """Say whether two model folders hold the same tensors, bit for bit; None where the first holds none."""
    names, others = _weights(one), _weights(other)
    if not names:
        return None
    return names == others and all(_are_equal(one / name, other / name) for name in names)


def _weights(folder: Path) -> list[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*.safetensors"))
    return sorted(str(path) for path in files if path.parts[0] not in _EXPORTS | {"checkpoints"})


def _are_equal(one: Path, other: Path) -> bool:
    """Compare tensor by tensor: what stands beside them in a file, such as versions, does not count."""
    with safe_open(one, "pt") as first, safe_open(other, "pt") as second:
        if set(first.keys()) != set(second.keys()):
            return False
        return all(first.get_tensor(name).equal(second.get_tensor(name)) for name in first.keys())  # noqa: SIM118


def _is_close(old: Interval, new: Interval) -> bool:
    return math.isclose(old.value, new.value, rel_tol=0, abs_tol=_CLOSE)


def _listed(names: Sequence[str], of: int) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more} ({len(names)} of {of})"
