"""Scores of a model: on the tasks of a run, and on suites by name."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from textcl.encoder import open_encoder
from textcl.evaluation import Interval, evaluate, load_tasks, scores
from textcl.recipe.embedding import shared_embed
from textcl.training import Ranks

OnTask = Callable[[str], None]


def score_model(
    model: str,
    suites: Sequence[str],
    data_dir: Path | None,
    precision: str,
    on_task: OnTask,
    columns: Mapping[str, str] | None = None,
) -> dict[str, dict[str, Interval]]:
    """Score a saved model on suites.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        suites: Names of bundled suites, paths of suites, or sets of the user's own as `sts:FILE`.
        data_dir: The folder of the suites' files; None: from the Hub.
        precision: float32, bf16 or auto.
        on_task: Called with a task's name before it runs.
        columns: For own sets: what a column is for to its name in the file.

    Returns:
        For each task its metrics with 95 % intervals.

    Raises:
        DataError: A suite or its data is missing or faulty.
        ModelError: The model can not be opened.
    """
    tasks = load_tasks(suites, data_dir, columns)
    embed = shared_embed(open_encoder(model, precision=precision), Ranks())
    samples = evaluate(tasks, embed, on_task)
    return {task: scores(sample) for task, sample in samples.items()}
