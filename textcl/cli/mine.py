"""`textcl mine`: hard negatives for pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from textcl.cli.options import Force, Precision

if TYPE_CHECKING:
    from textcl.mining.selection import Wanted
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
    pairs: Annotated[
        Path, typer.Argument(metavar="INPUT", help="Pairs: JSONL, CSV or TSV, plain or .gz; or a BEIR folder.")
    ],
    model: Annotated[str, typer.Option(help="A run folder, a model folder, pkg://package/folder, or a Hub id.")],
    out: Annotated[Path, typer.Option(metavar="FILE.jsonl", help="Gets each pair with its negatives.")],
    negatives: Annotated[int, typer.Option(min=1, help="Negatives of each query, at most.")] = 5,
    ranks: Annotated[
        str, typer.Option("--range", metavar="FIRST:LAST", help="Skip the FIRST hardest, look at the LAST nearest.")
    ] = "10:100",
    max_score: Annotated[float | None, typer.Option(help="The highest score of a negative.")] = None,
    min_score: Annotated[float | None, typer.Option(help="The lowest score of a negative.")] = None,
    absolute_margin: Annotated[
        float | None, typer.Option(help="How far a negative's score is below the query's lowest positive, at least.")
    ] = None,
    relative_margin: Annotated[
        float | None, typer.Option(help="The same as a fraction of the size of the positive's score: 0.05.")
    ] = None,
    sampling: Annotated[Literal["top", "random"], typer.Option(help="The hardest of the range, or any of it.")] = "top",
    close: Annotated[
        float | None, typer.Option(help="No negative has a cosine above this with a positive of the query.")
    ] = None,
    anchor_column: Annotated[str, typer.Option(metavar="NAME", help="The column of anchors.")] = "anchor",
    positive_column: Annotated[str, typer.Option(metavar="NAME", help="The column of positives.")] = "positive",
    label_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="Rows with one label are never each other's negatives.")
    ] = None,
    split: Annotated[str, typer.Option(help="Of a BEIR folder.")] = "train",
    corpus: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="More candidates beside the positives: a text file, or JSONL or CSV with text."
        ),
    ] = None,
    cross_encoder: Annotated[
        str | None, typer.Option(metavar="NAME", help="Score the candidates again with this one: a folder or Hub id.")
    ] = None,
    factory: Annotated[
        str, typer.Option(help="auto, exact, or a factory string of FAISS; auto is exact as long as that is feasible.")
    ] = "auto",
    cache: Annotated[Path | None, typer.Option(metavar="DIR", help="Keep the vectors here, for the next time.")] = None,
    precision: Precision = "auto",
    seed: Annotated[int, typer.Option(help="Decides what random sampling takes.")] = 0,
    force: Force = False,
) -> None:
    """Find hard negatives for pairs: texts near to the anchor that are no positives of it.

    Of the LAST nearest candidates those outside the bounds go, the FIRST hardest of the rest are skipped, and the
    negatives are taken from what remains. Known positives, also in another spelling, never become negatives.
    """
    from textcl.cli.screen import counting
    from textcl.embedding.embed import Embedding
    from textcl.files.corpora import PairFile
    from textcl.mining.selection import Bounds, Wanted
    from textcl.workflows.mine import mine_file

    first, last = _range(ranks)
    try:
        bounds = Bounds(max_score, min_score, absolute_margin, relative_margin)
        wanted = Wanted(negatives, first, last, bounds, sampling, close, seed)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    source = PairFile(pairs, anchor_column, positive_column, label_column, split)
    with counting() as watcher:
        report = mine_file(
            model, source, out, wanted, corpus=corpus, factory=factory, rescorer=cross_encoder,
            how=Embedding(precision, cache=cache), watcher=watcher, force=force,
        )  # fmt: skip
    _show(report, wanted, out)


def _range(ranks: str) -> tuple[int, int]:
    first, colon, last = ranks.partition(":")
    if not colon or not first.strip().isdecimal() or not last.strip().isdecimal():
        raise typer.BadParameter(f"the range is '{ranks}'; write two ranks with a colon between them, such as 10:100")
    return int(first), int(last)


def _show(report: MiningReport, wanted: Wanted, out: Path) -> None:
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
