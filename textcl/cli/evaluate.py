"""`textcl evaluate`: scores of a saved model."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import DataDir, ModelName, Precision


def evaluate(
    model: ModelName,
    suites: Annotated[
        list[str],
        typer.Argument(metavar="SUITE", help="Suites: sts, scifact, a path, or a task of mteb, mteb:STSBenchmark."),
    ],
    data_dir: DataDir = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the scores to this file.")] = None,
    precision: Precision = "auto",
) -> None:
    """Score a model on suites of tasks, each score with its 95 % interval."""
    from textcl.cli.screen import results
    from textcl.recipe import score_model
    from textcl.report import scores_table, write_scores

    scores = score_model(model, suites, data_dir, precision, lambda task: typer.echo(f"Scoring {task}", err=True))
    if json is not None:
        write_scores(json, scores)
    results().print(scores_table(scores))
