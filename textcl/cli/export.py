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
            help="The form: onnx, onnx-int8, openvino, openvino-int8, torch-bf16 or static; may be repeated.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="A folder for the model and its exports. Default: the model's own folder."),
    ] = None,
    suites: Annotated[
        list[str] | None,
        typer.Option(
            "--eval",
            metavar="SUITE",
            help="A suite that both the model and the export are scored on; may be repeated. Default: sts-smoke.",
        ),
    ] = None,
    data_dir: DataDir = None,
    precision: Precision = "float32",
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="Keep an export even if it loses more than its form may lose.")
    ] = False,
) -> None:
    """Export a model to ONNX, OpenVINO, bf16 or static vectors.

    The export is compared with the model, and kept in the model's folder only if vectors and scores agree. Every verb
    then takes MODEL#FORM, such as runs/mine#onnx-int8.
    """
    import sys

    from textcl.cli.screen import results
    from textcl.encoder.locate import read_form
    from textcl.report.progress import show_progress
    from textcl.report.tables import exports_table
    from textcl.workflows.export import ExportTest, export_model

    test = ExportTest(tuple(suites or ("sts-smoke",)), data_dir, precision, allow_loss)
    with show_progress(sys.stderr, keeps=False) as progress:
        found = export_model(model, [read_form(form) for form in to], out, test, progress)
    results().print(exports_table(found))
