"""`run.json`: what a run was made with, so that it can be repeated."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import numpy as np

from textcl.data.sources.file_rows import source_files
from textcl.distributed import Ranks
from textcl.encoder.locate import find_on_hub
from textcl.errors import DataError, TrainingError
from textcl.evaluation.items import results_of
from textcl.evaluation.leakage import Leakage
from textcl.evaluation.significance import Difference, Interval, differences, scores
from textcl.evaluation.task import Sample, Task
from textcl.files.yaml import read_yaml_file
from textcl.recipe.load import load_run_recipe, resolved
from textcl.recipe.schema import Recipe, TrainingSection
from textcl.report.scores import write_items, write_report
from textcl.report.tables import as_html, as_text, comparison_table
from textcl.training.checkpoint import checkpoints, last_step, step_of
from textcl.types.text import Source
from textcl.util.atomic import is_part, new_file, write_json
from textcl.util.cache import fingerprint_of, key_of
from textcl.util.installed import versions
from textcl.workflows.run.data import RunBatches, requested_shares

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
    holds = folder.exists() and any(not is_part(path) for path in folder.iterdir())
    if resume and (holds or not folder.exists()):
        _check_same_run(folder, recipe)
    elif holds:
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
    began = load_run_recipe(file, recipe.allow_code)
    changed = [section for section in _FIXED if _fixed(began, section) != _fixed(recipe, section)]
    if began.training.optimiser != recipe.training.optimiser:
        changed.append("training.optimiser")
    if changed:
        raise TrainingError(
            f"{folder} began with another recipe: {', '.join(changed)} differ from those in {file}. Go on with that "
            f"one (textcl train {file} --out {folder} --resume), or name another folder with --out."
        )


def check_resumed(folder: Path, source: Source, batches: RunBatches, start: str, steps: int) -> None:
    """Make sure that a run goes on from what it began with; nothing is written.

    Args:
        folder: Its folder.
        source: What it trains on now.
        batches: Made of it.
        start: The fingerprint of the encoder that training begins with.
        steps: Its length now.

    Raises:
        TrainingError: The data that it has read or the base model is another, its checkpoints are gone, or it has made
            more steps.
    """
    facts = read_facts(folder / "run.json")
    data = data_facts(source)
    then = facts.get("data")
    then = then if isinstance(then, dict) else data
    is_other = then.get("fingerprint") != data["fingerprint"]
    if is_other and not _has_read_alike(facts.get(_READ), _steps_kept(folder), source, batches):
        raise TrainingError(
            f"{folder}: the data is not that of the run, which had {then.get('rows')} rows with the fingerprint "
            f"{then.get('fingerprint')}; here are {data['rows']} with {data['fingerprint']}."
            f"{first_other_file(then, data)} {_OTHER_WAY}"
        )
    if facts.get("encoder", start) != start:
        raise TrainingError(
            f"{folder}: the base model is not that of the run: its weights, its config or its tokenizer have changed. "
            f"{_OTHER_WAY}"
        )
    _refuse_lost_steps(folder, steps)


_READ = "read"  # in `run.json`, where a row has stopped a run: how many steps it has made, and what they have read


def note_read(folder: Path, source: Source, batches: RunBatches) -> None:
    """Note what a run has read that a row has stopped, so that it may go on when rows are mended that it has not.

    Args:
        folder: Its folder, with a checkpoint of every step that it has made.
        source: What it trains on.
        batches: Made of it.
    """
    steps = _steps_kept(folder)
    with suppress(DataError, OSError):  # a file that is gone or changes, or a full disk: then only the same data go on
        read = {"steps": steps, "fingerprint": _fingerprint_read(steps, source, batches)}
        write_json(folder / "run.json", read_facts(folder / "run.json") | {_READ: read})


def _has_read_alike(read: object, steps: int, source: Source, batches: RunBatches) -> bool:
    """Say whether the steps that a run has made would read the same now."""
    if not isinstance(read, dict) or read.get("steps") != steps:
        return False
    return bool(read.get("fingerprint") == _fingerprint_read(steps, source, batches))


def _steps_kept(folder: Path) -> int:
    """Return the steps of the newest checkpoint of a run; 0 without one."""
    kept = checkpoints(folder / "checkpoints")
    return step_of(kept[0]) if kept else 0


def _fingerprint_read(steps: int, source: Source, batches: RunBatches) -> str:
    """Digest the rows of some steps, in which order they come, and the first, which shows what rows are like."""
    order = [batches.rows(step) for step in range(steps)]
    rows = np.unique(np.concatenate([[0], *order])).tolist()
    digests = [hashlib.blake2b(rows.tobytes(), digest_size=16).hexdigest() for rows in order]
    return key_of(len(source), fingerprint_of(source[int(row)] for row in rows), *digests)


_OTHER_WAY = "Bring back what it began with, or name another folder with --out for a new run. Nothing was changed."


def _refuse_lost_steps(folder: Path, steps: int) -> None:
    """Raise where going on would lose steps that were made."""
    logged, done = last_step(folder / "log.jsonl"), _steps_kept(folder)
    if done > steps:
        raise TrainingError(
            f"{folder}: the run has made {done} steps, and now is to have {steps}. Give it {done} or more, or name "
            "another folder with --out for a shorter run. Nothing was changed."
        )
    began = _first_kept(folder / "recipe.yaml")
    if not done and logged and (logged > began or (folder / "model").exists()):
        raise TrainingError(
            f"{folder}: the run made {logged} steps, but its checkpoints are gone, so it cannot go on. Bring back "
            f"{folder / 'checkpoints'}, or name another folder with --out. Nothing was changed."
        )


def _first_kept(recipe: Path) -> int:
    """Return after how many steps the run of a recipe wrote its first checkpoint."""
    training = read_yaml_file(recipe).get("training") if recipe.is_file() else None
    return int((training or {}).get("save_every", TrainingSection().save_every))


def read_facts(path: Path) -> dict[str, Any]:
    """Read `run.json`; empty where a run was stopped before it. `Any`: its facts are of many kinds.

    Raises:
        TrainingError: It cannot be read.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except (OSError, ValueError, RecursionError) as error:
        raise TrainingError(f"{path} cannot be read: {error}. Name another folder with --out.") from error
    if not isinstance(found, dict):
        raise TrainingError(f"{path} cannot be read: it holds no mapping, as textcl train writes.")
    return found


def _fixed(recipe: Recipe, section: str) -> object:
    """Return a section without what changes no number."""
    if section == "data":
        return recipe.data.model_copy(update={"workers": None})
    return getattr(recipe, section)


def write_provenance(
    path: Path,
    recipe: Recipe,
    source: Source,
    sizes: Sequence[int],
    start: str,
    device: str,
    ranks: int,
    held: Mapping[str, int] = MappingProxyType({}),
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
        held: The tasks of rows that are held out, and how many rows those are.
    """
    facts = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "data": data_facts(source) | _mix(recipe, sizes) | ({"held_out": dict(held)} if held else {}),
        "base_models": base_models(recipe),
        "encoder": start,
        **machine_facts(device, ranks),
    }
    with new_file(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def data_facts(source: Source) -> dict[str, Any]:
    """Return what tells one set of training data from another; of several files, each. `Any`: as in `run.json`.

    Files have names without the way to them, which is nobody's business where a run is published.
    """
    files = source_files(source)
    listed = [asdict(replace(file, location=PurePosixPath(file.location).name)) for file in files]
    return {"rows": len(source), "fingerprint": source.fingerprint} | ({"files": listed} if len(listed) > 1 else {})


def first_other_file(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Say which file is not that of a run, the first of several; an empty text where that is not known."""
    before, here = ([tuple(file.values()) for file in facts.get("files") or ()] for facts in (then, now))
    if not (before and here):
        return ""
    gone, come = ([file for file in one if file not in other] for one, other in ((before, here), (here, before)))
    for name, rows, _ in gone:
        changed = next((file for file in come if file[0] == name), None)
        return f" {name}, of {rows:,} rows, " + (f"has changed, and has {changed[1]:,}." if changed else "is missing.")
    return f" {come[0][0]}, of {come[0][1]:,} rows, is new." if come else " The files come in another order."


def _mix(recipe: Recipe, sizes: Sequence[int]) -> dict[str, object]:
    """Return the rows of each source and the fraction that it has of the rows drawn; of a single source nothing."""
    if len(sizes) == 1:
        return {}
    each = zip(recipe.data.names, sizes, requested_shares(recipe, sizes), strict=True)
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
            return "no scores: the recipe has neither evaluation.after nor data.held_out"
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
    limits: Mapping[str, str] = MappingProxyType({}),
) -> Outcome:
    """Return the scores before and after a run and their differences, and write them on rank 0 if there are any.

    `limits` says of a task what its scores cannot tell.
    """
    outcome = Outcome(
        folder,
        before={task: scores(sample) for task, sample in before.items()},
        after={task: scores(sample) for task, sample in after.items()},
        difference={task: differences(before[task], sample) for task, sample in after.items()},
    )
    if ranks.is_main and outcome.after:
        write_items(folder / "report.json", results_of(tasks, after))
        write_report(folder / "report.json", outcome.before, outcome.after, outcome.difference, leakage, limits)
    return outcome
