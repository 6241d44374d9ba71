"""Scores on the way of a run, and the best model by one of them."""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch

from textcl.distributed import Ranks
from textcl.encoder.opening import open_encoder
from textcl.encoder.protocols import TextEncoder
from textcl.errors import RecipeError, TextclError, located
from textcl.evaluation.run import evaluate
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.task import Task
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.recipe.schema import Recipe
from textcl.recipe.section import HELD_OUT, During, InlineTask
from textcl.training.checkpoint import Log
from textcl.training.target import frozen_names, load_trained, trained_state
from textcl.types.batches import Embed, FloatArray
from textcl.types.protocols import StepLog
from textcl.types.text import Role, Use
from textcl.util.atomic import new_folder
from textcl.workflows.run.build import build_component_source, build_data


def build_tasks(recipe: Recipe, held: Sequence[Task] | None = None) -> list[Task]:
    """Load the tasks that are scored before and after a run: those of the rows that it holds out, and others.

    Args:
        recipe: What is run.
        held: The tasks of the held-out rows; None: the data of the recipe is read for them, if it holds rows out.

    Raises:
        RecipeError: Two tasks have one name, or an inline task has rows without a positive.
        DataError: Data is missing or faulty.
    """
    entries = {f"evaluation.after.{number}": entry for number, entry in enumerate(recipe.evaluation.after)}
    others = {location: entry for location, entry in entries.items() if entry != HELD_OUT}
    held = _held(recipe) if held is None else held
    return _distinct([*held, *_loaded(recipe, others, held)], "evaluation.after")


def _held(recipe: Recipe) -> list[Task]:
    """Read the data of a recipe for the tasks of its held-out rows."""
    if recipe.data.held_out is None:
        return []
    from textcl.workflows.run.held_out import held_out_tasks  # which few runs need

    return [made.task for made in held_out_tasks(recipe, build_data(recipe).held)]


def _loaded(recipe: Recipe, entries: Mapping[str, str | InlineTask], held: Sequence[Task]) -> Iterable[Task]:
    """Load the tasks that a recipe names, by their locations in it."""
    folder = _data_dir(recipe)
    for location, entry in entries.items():
        if isinstance(entry, InlineTask):
            yield _inline(recipe, entry, location)
        else:
            yield from held if entry == HELD_OUT else _suite(entry, folder, location)


def _distinct(tasks: list[Task], location: str) -> list[Task]:
    twice = [name for name, count in Counter(task.name for task in tasks).items() if count > 1]
    if twice:
        raise RecipeError(f"{location}: the task '{twice[0]}' comes twice; a report holds it once. Take one out.")
    return tasks


def build_tasks_during(recipe: Recipe, held: Sequence[Task] | None = None) -> list[Task]:
    """Load the tasks that are scored while a run goes on; none where the recipe wants none.

    Args:
        recipe: What is run.
        held: As above.

    Raises:
        RecipeError: `keep_best_by` names a task that the suite lacks, or a metric that the task lacks.
        DataError: Data is missing or faulty.
    """
    during = recipe.evaluation.during
    if during is None:
        return []
    entries = {f"evaluation.during.{location}": entry for location, entry in during.entries.items()}
    if held is None:
        held = _held(recipe) if HELD_OUT in entries.values() else ()
    tasks = _distinct(list(_loaded(recipe, entries, held)), "evaluation.during")
    scored = ", ".join(entry if isinstance(entry, str) else entry.name for entry in entries.values())
    task = (during.keep_best_by or "").partition("/")[0]
    known = [task.name for task in tasks]
    if task and task not in known:
        raise RecipeError(
            f"evaluation.during.keep_best_by: found '{during.keep_best_by}', but {scored} has the tasks "
            f"{', '.join(known)}. It is written task/metric: {known[0]}/spearman."
        )
    if during.keep_best_by:
        _chosen(_scores([tasks[known.index(task)]], _by_chance), during.keep_best_by)
    return tasks


def _by_chance(texts: Sequence[str], role: Role | Use) -> FloatArray:
    """Embed texts without a model: enough to see which metrics a task has."""
    return np.random.default_rng(len(texts)).normal(size=(len(texts), 8)).astype(np.float32)


def _scores(tasks: Sequence[Task], embed: Embed) -> dict[str, float]:
    """Return `task/metric` -> score of every task."""
    return {
        f"{task}/{metric}": float(value[0])
        for task, sample in evaluate(tasks, embed).items()
        for metric, value in sample.metrics(np.ones((1, sample.size))).items()
    }


def _chosen(scores: Mapping[str, float], name: str) -> float:
    if name not in scores:
        raise RecipeError(f"evaluation.during.keep_best_by: found '{name}'. It takes one of {', '.join(scores)}.")
    return scores[name]


def _data_dir(recipe: Recipe) -> Path | None:
    folder = recipe.evaluation.data_dir
    return None if folder is None else Path(folder).expanduser()


def _suite(name: str, folder: Path | None, location: str) -> list[Task]:
    try:
        return load_tasks([name], folder)
    except TextclError as error:
        raise located(error, location) from None
    except (OSError, ValueError) as error:  # a name that can be no path
        raise RecipeError(f"{location}: found {name[:80]!r}: {error}") from error


def _inline(recipe: Recipe, entry: InlineTask, location: str) -> Task:
    source = build_component_source(recipe, entry.source, f"{location}.source")
    rows = [source[row] for row in range(len(source))]
    lacking = next((row.row for row in rows if not row.positives), None)
    if lacking is not None:
        raise RecipeError(
            f"{location}.source: {source.location(lacking)} has no positive. Retrieval looks for each row's "
            f"positive by its "
            "anchor: it needs pairs."
        )
    pairs = [(row.anchor, positive) for row in rows for positive in row.positives]
    return Retrieval.from_pairs(entry.name, pairs)


BEST = "best"  # folder of the best model so far, in the run folder
_RECORD, _TRAINED = "best.json", "trained.pt"


class DuringEvaluation:
    """Scores an encoder every so many steps and keeps the best, if the recipe says by what.

    Args:
        section: How often, and by which `task/metric` the best is kept.
        tasks: What is scored.
        embed: Returns the encoder that is trained, as it is now; vectors that it remembers must not outlive a step.
        encoder: The same, to be saved.
        folder: The run folder; `evaluations.jsonl` and `best/` are written by rank 0.
        ranks: Every rank scores, with equal results.
        done: Steps of an earlier run.
        on_scores: Called with the step and its scores.
        on_best: Called on rank 0 when a better model was kept, with what is said of it.
        whole: Gives the encoder all its weights for a block, where the ranks share them out.
    """

    def __init__(
        self,
        section: During,
        tasks: list[Task],
        embed: Callable[[], Embed],
        encoder: TextEncoder,
        folder: Path,
        ranks: Ranks,
        done: int,
        on_scores: Callable[[int, dict[str, float]], None],
        on_best: Callable[[str], None] = lambda _: None,
        whole: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self.section, self.tasks, self.embed, self.encoder = section, tasks, embed, encoder
        self.folder, self.ranks, self.on_scores, self.on_best = folder, ranks, on_scores, on_best
        self.whole = whole
        self._log = Log(folder / "evaluations.jsonl", done) if ranks.is_main else None

    def __call__(self, entry: StepLog) -> None:
        """Score the encoder, if that is due after this step."""
        self._score(entry.step, entry.steps)

    def catch_up(self, done: int, steps: int) -> None:
        """Score the encoder as a checkpoint left it, where the run was stopped before it could do so itself.

        Args:
            done: Steps of the checkpoint.
            steps: Length of the run.
        """
        if done and self.ranks.any(self._log is not None and not self._log.has(done)):
            self._score(done, steps)

    def _score(self, step: int, steps: int) -> None:
        if step % self.section.every and step != steps:
            return
        with self.whole():
            self._score_whole(step)

    def _score_whole(self, step: int) -> None:
        scores = _scores(self.tasks, self.embed())
        self.on_scores(step, scores)
        if self._log is None:
            return
        if self.section.keep_best_by is not None:
            self._keep(step, _chosen(scores, self.section.keep_best_by))
        self._log.add({"step": step, **scores})  # the last thing, so that what it tells of is whole

    def _keep(self, step: int, score: float) -> None:
        name = str(self.section.keep_best_by)
        if math.isnan(score) or score <= _best_score(self.folder, name):
            return
        with new_folder(self.folder / BEST) as temporary:
            self.encoder.save(temporary / "model")
            if frozen_names(self.encoder):  # then the model's weights are merged, and cannot be taken apart again
                torch.save(trained_state(self.encoder), temporary / _TRAINED)
            record = {"step": step, "score": score, "by": name}
            (temporary / _RECORD).write_text(json.dumps(record), encoding="utf-8")
        self.on_best(f"step {step}, {name} {100 * score:.2f}")


def take_best(encoder: TextEncoder, folder: Path, name: str | None, ranks: Ranks) -> None:
    """Give an encoder the weights of the best model that a run has kept.

    Args:
        encoder: That of this rank, as the last step left it.
        folder: The run folder.
        name: The `task/metric` that the recipe keeps the best by; None: the last weights stay.
        ranks: All get what the first one reads.
    """
    if name is None:
        return
    if ranks.is_main and _best_score(folder, name) > -math.inf:
        _take(encoder, folder / BEST)
    ranks.agree(encoder.state_dict().values())


def _take(encoder: TextEncoder, best: Path) -> None:
    if frozen_names(encoder):
        load_trained(encoder, torch.load(best / _TRAINED, map_location="cpu", weights_only=True))
    else:
        encoder.load_state_dict(open_encoder(best / "model", device="cpu").state_dict())


def _best_score(folder: Path, name: str) -> float:
    """Return the best score so far by a metric; minus infinity where none is kept, or one by another metric."""
    file = folder / BEST / _RECORD
    record = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return float(record["score"]) if record.get("by") == name else -math.inf
