"""`textcl sweep`: a recipe under several settings and seeds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import AllowCode, RecipeName


def sweep(
    recipe: RecipeName,
    changes: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY=VALUE[,VALUE…]",
            help="Changes to the recipe; several values of a key are tried in turn: training.learning_rate=1e-5,3e-5",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The folder. Default: runs/NAME-sweep, with the recipe's name.")
    ] = None,
    seeds: Annotated[int, typer.Option(metavar="N", help="Train each setting with the seeds 1 to N.")] = 1,
    trials: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Try N settings that Optuna proposes, not all; then 2e-6..1e-4 is a range. Needs evaluation.during.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="TASK/METRIC", help="What chooses. Default: the main metric of the held-out rows."),
    ] = None,
    jobs: Annotated[int, typer.Option(metavar="N", help="Train N runs side by side.")] = 1,
    allow_code: AllowCode = None,
) -> None:
    """Train a recipe under several settings and seeds, and choose the best.

    Writes a run folder each, sweep.html and winner.yaml. The same command goes on where it was stopped. Exit code 1: a
    run failed.
    """
    from textcl.cli.launching import prepare_to_train

    prepare_to_train()
    import sys

    from textcl.cli.launching import reporting_stops
    from textcl.report.progress import show_progress
    from textcl.workflows.sweep import parsed
    from textcl.workflows.sweep import sweep as sweep_recipe

    fixed, grid = parsed(changes or (), has_ranges=trials is not None)
    folder = out or Path("runs") / f"{Path(recipe).stem}-sweep"
    with reporting_stops(folder), show_progress(sys.stdout) as progress:
        found = sweep_recipe(
            recipe, grid, out=folder, changes=fixed, seeds=seeds, trials=trials, by=by, jobs=jobs,
            allow_code=allow_code or (), progress=progress,
        )  # fmt: skip
    for line in found.lines():
        print(line)
    if found.failed:
        raise typer.Exit(1)
