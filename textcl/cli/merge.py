"""`textcl merge`: several models become one."""

from pathlib import Path
from typing import Annotated, Literal

import typer


def merge(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL MODEL", help="Two or more: run folders, model folders, pkg://package/folder, or Hub ids."
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The model folder to write.")],
    weights: Annotated[
        str | None,
        typer.Option(metavar="W,W", help="The share of each model, such as 0.5,0.5 or 1,3. Default: all alike."),
    ] = None,
    method: Annotated[
        Literal["linear", "slerp"],
        typer.Option(help="The weighted mean, or, for two models, the arc from the first to the second."),
    ] = "linear",
) -> None:
    """Merge models that were trained from one start.

    The merged model may keep what training taught, and most of what its start could do: merge a tuned model with its
    start, or runs of several seeds. All but the weights is the first model's. Score it with textcl evaluate.
    """
    import sys

    from textcl.report.progress import show_progress
    from textcl.workflows.merge import merge as merge_models
    from textcl.workflows.merge import read_weights

    with show_progress(sys.stderr, keeps=False) as progress:
        merge_models(models, out, weights=read_weights(weights), method=method, progress=progress)
    print(f"{out}: {method} of {', '.join(models)}")
