"""`textcl pairs`: paraphrases within a file, or translations between two."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import A_FILE, CorpusTextColumn, Force, Precision


def pairs(
    first: Annotated[Path, typer.Argument(metavar="INPUT", help=A_FILE)],
    second: Annotated[
        Path | None, typer.Argument(metavar="[INPUT]", help="Another, such as the same texts in another language.")
    ] = None,
    *,
    model: Annotated[str, typer.Option(metavar="MODEL", help="The model whose vectors are compared.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a row a pair, JSONL: first, second, margin, cosine.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with the best 500 pairs.")] = None,
    least: Annotated[
        float, typer.Option(help="The margin of a pair at least: its cosine over that of both with their neighbours.")
    ] = 1.06,
    text_column: CorpusTextColumn = None,
    precision: Precision = "auto",
    force: Force = False,
) -> None:
    """Find paraphrases within a file, or the translations of one file's texts in another.

    A pair has a margin above 1 if its texts are closer to each other than to their neighbours. The best come first.
    """
    import sys

    from textcl.report.progress import show_progress
    from textcl.util.visible import one_line
    from textcl.workflows.pairs import pairs as find

    with show_progress(sys.stderr, keeps=False) as progress:
        found = find(
            first, model, second, least=least, out=out, html=html, text_column=text_column, precision=precision,
            force=force, progress=progress,
        )  # fmt: skip
    print(f"{len(found):,} pairs of margin {least:g} or more.")
    for pair in found[:10]:
        print(f"  {pair.margin:.3f}  {one_line(pair.first)[:70]} | {one_line(pair.second)[:70]}")
