"""A tiny RoBERTa with all that an export must keep: prompts, pooling without them, a dense layer, odd positions."""

import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

from tests.tiny import tiny_encoder
from textcl.encoder.dense import Dense
from textcl.encoder.locate import Export
from textcl.export import onnx as onnx_int8
from textcl.export import writers as openvino_graph
from textcl.export.writers import write_export

GRAPHS = (Export.ONNX, Export.ONNX_INT8, Export.OPENVINO, Export.OPENVINO_INT8)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with a graph of each form in it; torch traces it once."""
    for package in ("onnxscript", "onnxruntime", "openvino", "nncf"):
        pytest.importorskip(package, reason="needs the extras onnx and openvino")
    folder = tmp_path_factory.mktemp("exported") / "model"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(17)
        dense = Dense(nn.Linear(16, 12), nn.Tanh())
    prompts = {"anchor": "query: ", "positive": "passage: "}
    tiny_encoder(kind="roberta", prompts=prompts, pool_prompt=False, dense=(dense,)).save(folder)
    first = write_export(folder, Export.ONNX, folder)

    def copied(_: Path, file: Path) -> None:
        file.parent.mkdir(exist_ok=True)
        shutil.copyfile(first, file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(onnx_int8, "write_onnx", copied)
        patch.setattr(openvino_graph, "write_onnx", copied)
        for form in GRAPHS[1:]:
            write_export(folder, form, folder)
    return folder
