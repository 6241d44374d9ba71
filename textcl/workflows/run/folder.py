"""`run.json`: what a run was made with, so that it can be repeated."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from textcl.distributed import Ranks
from textcl.encoder.locate import find_on_hub
from textcl.errors import TrainingError
from textcl.evaluation.items import results_of
from textcl.evaluation.leakage import Leakage
from textcl.evaluation.significance import Difference, Interval, differences, scores
from textcl.evaluation.task import Sample, Task
from textcl.recipe.load import load_recipe, resolved
from textcl.recipe.schema import Recipe
from textcl.report.comparisons import comparison_table
from textcl.report.notebook import as_html, as_text
from textcl.report.scores import write_items, write_report
from textcl.types.text import Source
from textcl.util.atomic import new_file
from textcl.util.versions import versions
from textcl.workflows.run.data import wanted_shares

_FIXED = ("seed", "data", "encoder", "objective")  # sections that a run cannot change on its way


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


def write_provenance(
    path: Path, recipe: Recipe, source: Source, sizes: Sequence[int], start: str, device: str, ranks: int
) -> None:
    """Write the versions of the packages, the fingerprint of the data, what is tuned, the seed and the machine.

    Args:
        path: `run.json` of a run folder.
        recipe: What is run.
        source: What it trains on.
        sizes: Rows of each of the recipe's sources.
        start: The fingerprint of the encoder that training begins with.
        device: Where it trains: `cpu`, `cuda`.
        ranks: On how many processes.
    """
    facts = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "data": data_facts(source) | _mix(recipe, sizes),
        "base_models": base_models(recipe),
        "encoder": start,
        **machine_facts(device, ranks),
    }
    with new_file(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def data_facts(source: Source) -> dict[str, object]:
    """Return what tells one set of training data from another."""
    return {"rows": len(source), "fingerprint": source.fingerprint}


def _mix(recipe: Recipe, sizes: Sequence[int]) -> dict[str, object]:
    """Return the rows of each source and the fraction that it has of the rows drawn; of a single source nothing."""
    if len(sizes) == 1:
        return {}
    each = zip(recipe.data.names, sizes, wanted_shares(recipe, sizes), strict=True)
    return {"sources": [{"name": name, "rows": size, "share": share} for name, size, share in each]}


def base_models(recipe: Recipe) -> list[dict[str, str]]:
    """Return the models on the Hub whose weights a run starts from, with their commits; folders and packages have none.

    Raises:
        ModelError: There is no such model.
    """
    section = recipe.encoder
    towers = [(section.backbone, section.random_init)]
    if section.documents is not None:
        is_random = section.documents.random_init
        backbone = section.documents.backbone or section.backbone
        towers.append((backbone, section.random_init if is_random is None else is_random))
    names = dict.fromkeys(backbone for backbone, is_random in towers if not is_random)
    return [asdict(model) for model in map(find_on_hub, names) if model is not None]


def machine_facts(device: str, ranks: int) -> dict[str, Any]:
    """Return what runs the code here, the arguments as above. `Any`: its facts are of many kinds."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
        "processes": ranks,
        "packages": versions(),
    }


Scores = dict[str, dict[str, Interval]]  # task -> metric -> score


@dataclass(frozen=True, slots=True, repr=False)
class Outcome:
    """What a run leaves: its folder, and the scores if its recipe asks for any."""

    folder: Path
    before: Scores
    after: Scores
    difference: dict[str, dict[str, Difference]]

    def __repr__(self) -> str:
        if not self.difference:
            return "no scores: the recipe has no evaluation.after"
        return as_text(comparison_table(self.before, self.after, self.difference))

    def _repr_html_(self) -> str:
        if not self.difference:
            return repr(self)
        return as_html(comparison_table(self.before, self.after, self.difference))


def leave_report(
    folder: Path,
    tasks: list[Task],
    before: dict[str, Sample],
    after: dict[str, Sample],
    leakage: dict[str, Leakage],
    ranks: Ranks,
) -> Outcome:
    """Return the scores before and after a run and their differences, and write them on rank 0 if there are any."""
    outcome = Outcome(
        folder,
        before={task: scores(sample) for task, sample in before.items()},
        after={task: scores(sample) for task, sample in after.items()},
        difference={task: differences(before[task], sample) for task, sample in after.items()},
    )
    if ranks.is_main and outcome.after:
        write_items(folder / "report.json", results_of(tasks, after))
        write_report(folder / "report.json", outcome.before, outcome.after, outcome.difference, leakage)
    return outcome
