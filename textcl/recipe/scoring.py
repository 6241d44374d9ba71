"""Scores of a model: on the tasks of a run, and on suites by name."""

from collections.abc import Callable, Sequence
from pathlib import Path

from textcl.encoder import open_encoder
from textcl.evaluation import Interval, evaluate, load_suite, scores
from textcl.recipe.embedding import shared_embed
from textcl.training import Ranks

OnTask = Callable[[str], None]


def score_model(
    model: str, suites: Sequence[str], data_dir: Path | None, precision: str, on_task: OnTask
) -> dict[str, dict[str, Interval]]:
    """Score a saved model on suites.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        suites: Names of bundled suites, or paths.
        data_dir: The folder of the suites' files; None: from the Hub.
        precision: float32, bf16 or auto.
        on_task: Called with a task's name before it runs.

    Returns:
        For each task its metrics with 95 % intervals.

    Raises:
        DataError: A suite or its data is missing or faulty.
        ModelError: The model can not be opened.
    """
    tasks = {task.name: task for suite in suites for task in load_suite(suite, data_dir)}  # suites may share tasks
    embed = shared_embed(open_encoder(model, precision=precision), Ranks())
    samples = evaluate(list(tasks.values()), embed, on_task)
    return {task: scores(sample) for task, sample in samples.items()}
