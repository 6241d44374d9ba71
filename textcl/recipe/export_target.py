"""Where the exports of a model go."""

from dataclasses import dataclass
from pathlib import Path

from textcl.encoder import fingerprint, open_encoder
from textcl.encoder.exports import read_name
from textcl.encoder.places import PACKAGE, find_folder
from textcl.encoder.static import is_static
from textcl.errors import ModelError
from textcl.export.figures import FILE
from textcl.report import write_run_page
from textcl.report.page import FILE as PAGE


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """A model folder that gets exports, and the file that says what they keep."""

    folder: Path
    figures: Path


def export_target(model: str, out: Path | None) -> ExportTarget:
    """Find, or make, the model folder that exports are put into.

    Args:
        model: A run folder or a model folder, which gets them itself; anything else needs `out`.
        out: A folder for the model and its exports.

    Raises:
        ModelError: The model is an export itself, belongs to a package or the Hub and `out` is missing, or `out` holds
            something else.
    """
    if read_name(model).export is not None or is_static(find_folder(model)):
        raise ModelError(f"{model} is an export itself. Name the model that it was made of.")
    if out is not None:
        folder = out.expanduser()
        _put_model(model, folder)
    elif model.startswith(PACKAGE) or not Path(model).expanduser().is_dir():
        raise ModelError(f"{model} is no folder of yours. Name one with --out; it gets the model and its exports.")
    else:
        folder = find_folder(model)
    run = folder.parent if (folder.parent / "recipe.yaml").is_file() and folder.name == "model" else folder
    return ExportTarget(folder, run / FILE)


def renew_page(target: ExportTarget) -> None:
    """Write the page of the run that the model is of anew, where it has one, so that it shows the exports."""
    run = target.figures.parent
    if (run / PAGE).is_file():
        write_run_page(run)


def _put_model(model: str, folder: Path) -> None:
    """Save a model into a folder, unless it is there already."""
    encoder = open_encoder(model, device="cpu")
    if folder.is_dir() and any(folder.iterdir()):
        if not (folder / "config.json").exists() or fingerprint(open_encoder(folder, device="cpu")) != fingerprint(
            encoder
        ):
            raise ModelError(f"{folder} is not empty, and does not hold {model}. Name another folder with --out.")
        return
    encoder.save(folder)
