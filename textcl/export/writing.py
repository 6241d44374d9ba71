"""One writer a form."""

from collections.abc import Callable
from pathlib import Path

from textcl.encoder.exports import PLACES, Export
from textcl.export.bf16 import write_bf16
from textcl.export.onnx_graph import write_onnx
from textcl.export.onnx_int8 import write_onnx_int8
from textcl.export.openvino_graph import write_openvino, write_openvino_int8
from textcl.export.static import write_static

_WRITERS: dict[Export, Callable[[Path, Path], None]] = {
    Export.ONNX: write_onnx,
    Export.ONNX_INT8: write_onnx_int8,
    Export.OPENVINO: write_openvino,
    Export.OPENVINO_INT8: write_openvino_int8,
    Export.TORCH_BF16: write_bf16,
    Export.STATIC: write_static,
}


def write_export(folder: Path, export: Export, target: Path) -> Path:
    """Write an export of a model.

    Args:
        folder: The model folder, which is only read.
        export: The form.
        target: A folder that gets the export as it would lie in the model folder.

    Returns:
        Where it lies: a file or a folder.

    Raises:
        ModelError: The model can not be exported to this form.
        OSError: The disk does not take it.
    """
    place = target / PLACES[export]
    _WRITERS[export](folder, place)
    return place
