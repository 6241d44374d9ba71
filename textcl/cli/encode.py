"""`textcl encode`: a file of texts becomes a file of vectors."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from textcl.cli.options import A_FILE, CorpusTextColumn, Deterministic, Force, ModelName, Precision


def encode(
    model: ModelName,
    texts: Annotated[Path, typer.Argument(metavar="INPUT", help=A_FILE)],
    out: Annotated[Path, typer.Option(metavar="FILE.npy", help="The file to write: the vectors, one row a text.")],
    column: CorpusTextColumn = None,
    precision: Precision = "float32",
    role: Annotated[
        Literal["anchor", "positive", "negative"] | None,
        typer.Option(help="Which prompt to use: anchor for queries, positive for documents. Default: the model's own."),
    ] = None,
    deterministic: Deterministic = False,
    force: Force = False,
) -> None:
    """Embed every text of a file.

    Writes float32 vectors of unit length, in the order of the texts.
    """
    import sys

    from textcl.report.progress import show_progress
    from textcl.workflows.encode import encode_file

    with show_progress(sys.stderr, keeps=False) as progress:
        rows, width = encode_file(
            model, texts, out, role=role, precision=precision, column=column, deterministic=deterministic, force=force,
            progress=progress,
        )  # fmt: skip
    print(f"{out}: {rows:,} vectors of {width} numbers")
