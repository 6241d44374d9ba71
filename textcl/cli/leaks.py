"""`textcl leaks`: evaluation texts that stand in the training text."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import DataDir


def leaks(
    train: Annotated[
        str,
        typer.Argument(help="A recipe, a run folder, or a file: text a line, JSONL, CSV or TSV, plain or .gz."),
    ],
    suites: Annotated[
        list[str] | None, typer.Argument(metavar="SUITE", help="As for evaluate; without it those of the recipe.")
    ] = None,
    data_dir: DataDir = None,
    text_column: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A column of the file that holds texts; without it all do.")
    ] = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write every copy to this file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Leave with exit code 1 when anything leaks.")] = False,
) -> None:
    """Count the texts of suites that stand in the training text: exactly, and nearly by runs of words."""
    from textcl.cli.screen import results, status
    from textcl.report.leakage import leakage_lines, leakage_table, write_leakage
    from textcl.workflows.leaks import leaks as find

    with status() as screen:
        bar = screen.add_task("Comparing", total=None)
        found = find(
            train, suites or (), data_dir=data_dir, columns=text_column or (),
            on_rows=lambda rows: screen.update(bar, advance=rows),
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
