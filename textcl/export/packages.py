"""Which packages a form of export needs."""

from importlib.metadata import version
from importlib.util import find_spec

from textcl.encoder.exports import Export
from textcl.errors import ModelError

_GRAPH = ("onnx", "onnxscript")  # what torch writes graphs with
_PACKAGES = {
    Export.ONNX: (*_GRAPH, "onnxruntime"),
    Export.ONNX_INT8: (*_GRAPH, "onnxruntime"),
    Export.OPENVINO: (*_GRAPH, "openvino"),
    Export.OPENVINO_INT8: (*_GRAPH, "openvino", "nncf"),
    Export.TORCH_BF16: (),
    Export.STATIC: ("model2vec", "skeletoken"),
}


def check_installed(export: Export) -> None:
    """Make sure that what makes and runs an export is installed, before anything is done.

    Raises:
        ModelError: A package is missing; says how to install it.
    """
    missing = [package for package in _PACKAGES[export] if find_spec(package) is None]
    if missing:
        names = " ".join(missing)
        raise ModelError(f"--to {export} needs packages that are not installed. pip install {names}")


def versions_of(export: Export) -> dict[str, str]:
    """Return the versions of the packages that decide an export."""
    return {package: version(package) for package in ("textcl", "torch", "transformers", *_PACKAGES[export])}
