"""`textcl mine`: hard negatives for pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from textcl.cli.options import A_FILE_WITH_COLUMNS, Force, Precision

if TYPE_CHECKING:
    from textcl.mining.selection import MiningRequest
    from textcl.workflows.mine import MiningReport

_DROPPED = {
    "POSITIVE": "a known positive of the query",
    "OWN_TEXT": "the query's own text",
    "SAME_LABEL": "of the query's label",
    "RESPELT": "another spelling of a candidate",
    "CLOSE": "above --close to a positive",
    "ABSOLUTE_MARGIN": "within the absolute margin",
    "RELATIVE_MARGIN": "within the relative margin",
    "MAX_SCORE": "above the highest score",
    "MIN_SCORE": "below the lowest score",
}


def mine(
    pairs: Annotated[Path, typer.Argument(metavar="INPUT", help=f"The pairs. {A_FILE_WITH_COLUMNS} Or a BEIR folder.")],
    model: Annotated[str, typer.Option(help="A run folder, a model folder, pkg://package/folder, or a Hub id.")],
    out: Annotated[Path, typer.Option(metavar="FILE.jsonl", help="The file to write: each pair with its negatives.")],
    negatives: Annotated[int, typer.Option(min=1, help="The most negatives for a query.")] = 5,
    ranks: Annotated[
        str,
        typer.Option(
            "--range",
            metavar="FIRST:LAST",
            help="Skip the FIRST nearest texts and take negatives from those up to the LAST.",
        ),
    ] = "10:100",
    max_score: Annotated[float | None, typer.Option(help="The highest score of a negative.")] = None,
    min_score: Annotated[float | None, typer.Option(help="The lowest score of a negative.")] = None,
    absolute_margin: Annotated[
        float | None,
        typer.Option(help="A negative's score must be at least this far below that of the query's positive."),
    ] = None,
    relative_margin: Annotated[
        float | None, typer.Option(help="The same as a fraction of the positive's score, such as 0.05.")
    ] = None,
    sampling: Annotated[
        Literal["top", "random"],
        typer.Option(help="Take the nearest texts of the range (top) or draw from it (random)."),
    ] = "top",
    close: Annotated[
        float | None, typer.Option(help="A negative's cosine with each positive of the query is at most this.")
    ] = None,
    anchor_column: Annotated[str, typer.Option(metavar="NAME", help="The column of anchors.")] = "anchor",
    positive_column: Annotated[str, typer.Option(metavar="NAME", help="The column of positives.")] = "positive",
    label_column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="A column of labels: rows with the same label are never each other's negatives."
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="The split of a BEIR folder.")] = "train",
    corpus: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="More candidates beside the positives: a text file, or one with a column `text`."
        ),
    ] = None,
    cross_encoder: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A cross-encoder that scores the candidates again: a folder or Hub id."),
    ] = None,
    factory: Annotated[
        str,
        typer.Option(
            help="The kind of index: auto, exact, or a FAISS factory string. auto is exact as long as that is feasible."
        ),
    ] = "auto",
    cache: Annotated[
        Path | None, typer.Option(metavar="DIR", help="A folder that keeps the vectors for the next run.")
    ] = None,
    precision: Precision = "auto",
    seed: Annotated[int, typer.Option(help="The seed of --sampling random.")] = 0,
    force: Force = False,
) -> None:
    """Find hard negatives for pairs.

    Of the LAST nearest candidates those outside the bounds go, the FIRST hardest of the rest are skipped, and the
    negatives are taken from what remains. Known positives, also in another spelling, never become negatives.
    """
    import sys

    from textcl.embedding.embed import Embedding
    from textcl.files.corpora import PairFile
    from textcl.mining.selection import Bounds, MiningRequest
    from textcl.report.progress import show_progress
    from textcl.workflows.mine import mine_file

    first, last = _range(ranks)
    try:
        bounds = Bounds(max_score, min_score, absolute_margin, relative_margin)
        wanted = MiningRequest(negatives, first, last, bounds, sampling, close, seed)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    source = PairFile(pairs, anchor_column, positive_column, label_column, split)
    with show_progress(sys.stderr, keeps=False) as progress:
        report = mine_file(
            model, source, out, wanted, corpus=corpus, factory=factory, rescorer=cross_encoder,
            how=Embedding(precision, cache=cache), progress=progress, force=force,
        )  # fmt: skip
    _show(report, wanted, out)


def _range(ranks: str) -> tuple[int, int]:
    first, colon, last = ranks.partition(":")
    if not colon or not first.strip().isdecimal() or not last.strip().isdecimal():
        raise typer.BadParameter(f"the range is '{ranks}'; write two ranks with a colon between them, such as 10:100")
    return int(first), int(last)


def _show(report: MiningReport, wanted: MiningRequest, out: Path) -> None:
    from rich.table import Table

    from textcl.cli.screen import results

    table = Table("queries", "count", title=f"{report.queries:,} queries, {report.candidates:,} candidates")
    table.add_row(f"with all {wanted.negatives} negatives", f"{report.full:,}")
    table.add_row("with fewer", f"{report.some:,}")
    table.add_row("with none, left out", f"{report.none:,}")
    table.add_section()
    table.add_row("candidates not taken", "")
    for reason, count in report.dropped.items():
        if count:
            table.add_row(f"  {_DROPPED[reason.name]}", f"{count:,}")
    table.columns[1].justify = "right"
    results().print(table)
    repeated = f", {report.rows - report.pairs:,} of them repeated" if report.rows > report.pairs else ""
    print(f"{report.rows:,} pairs read{repeated}. Search: {report.factory}.")
    print(f"Mean score of the positives {report.positive_score:.3f}, of the negatives {report.negative_score:.3f}.")
    print(f"{out}: {report.written:,} pairs with negatives")
