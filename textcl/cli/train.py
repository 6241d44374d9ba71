"""`textcl train`: a recipe becomes a run folder."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.launching import prepare_to_train, reporting_stops
from textcl.cli.options import AllowCode, Changes, RecipeName


def train(
    recipe: RecipeName,
    changes: Changes = None,
    out: Annotated[
        Path | None, typer.Option(help="The run folder. Default: runs/NAME, with the recipe's name.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interrupted run in the folder.")] = False,
    allow_code: AllowCode = None,
) -> None:
    """Train an encoder, and score it before and after.

    Ctrl-C leaves a checkpoint; --resume goes on from it.
    """
    prepare_to_train()
    import sys

    from textcl.cli.launching import refuse_launch_settings, show_outcome
    from textcl.cli.push import best_on_the_way, published, ready_to_publish
    from textcl.recipe.load import load_recipe
    from textcl.report.progress import show_progress
    from textcl.workflows.train import train as train_recipe

    checked = load_recipe(recipe, changes or (), allow_code or ())
    refuse_launch_settings(checked.training.precision, "training.precision", trains=True)
    folder = out or Path("runs") / checked.name
    publisher = ready_to_publish(checked, folder)
    with reporting_stops(folder), show_progress(sys.stdout) as progress:
        on_best = best_on_the_way(publisher)
        run = train_recipe(checked, out=folder, resume=resume, progress=progress, on_best=on_best)
    show_outcome(run.report)
    published(publisher)
