"""`textcl evaluate`: scores of a saved model."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import (
    DataDir,
    FirstColumn,
    LabelColumn,
    ModelName,
    NegativeColumn,
    PositiveColumn,
    Precision,
    QueryColumn,
    ScoreColumn,
    SecondColumn,
    TextColumn,
)


def evaluate(
    model: ModelName,
    suites: Annotated[
        list[str],
        typer.Argument(metavar="SUITE", help="Suites: sts, scifact, a path; own sets: sts:FILE; mteb's: mteb:TASK."),
    ],
    data_dir: DataDir = None,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the scores to this file.")] = None,
    precision: Precision = "auto",
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    score_column: ScoreColumn = None,
    query_column: QueryColumn = None,
    positive_column: PositiveColumn = None,
    negative_column: NegativeColumn = None,
) -> None:
    """Score a model on suites of tasks and sets of your own, each score with its 95 % interval.

    A set of your own is a kind and a file: sts:FILE, pairs:FILE, reranking:FILE, bitext:FILE (JSONL, CSV or TSV,
    plain or gzipped), or retrieval:FOLDER (in BEIR's layout).
    """
    from textcl.cli.screen import results
    from textcl.recipe import score_model
    from textcl.report import scores_table, write_scores

    columns = {
        "text": text_column,
        "label": label_column,
        "first": first_column,
        "second": second_column,
        "score": score_column,
        "query": query_column,
        "positive": positive_column,
        "negative": negative_column,
    }
    named = {role: name for role, name in columns.items() if name is not None}
    scores = score_model(
        model, suites, data_dir, precision, lambda task: typer.echo(f"Scoring {task}", err=True), named
    )
    if json is not None:
        write_scores(json, scores)
    results().print(scores_table(scores))
