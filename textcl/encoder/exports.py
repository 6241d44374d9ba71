"""The forms that a model can be exported to, where each lies in the model folder, and how a user names one."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from textcl.errors import ModelError, suggestion

_SIGN = "#"  # between a model and the export that is meant


class Export(StrEnum):
    """A form that a model runs in elsewhere."""

    ONNX = "onnx"
    ONNX_INT8 = "onnx-int8"
    OPENVINO = "openvino"
    OPENVINO_INT8 = "openvino-int8"
    TORCH_BF16 = "torch-bf16"
    STATIC = "static"


# Where an export lies in the model folder. Graphs lie where the backends of sentence-transformers look for them, the
# others are model folders of their own.
PLACES = {
    Export.ONNX: "onnx/model.onnx",
    Export.ONNX_INT8: "onnx/model_qint8.onnx",
    Export.OPENVINO: "openvino/openvino_model.xml",
    Export.OPENVINO_INT8: "openvino/openvino_model_qint8.xml",
    Export.TORCH_BF16: "torch-bf16",
    Export.STATIC: "static",
}


@dataclass(frozen=True, slots=True)
class ModelName:
    """What a user calls a model: `runs/mine`, or `runs/mine#onnx-int8` for an export of it."""

    model: str
    export: Export | None = None


def read_name(name: str) -> ModelName:
    """Take the name of a model apart; a folder whose own name holds a `#` is that folder.

    Raises:
        ModelError: What stands behind the `#` is no form of export.
    """
    model, sign, form = name.rpartition(_SIGN)
    if not sign or Path(name).expanduser().exists():
        return ModelName(name)
    return ModelName(model, read_form(form))


def read_form(form: str) -> Export:
    """Return the form of a name.

    Raises:
        ModelError: There is none of this name.
    """
    if form not in list(Export):
        raise ModelError(f"There is no export {form!r}; there are {', '.join(Export)}.{suggestion(form, list(Export))}")
    return Export(form)


def export_patterns(export: Export) -> tuple[str, ...]:
    """Return which files of a model folder are an export's."""
    place = Path(PLACES[export])
    return (place.as_posix(), place.with_suffix(".bin").as_posix()) if place.suffix else (f"{place}/*",)


def export_place(folder: Path, export: Export) -> Path:
    """Return where an export lies in a model folder.

    Raises:
        ModelError: It is not there.
    """
    place = folder / PLACES[export]
    if not place.exists():
        raise ModelError(f"{place} is missing; `textcl export {folder} --to {export}` makes it.")
    return place
