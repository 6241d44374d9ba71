"""`textcl export`: a model in the forms that it runs in elsewhere."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import DataDir, Precision


def export(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A run folder, a model folder, pkg://package/folder, or a Hub id.")
    ],
    to: Annotated[
        list[str],
        typer.Option(
            metavar="FORM",
            help="onnx, onnx-int8, openvino, openvino-int8, torch-bf16 or static; may be repeated.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder for the model and its exports; without it the model's own."),
    ] = None,
    suites: Annotated[
        list[str] | None,
        typer.Option(
            "--eval",
            metavar="SUITE",
            help="What both are scored on, as evaluate takes it; may be repeated; sts-smoke without it.",
        ),
    ] = None,
    data_dir: DataDir = None,
    precision: Precision = "float32",
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="Keep an export that loses more than the bound of its form.")
    ] = False,
) -> None:
    """Export a model, compare the export with it, and keep it in the model folder only if it is still the model.

    MODEL#FORM then names the export, for every verb that takes a model.
    """
    from textcl.cli.screen import results
    from textcl.encoder.locate import read_form
    from textcl.report.tables import exports_table
    from textcl.workflows.export import ExportTest, export_model

    test = ExportTest(tuple(suites or ("sts-smoke",)), data_dir, precision, allow_loss)
    found = export_model(model, [read_form(form) for form in to], out, test, lambda phase: typer.echo(phase, err=True))
    results().print(exports_table(found))
