"""A backbone as a graph of OpenVINO, in float32 or with weights in int8."""

from pathlib import Path
from tempfile import TemporaryDirectory

from textcl.export.hushed import hushed
from textcl.export.onnx_graph import write_onnx


def write_openvino(folder: Path, file: Path) -> None:
    """Write the backbone of a model folder as a graph of OpenVINO, in float32."""
    _write(folder, file, in_int8=False)


def write_openvino_int8(folder: Path, file: Path) -> None:
    """Write the same with int8 weights, a scale a channel; OpenVINO scales activations token by token."""
    _write(folder, file, in_int8=True)


def _write(folder: Path, file: Path, *, in_int8: bool) -> None:
    import openvino

    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        onnx = Path(temporary) / "model.onnx"
        write_onnx(folder, onnx)
        graph = openvino.Core().read_model(onnx)
        if in_int8:
            with hushed():
                import nncf

                graph = nncf.compress_weights(graph, mode=nncf.CompressWeightsMode.INT8_ASYM)
        openvino.save_model(graph, file, compress_to_fp16=False)
