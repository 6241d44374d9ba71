"""`textcl encode`: a text file becomes a file of vectors."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from textcl.cli.options import Deterministic, Force, ModelName, Precision


def encode(
    model: ModelName,
    texts: Annotated[Path, typer.Argument(metavar="INPUT", help="A text file, UTF-8, a line a text.")],
    out: Annotated[Path, typer.Option(metavar="FILE.npy", help="The file to write: the vectors, one row a text.")],
    precision: Precision = "float32",
    role: Annotated[
        Literal["anchor", "positive", "negative"],
        typer.Option(help="Which prompt to use: anchor for queries, positive for documents."),
    ] = "anchor",
    deterministic: Deterministic = False,
    force: Force = False,
) -> None:
    """Embed every line of a text file: float32 vectors of unit length, in the order of the lines."""
    import sys

    from textcl.report.progress import show_progress
    from textcl.workflows.encode import encode_file

    with show_progress(sys.stderr, keeps=False) as progress:
        rows, width = encode_file(
            model, texts, out, role=role, precision=precision, deterministic=deterministic, force=force,
            progress=progress,
        )  # fmt: skip
    print(f"{out}: {rows:,} vectors of {width} numbers")
