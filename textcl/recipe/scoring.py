"""Scores of a model: on the tasks of a run, and on suites by name; alone, or against another model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textcl.encoder import open_encoder
from textcl.evaluation import Difference, Interval, Result, Task, compared, evaluate, load_suite, results_of, scores
from textcl.recipe.embedding import shared_embed
from textcl.recipe.other import open_other
from textcl.report import Report, Scores
from textcl.training import Ranks

OnTask = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a model, the items that they are made of, and how they compare with another model's."""

    scores: dict[str, dict[str, Interval]]  # task -> metric -> score
    results: Mapping[str, Result]
    other: Scores = field(default_factory=dict)  # empty: compared with none
    difference: dict[str, dict[str, Difference]] = field(default_factory=dict)


def score_model(
    model: str,
    suites: Sequence[str],
    data_dir: Path | None,
    precision: str,
    on_task: OnTask,
    against: str | None = None,
) -> Scored:
    """Score a saved model on suites.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        suites: Names of bundled suites, or paths.
        data_dir: The folder of the suites' files; None: from the Hub.
        precision: float32, bf16 or auto.
        on_task: Called with a task's name before it runs.
        against: Another model, which is scored on the same tasks, or a report, whose scores are taken as they are.

    Returns:
        For each task its metrics with 95 % intervals, and their differences from the other model's.

    Raises:
        DataError: A suite or its data is missing or faulty, or the report is of other data.
        ModelError: The model can not be opened.
    """
    by_name = {task.name: task for suite in suites for task in load_suite(suite, data_dir)}  # suites may share tasks
    tasks = list(by_name.values())
    other = None if against is None else open_other(against, tasks)  # a report that is unfit is refused before the work
    results = results_on(model, tasks, precision, on_task)
    scored = {task: scores(result.sample) for task, result in results.items()}
    if against is None:
        return Scored(scored, results)
    if other is None:
        others = results_on(against, tasks, precision, lambda task: on_task(f"{task} with {against}"))
        other = Report(against, {task: scores(result.sample) for task, result in others.items()}, others)
    difference = compared(other.results, results, (against, model))
    return Scored(scored, results, {task: other.scores[task] for task in results}, difference)


def results_on(model: str, tasks: Sequence[Task], precision: str, on_task: OnTask) -> dict[str, Result]:
    """Open a model, run tasks on it, and let go of it."""
    embed = shared_embed(open_encoder(model, precision=precision), Ranks())
    return results_of(tasks, evaluate(tasks, embed, on_task))
