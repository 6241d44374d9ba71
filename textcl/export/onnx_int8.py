"""An ONNX graph with weights in int8.

What the usual dynamic quantization does to activations is not done here: it takes one scale for a whole batch, so that
a text's vector would depend on its neighbours. Here activations get a scale for each block of 32 channels of each
token, and word embeddings one a word.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from textcl.export.hushed import hushed
from textcl.export.onnx_graph import write_onnx

if TYPE_CHECKING:
    import onnx

_BLOCK = 32  # channels that share a scale
_IN_INT8 = 4  # the operator's `accuracy_level`: products of int8, sums of int32
_LARGEST = 127


def write_onnx_int8(folder: Path, file: Path) -> None:
    """Write the backbone of a model folder as an ONNX graph whose weights are int8."""
    import onnx

    with hushed():
        from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

    write_onnx(folder, file)
    graph = onnx.load(file)
    _shrink_tables(graph.graph)
    with hushed():
        quantizer = MatMulNBitsQuantizer(graph, bits=8, block_size=_BLOCK, is_symmetric=False, accuracy_level=_IN_INT8)
        quantizer.process()
    onnx.save(quantizer.model.model, file)


def _shrink_tables(graph: "onnx.GraphProto") -> None:
    """Keep each table of embeddings as int8 with a scale a row: gather both, and multiply."""
    from onnx import numpy_helper

    tables = {tensor.name: tensor for tensor in graph.initializer if len(tensor.dims) == 2}
    nodes, shrunk = [], set()
    for node in graph.node:
        table = tables.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or _axis(node) != 0 or table.data_type != table.FLOAT:
            nodes.append(node)
            continue
        if table.name not in shrunk:
            graph.initializer.extend(_quantized(table.name, numpy_helper.to_array(table)))
            shrunk.add(table.name)
        nodes.extend(_gathering(node))
    for name in shrunk:
        graph.initializer.remove(tables[name])
    del graph.node[:]
    graph.node.extend(nodes)


def _quantized(name: str, table: "np.ndarray[tuple[int, ...], np.dtype[np.float32]]") -> list["onnx.TensorProto"]:
    from onnx import numpy_helper

    scale = np.abs(table).max(axis=1, keepdims=True) / _LARGEST
    scale[scale == 0] = 1
    rounded = np.rint(table / scale).astype(np.int8)
    return [numpy_helper.from_array(rounded, f"{name}_int8"), numpy_helper.from_array(scale, f"{name}_scale")]


def _gathering(node: "onnx.NodeProto") -> list["onnx.NodeProto"]:
    from onnx import TensorProto, helper

    table, rows = node.input
    out = node.output[0]
    return [
        helper.make_node("Gather", [f"{table}_int8", rows], [f"{out}_int8"], f"{node.name}_int8"),
        helper.make_node("Cast", [f"{out}_int8"], [f"{out}_float"], f"{node.name}_cast", to=TensorProto.FLOAT),
        helper.make_node("Gather", [f"{table}_scale", rows], [f"{out}_scale"], f"{node.name}_scale"),
        helper.make_node("Mul", [f"{out}_float", f"{out}_scale"], [out], node.name),
    ]


def _axis(node: "onnx.NodeProto") -> int:
    return next((int(attribute.i) for attribute in node.attribute if attribute.name == "axis"), 0)
