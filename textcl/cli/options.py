"""Arguments that several verbs take."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from textcl.files.formats import READS, READS_COLUMNS

# The kinds of files that every verb reads, as help texts say them.
A_FILE = f"A file: {READS}."
A_FILE_WITH_COLUMNS = f"A file: {READS_COLUMNS}."

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="The name of a bundled recipe, or a YAML file.")]
Changes = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Changes to the recipe: data.batch_size=128 training.epochs=3"),
]
AllowCode = Annotated[
    list[str] | None,
    typer.Option(
        metavar="PACKAGE",
        help="Let the recipe use classes of this package or ./file.py, which is imported; may be repeated.",
    ),
]
ModelName = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help="A run folder, a model folder, pkg://package/folder, or a Hub id. MODEL#onnx-int8 is that export of it.",
    ),
]
Precision = Annotated[
    Literal["auto", "bf16", "float32"],
    typer.Option(help="The precision of matrix products; auto is bf16 where the hardware is fast at it."),
]
DataDir = Annotated[
    Path | None, typer.Option(help="A folder with the evaluation sets. Default: they are downloaded from the Hub.")
]
Deterministic = Annotated[
    bool,
    typer.Option(
        "--deterministic",
        help="Encode texts one by one, so that a vector depends on its text alone, to the last bit. Slower.",
    ),
]

Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]

# A corpus to search in.
CorpusPath = Annotated[Path, typer.Argument(metavar="CORPUS", help=f"{A_FILE} Or a BEIR folder.")]
CorpusTextColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="The column of texts, of files with columns; text without it.")
]
CorpusIdColumn = Annotated[
    str | None, typer.Option(metavar="NAME", help="The column of ids; without it they are numbers of lines or rows.")
]
