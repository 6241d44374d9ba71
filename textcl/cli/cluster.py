"""`textcl cluster`: the texts of a file in groups."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import A_FILE, CorpusTextColumn, Force, Precision


def cluster(
    texts: Annotated[Path, typer.Argument(metavar="INPUT", help=A_FILE)],
    model: Annotated[str, typer.Option(metavar="MODEL", help="The model whose vectors are clustered.")],
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a row a text, JSONL: text, cluster, name, cosine.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with the clusters and a map of the texts.")
    ] = None,
    clusters: Annotated[
        int | None,
        typer.Option(min=2, metavar="N", help="How many clusters (k-means). Default: HDBSCAN finds out."),
    ] = None,
    smallest: Annotated[
        int, typer.Option(min=2, metavar="N", help="How many texts a cluster has at least, without --clusters.")
    ] = 5,
    text_column: CorpusTextColumn = None,
    precision: Precision = "auto",
    force: Force = False,
) -> None:
    """Group the texts of a file, each group named by the text nearest to its centre.

    With --clusters every text is in one of so many clusters. Without it, dense groups are found, however many there
    are, and texts outside of them are in none.
    """
    import sys

    from textcl.report.progress import show_progress
    from textcl.util.visible import one_line
    from textcl.workflows.cluster import cluster as find

    with show_progress(sys.stderr, keeps=False) as progress:
        found = find(
            texts, model, clusters=clusters, smallest=smallest, out=out, html=html, text_column=text_column,
            precision=precision, force=force, progress=progress,
        )  # fmt: skip
    alone = int((found.of_text < 0).sum())
    print(f"{len(found.clusters):,} clusters of {len(found.texts):,} texts; {alone:,} texts are in none.")
    for number, one in enumerate(found.clusters[:20]):
        print(f"  {number}: {one.size:,} texts, {one_line(one.name)[:100]}")
    if len(found.clusters) > 20:
        print(f"  … and {len(found.clusters) - 20:,} more")
