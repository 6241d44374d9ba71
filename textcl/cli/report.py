"""`textcl report`: the page of a run, made again from its folder."""

from pathlib import Path
from typing import Annotated

import typer


def report(runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Run folders.")]) -> None:
    """Write the report page of a run again.

    Uses what the folder holds; nothing is scored again.
    """
    from textcl.report.page import write_run_page

    for run in runs:
        print(write_run_page(run))
