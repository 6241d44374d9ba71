"""`textcl reproduce`: a run once more from its own recipe, and whether it comes out the same."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.launching import prepare_to_train, refuse_launch_settings, reporting_stops
from textcl.cli.options import AllowCode, Changes


def reproduce(
    run: Annotated[
        str, typer.Argument(metavar="RUN|REPO", help="A run folder, or a model that textcl push published.")
    ],
    changes: Changes = None,
    out: Annotated[
        Path | None, typer.Option(help="The new run folder. Default: runs/NAME-again, with the recipe's name.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the interrupted run in the folder.")] = False,
    allow_code: AllowCode = None,
) -> None:
    """Train a run again from its recipe, and compare.

    First it says what is not as it was then: data (another is refused), base model, versions, machine. Where the files
    of a run lie here is said by changes: data.sources.0.path=mine.txt. Exit code 1: it did not come out the same.
    """
    prepare_to_train()
    import sys

    from textcl.cli.screen import results
    from textcl.distributed import join_ranks
    from textcl.report.progress import show_progress
    from textcl.report.tables import runs_table
    from textcl.workflows.reproduce import compare_with, open_origin
    from textcl.workflows.run.train import train_recipe

    ranks = join_ranks()
    origin = ranks.together(lambda: open_origin(run, changes or (), allow_code or ()))
    refuse_launch_settings(origin.recipe.training.precision, "training.precision", trains=True)
    if ranks.is_main:
        for line in (*origin.changed, *origin.remarks) or (
            "Data, base model, versions and machine are those of then.",
        ):
            print(line, flush=True)
    folder = out or Path("runs") / f"{origin.recipe.name}-again"
    with reporting_stops(folder), show_progress(sys.stdout) as progress:
        train_recipe(origin.recipe, folder, resume=resume, progress=progress)
    if not ranks.is_main:
        return
    with show_progress(sys.stderr, keeps=False) as progress:
        found = compare_with(origin, folder, progress)
    if found.first and found.second:
        results().print(runs_table([run, str(folder)], [found.first, found.second], [{}, found.difference]))
    print(found.answer())
    print(f"The model is in {folder / 'model'}")
    if found.has_reproduced is False:
        raise typer.Exit(1)
