"""What the verbs that train have in common: how the process is set up, and how it ends when it is stopped."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer


def prepare_to_train() -> None:
    """Set up the process, before torch is first imported, and become several if several were asked for."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch: large tensors in huge pages, with far fewer page faults
    from textcl.cli.launching import start_missing_processes

    start_missing_processes()


@contextmanager
def telling_of_stops(folder: Path) -> Iterator[None]:
    """Leave with 130 where the run in a folder is stopped, and say how it goes on."""
    from textcl.training.loop import Stopped

    try:
        yield
    except Stopped as stopped:
        typer.echo(str(stopped), err=True)
        raise typer.Exit(130) from None
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. Checkpoints, if there are any, are in {folder / 'checkpoints'}.", err=True)
        raise typer.Exit(130) from None
