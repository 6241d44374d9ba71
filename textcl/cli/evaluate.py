"""`textcl evaluate`: scores of a saved model."""

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from textcl.cli.options import DataDir, Deterministic, ModelName, Precision


def evaluate(
    ctx: typer.Context,
    model: ModelName,
    suites: Annotated[
        list[str],
        typer.Argument(
            metavar="SUITE", help="Suites: sts, scifact, a path; users' sets: sts:FILE; tasks of mteb: mteb:TASK."
        ),
    ],
    data_dir: DataDir = None,
    json: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the scores to this file, and the score of every item beside it."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a page to look at in a browser.")
    ] = None,
    precision: Precision = "auto",
    deterministic: Deterministic = False,
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder that keeps the vectors for the next evaluation.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL|REPORT", help="Compare with another model, a run folder, or a JSON file written by --json."
        ),
    ] = None,
) -> None:
    """Score a model, with 95 % intervals.

    It is scored on suites of tasks and on users' sets. A user's set is a kind of task and a file: sts:FILE, pairs:FILE,
    reranking:FILE, bitext:FILE, clustering:FILE, classification:TRAIN,TEST, geometry:FILE (JSONL, CSV or TSV, plain or
    compressed, Parquet or Arrow), or retrieval:FOLDER (in BEIR's layout).

    A column that has not the usual name is named by what it holds: --first-column NAME, and in the same way second,
    score, subset, label, text, query, positive, negative.
    """
    import sys

    from textcl.cli.launching import refuse_launch_settings, start_missing_processes
    from textcl.cli.screen import check_results, results
    from textcl.distributed import join_ranks
    from textcl.report.progress import show_progress
    from textcl.report.scores import samples_path, write_items, write_scores
    from textcl.workflows.evaluate import evaluate as evaluate_model
    from textcl.workflows.evaluate import write_evaluation_page

    start_missing_processes()
    refuse_launch_settings(precision, "--precision")
    outputs = [json, html] if json is None else [json, samples_path(json), html]
    join_ranks().together(lambda: check_results(*outputs, read=[*suites, against]))
    with show_progress(sys.stderr) as progress:
        found = evaluate_model(
            model, suites, against=against, data_dir=data_dir, columns=ctx.obj, precision=precision,
            deterministic=deterministic, cache=cache, progress=progress,
        )  # fmt: skip
    if not join_ranks().is_main:
        return
    try:
        if json is not None:
            write_items(json, found.results)
            write_scores(json, found.scores, found.other, found.differences)
        if html is not None:
            about: dict[str, str | None] = {
                "model": model,
                "against": against,
                "suites": ", ".join(suites),
                "precision": precision,
            }
            about["prompts"] = "; ".join(found.prompts) or None
            write_evaluation_page(html, found, [(name, value) for name, value in about.items() if value is not None])
    finally:  # a full disk takes the files, not the scores
        results().print(found.table)
        if found.prompts:
            print("Prompts:", *found.prompts, sep="\n  ")


_COLUMN = re.compile(r"--([a-z-]+)-column(?:=(.*))?", re.DOTALL)


class EvaluateCommand(TyperCommand):
    """The verb with an option for whatever a kind of task reads from a column: `--first-column NAME`.

    Which there are is up to the kinds, and `load_tasks` refuses others. They are not listed here, because
    `textcl evaluate --help` must not load the kinds, which load torch.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # `Any`: typer's own context has no public name
        """Take the names of columns out, to `ctx.obj`, by what the columns are for; parse the rest."""
        ctx.obj, rest = {}, []
        words = iter(args)
        for word in words:
            option = _COLUMN.fullmatch(word)
            if option is None:
                rest.append(word)
                continue
            name = next(words, "") if option[2] is None else option[2]
            if not name:
                raise typer.BadParameter(f"{word} is followed by the name of a column.", ctx=ctx)
            ctx.obj[option[1].replace("-", "_")] = name
        return super().parse_args(ctx, rest)


COMMAND = EvaluateCommand
