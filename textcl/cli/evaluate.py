"""`textcl evaluate`: scores of a saved model."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import DataDir, ModelName, Precision


def evaluate(
    model: ModelName,
    suites: Annotated[list[str], typer.Argument(metavar="SUITE", help="Suites: sts, scifact, or a path.")],
    data_dir: DataDir = None,
    json: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the scores to this file, and their items beside it."),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write a page to look at.")] = None,
    precision: Precision = "auto",
    against: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL|REPORT", help="Compare with another model, or with a report: a run folder, a JSON file."
        ),
    ] = None,
) -> None:
    """Score a model on suites of tasks, each score with its 95 % interval."""
    from textcl.cli.screen import results
    from textcl.recipe import score_model, write_evaluation_page
    from textcl.report import against_table, scores_table, write_items, write_scores

    found = score_model(
        model, suites, data_dir, precision, lambda task: typer.echo(f"Scoring {task}", err=True), against
    )
    if json is not None:
        write_items(json, found.results)
        write_scores(json, found.scores, found.other, found.difference)
    if html is not None:
        about = {"model": model, "against": against, "suites": ", ".join(suites), "precision": precision}
        write_evaluation_page(html, found, [(name, value) for name, value in about.items() if value is not None])
    if against is None:
        results().print(scores_table(found.scores))
    else:
        results().print(against_table(found.scores, found.other, found.difference))
