"""`textcl leaks`: evaluation texts that stand in the training text."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import A_FILE, AllowCode, DataDir


def leaks(
    train: Annotated[
        str,
        typer.Argument(help=f"A recipe, or a run folder. {A_FILE}"),
    ],
    suites: Annotated[
        list[str] | None, typer.Argument(metavar="SUITE", help="Suites, as for evaluate. Default: those of the recipe.")
    ] = None,
    data_dir: DataDir = None,
    text_column: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A column that holds texts; may be repeated. Default: every column."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write every text that was found to this file.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with code 1 if any text was found.")] = False,
    allow_code: AllowCode = None,
) -> None:
    """Find evaluation texts in training texts.

    Counts exact copies and near copies, which share most of their word sequences.
    """
    import sys

    from textcl.cli.screen import check_results, results
    from textcl.report.leakage import leakage_lines, leakage_table, write_leakage
    from textcl.report.progress import show_progress
    from textcl.workflows.leaks import leaks as find

    check_results(json, read=[train, *(suites or ())])
    with show_progress(sys.stderr, keeps=False) as progress:
        found = find(
            train, suites or (), data_dir=data_dir, columns=text_column or (),
            progress=progress, allow_code=allow_code or (),
        )  # fmt: skip
    if json is not None:
        write_leakage(json, found)
    results().print(leakage_table(found))
    for line in leakage_lines(found):
        print(line)
    leaking = [task for task, leakage in found.items() if leakage.leaks]
    print(
        f"\n{len(leaking)} of {len(found)} tasks leak into {train}" + (f": {', '.join(leaking)}." if leaking else ".")
    )
    if strict and leaking:
        raise typer.Exit(1)
