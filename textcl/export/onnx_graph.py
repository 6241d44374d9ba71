"""A backbone as an ONNX graph, for any number of rows and tokens."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from textcl.encoder import load_backbone
from textcl.encoder.router import read_towers
from textcl.encoder.runtimes import INPUTS, OUTPUT
from textcl.errors import ModelError
from textcl.export.hushed import hushed

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
        ModelError: The folder holds two towers, the model is too large for one file, or torch can not trace it.
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
        raise ModelError(f"{folder}: torch can not write this model as an ONNX graph ({reason}).") from error
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
