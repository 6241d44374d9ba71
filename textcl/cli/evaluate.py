"""`textcl evaluate`: scores of a saved model."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import (
    DataDir,
    Deterministic,
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
    json: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the scores to this file, and the score of every item beside it."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write a page to look at in a browser.")
    ] = None,
    precision: Precision = "auto",
    text_column: TextColumn = None,
    label_column: LabelColumn = None,
    first_column: FirstColumn = None,
    second_column: SecondColumn = None,
    score_column: ScoreColumn = None,
    query_column: QueryColumn = None,
    positive_column: PositiveColumn = None,
    negative_column: NegativeColumn = None,
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

    A set of your own is a kind and a file: sts:FILE, pairs:FILE, reranking:FILE, bitext:FILE, clustering:FILE,
    classification:TRAIN,TEST, geometry:FILE (JSONL, CSV or TSV, plain or gzipped), or retrieval:FOLDER (in BEIR's
    layout).
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
    start_missing_processes()
    with watching() as watcher:
        how = Embedding(precision, deterministic, cache)
        found = score_model(model, suites, data_dir, how, watcher, named, against)
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
