"""`textcl evaluate`: scores of a saved model."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from textcl.cli.options import DataDir, Deterministic, ModelName, Precision

if TYPE_CHECKING:
    from textcl.evaluation.kind import Column


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

    It is scored on suites of tasks and on users' sets. A user's set is a kind of task and a file, as in sts:FILE: JSONL,
    CSV or TSV, plain or gzipped; a folder has BEIR's layout.
    """
    from textcl.cli.launching import start_missing_processes
    from textcl.cli.scoring_progress import watching
    from textcl.cli.screen import results
    from textcl.distributed import join_ranks
    from textcl.embedding.embed import Embedding
    from textcl.report.comparisons import against_table
    from textcl.report.scores import write_items, write_scores
    from textcl.report.tables import scores_table
    from textcl.workflows.evaluate import score_model, write_evaluation_page

    start_missing_processes()
    with watching() as watcher:
        how = Embedding(precision, deterministic, cache)
        found = score_model(model, suites, data_dir, how, watcher, ctx.obj, against)
    if not join_ranks().is_main:
        return
    if json is not None:
        write_items(json, found.results)
        write_scores(json, found.scores, found.other, found.difference)
    if html is not None:
        about = {"model": model, "against": against, "suites": ", ".join(suites), "precision": precision}
        write_evaluation_page(html, found, [(name, value) for name, value in about.items() if value is not None])
    if against is None:
        results().print(scores_table(found.scores))
    else:
        results().print(against_table(found.scores, found.other, found.difference))


class EvaluateCommand(TyperCommand):
    """The verb with an option for each column that a kind of task reads, `--first-column NAME`.

    The kinds are looked up when the verb is used, not when the verbs are listed.
    """

    def get_params(self, ctx: Any) -> list[Any]:  # `Any`: what typer has inside has no public names
        """Return the parameters of the function and the options of the kinds; `--help` stays the last."""
        *own, help_option = super().get_params(ctx)
        return [*own, *_column_options(), help_option]

    def invoke(self, ctx: Any) -> Any:
        """Hand the names of columns over as `ctx.obj`, by what the columns are for."""
        from textcl.evaluation.kinds import columns_by_role

        named = {role: ctx.params.pop(_parameter(role)) for role in columns_by_role()}
        ctx.obj = {role: name for role, name in named.items() if name is not None}
        return super().invoke(ctx)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, at its end how a set of each kind is named."""
        from textcl.evaluation.kinds import KINDS

        self.epilog = f"Users' sets: {', '.join(kind.usage for kind in KINDS)}."
        super().format_help(ctx, formatter)


def _column_options() -> list[Any]:
    """Return an option for each thing that columns are for, made by typer from a function that takes them."""
    from textcl.evaluation.kinds import columns_by_role

    options = [
        inspect.Parameter(_parameter(role), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_option(kinds))
        for role, kinds in columns_by_role().items()
    ]

    def columns() -> None: ...

    vars(columns)["__signature__"] = inspect.Signature(options)
    app = typer.Typer(add_completion=False)
    app.command()(columns)
    return typer.main.get_command(app).params


def _option(kinds: "Mapping[str, Column]") -> object:
    """Return the type of an option: whose column it names, and what the column is called without it."""
    names: dict[str, list[str]] = {}
    for kind, column in kinds.items():
        names.setdefault(column.name, []).append(kind)
    usual = "; ".join(f"{name} ({', '.join(its)})" for name, its in names.items())
    content = next(iter(kinds.values())).content
    return Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Users' sets: the column of {content}. Without it: {usual}.")
    ]


def _parameter(role: str) -> str:
    return f"{role}_column"
