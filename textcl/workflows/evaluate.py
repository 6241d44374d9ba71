"""Scores of a model: on the tasks of a run, and on suites by name; alone, or against another model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textcl.distributed import join_ranks
from textcl.embedding.embed import Embedding, model_embed
from textcl.evaluation.items import Result, results_of
from textcl.evaluation.run import evaluate
from textcl.evaluation.significance import Difference, Interval, compared, scores
from textcl.evaluation.suites import load_tasks
from textcl.report.facts import Facts
from textcl.report.page import AGAINST, MODEL, write_scores_page
from textcl.report.saved import Report
from textcl.report.scores import Scores
from textcl.util.progress import SILENT, Progress
from textcl.workflows.compare import open_other
from textcl.workflows.page import Watch, page_data

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
    how: Embedding,
    *,
    columns: Mapping[str, str] | None = None,
    against: str | None = None,
    progress: Progress = SILENT,
) -> Scored:
    """Score a saved model on suites; every rank of a launch calls it, and rank 0 gets the scores.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        suites: Names of bundled suites, paths of suites, or sets of the user's own as `sts:FILE`.
        data_dir: The folder of the suites' files; None: from the Hub.
        how: Precision, determinism, cache.
        columns: For own sets: what a column is for to its name in the file.
        against: Another model, which is scored on the same tasks, or a report, whose scores are taken as they are.
        progress: Gets the progress.

    Returns:
        For each task its metrics with 95 % intervals, and their differences from the other model's; no scores on other
        ranks than 0.

    Raises:
        DataError: A suite or its data is missing or faulty, or the report is of other data.
        ModelError: The model cannot be opened.
    """
    ranks = join_ranks()
    progress = progress if ranks.is_main else SILENT
    tasks = ranks.together(lambda: load_tasks(suites, data_dir, columns))
    # A report that is unfit is refused before the work.
    other = ranks.together(lambda: None if against is None else open_other(against, tasks))
    watch = Watch(tasks, _SEED)
    with watch.on(MODEL, model_embed(model, how, ranks, progress)) as embed:
        results = results_of(tasks, evaluate(tasks, embed, lambda task: progress.phase(f"Scoring {task}")))
    others: dict[str, Result] = {}
    if against is not None and other is None:
        with watch.on(AGAINST, model_embed(against, how, ranks, progress)) as embed:
            samples = evaluate(tasks, embed, lambda task: progress.phase(f"Scoring {task} with {against}"))
        others = results_of(tasks, samples)
    if not ranks.is_main:
        return Scored({}, results, watch)
    scored = {task: scores(result.sample) for task, result in results.items()}
    if against is None:
        return Scored(scored, results, watch)
    other = other or Report(against, {task: scores(result.sample) for task, result in others.items()}, others)
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
