"""`textcl train`: a recipe becomes a run folder."""

import os
from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import Changes, RecipeName


def train(
    recipe: RecipeName,
    changes: Changes = None,
    out: Annotated[Path | None, typer.Option(help="The run folder; runs/<the recipe's name> without it.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in the folder.")] = False,
) -> None:
    """Train an encoder, scored before and after. Ctrl-C leaves a checkpoint, --resume goes on from it."""
    # Each shape of chunk gets kernels of its own, and oneDNN would keep 1,024 of them: hundreds of megabytes. It reads
    # this when torch is first imported, below; 32 hold what the layers of one chunk share.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch: large tensors in huge pages, with far fewer page faults
    from textcl.cli.launching import start_missing_processes
    from textcl.cli.progress import show_outcome, watching
    from textcl.cli.publishing import best_on_the_way, published, ready_to_publish
    from textcl.recipe import load_recipe, train_recipe
    from textcl.training import Stopped

    start_missing_processes()
    checked = load_recipe(recipe, changes or ())
    folder = out or Path("runs") / checked.name
    publisher = ready_to_publish(checked, folder)
    try:
        with watching() as watcher:
            on_best = best_on_the_way(publisher)
            outcome = train_recipe(checked, folder, resume=resume, watcher=watcher, on_best=on_best)
    except Stopped as stopped:
        typer.echo(str(stopped), err=True)
        raise typer.Exit(130) from None
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. Checkpoints, if there are any, are in {folder / 'checkpoints'}.", err=True)
        raise typer.Exit(130) from None
    show_outcome(outcome)
    published(publisher)
