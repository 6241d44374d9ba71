"""What the verbs that train have in common: how the process is set up, and how it ends when it is stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from textcl.workflows.run.folder import Outcome


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


def show_outcome(outcome: Outcome) -> None:
    """Print the scores before and after a run side by side, and where its model lies; on the first process only."""
    from textcl.cli.screen import results
    from textcl.distributed import join_ranks
    from textcl.report.comparisons import comparison_table

    if not join_ranks().is_main:
        return
    if outcome.difference:
        results().print(comparison_table(outcome.before, outcome.after, outcome.difference))
    print(f"The model is in {outcome.folder / 'model'}")
