"""Scores of a model: on the tasks of a run, and on suites by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from textcl.evaluation import Interval, Task, evaluate, load_suite, scores
from textcl.recipe.model_embed import Embedding, EmbedWatcher, model_embed
from textcl.training import join_ranks


class ScoreWatcher(EmbedWatcher, Protocol):
    """Is told what an evaluation does, to show it. Only rank 0 tells."""

    def task(self, name: str) -> None:
        """A task begins."""
        ...


def score_model(
    model: str, suites: Sequence[str], data_dir: Path | None, how: Embedding, watcher: ScoreWatcher
) -> dict[str, dict[str, Interval]]:
    """Score a saved model on suites; every rank of a launch calls it, and rank 0 gets the scores.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        suites: Names of bundled suites, or paths.
        data_dir: The folder of the suites' files; None: from the Hub.
        how: Precision, determinism, cache.
        watcher: Is told of the progress.

    Returns:
        For each task its metrics with 95 % intervals; nothing on other ranks than 0.

    Raises:
        DataError: A suite or its data is missing or faulty.
        ModelError: The model can not be opened.
    """
    ranks = join_ranks()
    watcher = watcher if ranks.is_main else _Silent()
    tasks = ranks.together(lambda: _tasks(suites, data_dir))
    samples = evaluate(tasks, model_embed(model, how, ranks, watcher), watcher.task)
    return {task: scores(sample) for task, sample in samples.items()} if ranks.is_main else {}


def _tasks(suites: Sequence[str], data_dir: Path | None) -> list[Task]:
    """Load the tasks of suites, which may share some."""
    return list({task.name: task for suite in suites for task in load_suite(suite, data_dir)}.values())


class _Silent:
    """The watcher of the other ranks."""

    def task(self, name: str) -> None: ...

    def missing(self, count: int) -> None: ...

    def texts(self, count: int) -> None: ...
