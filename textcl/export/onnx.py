"""A backbone as an ONNX graph, for any number of rows and tokens.

An ONNX graph with weights in int8.

What the usual dynamic quantization does to activations is not done here: it takes one scale for a whole batch, so that
a text's vector would depend on its neighbours. Here activations get a scale for each block of 32 channels of each
token, and word embeddings one a word.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from textcl.encoder.backbone import load_backbone
from textcl.encoder.router import read_towers
from textcl.encoder.runtimes import INPUTS, OUTPUT
from textcl.errors import ModelError
from textcl.util.quiet import hushed

if TYPE_CHECKING:
    import onnx

_LARGEST = 2**31 - 2**24  # bytes that one ONNX file holds, less some room for the graph itself
_EXAMPLE = (2, 7)  # rows and tokens that the graph is traced with; neither is 0 or 1, which would be kept fixed
_AXES = {0: "rows", 1: "tokens"}


class _TokenVectors(nn.Module):
    """A backbone as a function of two tensors: no pooling, which each runtime's user does alike."""

    def __init__(self, backbone: PreTrainedModel) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        hidden: Tensor = self.backbone(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden


def write_onnx(folder: Path, file: Path) -> None:
    """Write the backbone of a model folder as one ONNX file.

    Raises:
        ModelError: The folder holds two towers, the model is too large for one file, or torch cannot trace it.
    """
    backbone, tokenizer = load_backbone(str(only_tower(folder)))
    size = sum(parameter.numel() * parameter.element_size() for parameter in backbone.parameters())
    if size > _LARGEST:
        raise ModelError(f"{folder}: its weights have {size / 2**30:.1f} GiB; an ONNX file holds at most 2.")
    ids = torch.full(_EXAMPLE, int(tokenizer.pad_token_id) + 1)
    mask = torch.ones(_EXAMPLE, dtype=torch.int64)
    mask[1, 4:] = 0
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with hushed(), torch.no_grad():
            torch.onnx.export(
                _TokenVectors(backbone).eval(), (ids, mask), file, dynamo=True, external_data=False, verbose=False,
                input_names=list(INPUTS), output_names=[OUTPUT], dynamic_shapes=(_AXES, _AXES),
            )  # fmt: skip
    except Exception as error:  # the tracer's errors share no narrower base
        reason = str(error).strip().partition("\n")[0]
        raise ModelError(f"{folder}: torch cannot write this model as an ONNX graph ({reason}).") from error
    _forget_traces(file)


def _forget_traces(file: Path) -> None:
    """Take out of a graph which lines of which files of this machine its nodes were traced from."""
    import onnx

    model = onnx.load(file)
    for node in _nodes([model.graph, *model.functions]):
        del node.metadata_props[:]
        node.doc_string = ""
    onnx.save(model, file)


def _nodes(graphs: "Iterable[onnx.GraphProto | onnx.FunctionProto]") -> "Iterator[onnx.NodeProto]":
    for graph in graphs:
        for node in graph.node:
            yield node
            yield from _nodes(attribute.g for attribute in node.attribute if attribute.HasField("g"))


def only_tower(folder: Path) -> Path:
    """Return the folder of the transformer of a model with one tower.

    Raises:
        ModelError: It has two.
    """
    towers = read_towers(folder)
    if len(towers) != 1:
        raise ModelError(f"{folder} holds two towers. Only --to torch-bf16 exports them; the other forms are of one.")
    return towers[0].folder


_BLOCK = 32  # channels that share a scale
_IN_INT8 = 4  # the operator's `accuracy_level`: products of int8, sums of int32
_LARGEST_INT8 = 127


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

    scale = np.abs(table).max(axis=1, keepdims=True) / _LARGEST_INT8
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
