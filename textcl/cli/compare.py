"""`textcl compare`: runs side by side."""

from pathlib import Path
from typing import Annotated

import typer


def compare(
    runs: Annotated[
        list[str], typer.Argument(metavar="RUN RUN…", help="Run folders, or JSON files written by `textcl evaluate`.")
    ],
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the comparison to this file.")] = None,
) -> None:
    """Compare the scores and settings of runs.

    Shows the scores, the differences from the first run, and the settings that differ.
    """
    import sys

    from textcl.cli.screen import check_results, results
    from textcl.report.progress import show_progress
    from textcl.report.scores import write_comparison
    from textcl.report.tables import runs_table, settings_table
    from textcl.workflows.compare import compare_runs

    check_results(json, read=runs)
    with show_progress(sys.stderr, keeps=False) as progress:
        found = compare_runs(runs, progress)
    names = [run.name for run in found.runs]
    scores, differences = [run.scores for run in found.runs], [run.difference for run in found.runs]
    if json is not None:
        write_comparison(json, names, scores, differences, found.settings)
    screen = results()
    screen.print(runs_table(names, scores, differences))
    if found.settings:
        screen.print(settings_table(names, found.settings))
