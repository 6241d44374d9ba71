"""Arguments that several verbs take."""

from pathlib import Path
from typing import Annotated, Literal

import typer

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="The name of a bundled recipe, or a YAML file.")]
Changes = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Changes to the recipe: data.batch_size=128 training.epochs=3"),
]
ModelName = Annotated[
    str, typer.Argument(metavar="MODEL", help="A run folder, a model folder, pkg://package/folder, or a Hub id.")
]
Precision = Annotated[
    Literal["auto", "bf16", "float32"],
    typer.Option(help="What the encoder multiplies in; auto is bf16 where the hardware has it."),
]
DataDir = Annotated[
    Path | None, typer.Option(help="The folder of the evaluation sets; without it they come from the Hub.")
]
Deterministic = Annotated[
    bool,
    typer.Option(
        "--deterministic", help="Make a vector depend on its text alone, to the last bit: texts go one by one, slower."
    ),
]
