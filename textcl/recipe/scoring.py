"""Scores of a model: on the tasks of a run, and on suites by name; alone, or against another model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textcl.encoder import open_encoder
from textcl.evaluation import Difference, Interval, Result, compared, evaluate, load_suite, results_of, scores
from textcl.recipe.embedding import shared_embed
from textcl.recipe.other import open_other
from textcl.recipe.page_data import page_data
from textcl.recipe.watching import Watch
from textcl.report import AGAINST, MODEL, Facts, Report, Scores, write_scores_page
from textcl.training import Ranks
from textcl.types import Embed

OnTask = Callable[[str], None]
_SEED = 17  # of what a page samples


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a model, the items that they are made of, and how they compare with another model's."""

    scores: dict[str, dict[str, Interval]]  # task -> metric -> score
    results: Mapping[str, Result]
    watch: Watch  # what was seen meanwhile
    other: Scores = field(default_factory=dict)  # empty: compared with none
    difference: dict[str, dict[str, Difference]] = field(default_factory=dict)
    others: Mapping[str, Result] = field(default_factory=dict)  # of the other model, if it was scored now


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
    watch = Watch(tasks, _SEED)
    with watch.on(MODEL, embed_by(model, precision)) as embed:
        results = results_of(tasks, evaluate(tasks, embed, on_task))
    scored = {task: scores(result.sample) for task, result in results.items()}
    if against is None:
        return Scored(scored, results, watch)
    others: dict[str, Result] = {}
    if other is None:
        with watch.on(AGAINST, embed_by(against, precision)) as embed:
            others = results_of(tasks, evaluate(tasks, embed, lambda task: on_task(f"{task} with {against}")))
        other = Report(against, {task: scores(result.sample) for task, result in others.items()}, others)
    difference = compared(other.results, results, (against, model))
    return Scored(scored, results, watch, {task: other.scores[task] for task in results}, difference, others)


def write_evaluation_page(path: Path, found: Scored, facts: Facts) -> None:
    """Write the page of what was scored.

    Args:
        path: The file, HTML.
        found: The scores.
        facts: What stands at the head of the page, by name; the first is the model.
    """
    models = {AGAINST: found.others, MODEL: found.results} if found.others else {MODEL: found.results}
    samples = {name: {task: result.sample for task, result in results.items()} for name, results in models.items()}
    data = page_data(found.watch, samples, _SEED)
    write_scores_page(path, found.scores, data, facts, found.other, found.difference)


def embed_by(model: str, precision: str) -> Embed:
    """Open a model."""
    return shared_embed(open_encoder(model, precision=precision), Ranks())
