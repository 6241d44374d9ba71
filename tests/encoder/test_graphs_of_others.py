"""Graphs that others exported: a third input is fed, other inputs and outputs are refused by name."""

from pathlib import Path

import numpy as np
import pytest

from tests.tiny import SENTENCES, tiny_encoder
from textcl.encoder.opening import open_encoder
from textcl.errors import ModelError

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def write_graph(
    folder: Path, inputs: list[str], output: str, outside: str | None = None, shape: tuple[int, ...] = (1, 1, 16)
) -> None:
    """Write a graph whose token vectors are the sum of its inputs, as often as a shape of ones says."""
    from onnx import TensorProto, helper, numpy_helper

    ones = numpy_helper.from_array(np.ones(shape, dtype=np.float32), "ones")
    axis = numpy_helper.from_array(np.array([2]), "axis")
    if outside is not None:
        ones.ClearField("raw_data")
        ones.data_location = TensorProto.EXTERNAL
        ones.external_data.add(key="location", value=outside)
    nodes = [
        helper.make_node("Sum", [f"{name}_f" for name in inputs], ["sum"]),
        helper.make_node("Unsqueeze", ["sum", "axis"], ["column"]),
        helper.make_node("Mul", ["column", "ones"], [output]),
    ]
    casts = [helper.make_node("Cast", [name], [f"{name}_f"], to=TensorProto.FLOAT) for name in inputs]
    graph = helper.make_graph(
        [*casts, *nodes],
        "others",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["n", "L"]) for name in inputs],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [ones, axis],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").write_bytes(model.SerializeToString())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tiny_encoder().save(tmp_path / "model")
    return tmp_path / "model"


def test_a_third_input_for_segments_gets_zeros(folder: Path) -> None:
    write_graph(folder, ["input_ids", "attention_mask", "token_type_ids"], "last_hidden_state")
    vectors = open_encoder(f"{folder}#onnx").encode(SENTENCES)
    np.testing.assert_allclose(vectors, np.full((len(SENTENCES), 16), 0.25), atol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "output", "named"),
    [
        (["input_ids", "attention_mask", "position_ids"], "last_hidden_state", "position_ids"),
        (["input_ids"], "last_hidden_state", "the graph takes input_ids and"),
        (["input_ids", "attention_mask"], "sentence_embedding", "gives sentence_embedding"),
    ],
)
def test_a_graph_of_other_inputs_or_outputs_is_refused_by_name(
    folder: Path, inputs: list[str], output: str, named: str
) -> None:
    write_graph(folder, inputs, output)
    with pytest.raises(ModelError, match=named):
        open_encoder(f"{folder}#onnx")


def test_a_graph_reads_no_file_outside_its_folder(folder: Path) -> None:
    (folder.parent / "elsewhere.bin").write_bytes(np.ones(16, dtype=np.float32).tobytes())
    write_graph(folder, ["input_ids", "attention_mask"], "last_hidden_state", outside="../../elsewhere.bin")
    with pytest.raises(ModelError, match=r"model\.onnx cannot be read"):
        open_encoder(f"{folder}#onnx")


def test_a_folder_of_nothing_but_graphs_says_how_to_open_it(folder: Path) -> None:
    write_graph(folder, ["input_ids", "attention_mask"], "last_hidden_state")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match="MODEL#onnx"):
        open_encoder(folder)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((1, 1, 9), r"gives \(3, \d+, 9\) numbers for \(3, \d+\) tokens; \(3, \d+, 16\) are wanted"),
        ((2, 1, 1, 16), r"gives \(2, 3, \d+, 16\) numbers"),
        ((1, 999, 16), r"cannot be computed \(.*; export the model again"),
    ],
)
def test_a_graph_that_fails_or_gives_other_vectors_is_named_when_it_runs(
    folder: Path, shape: tuple[int, ...], message: str
) -> None:
    write_graph(folder, ["input_ids", "attention_mask"], "last_hidden_state", shape=shape)
    encoder = open_encoder(f"{folder}#onnx")
    with pytest.raises(ModelError, match=rf"model\.onnx {message}"):
        encoder.encode(["a dog", "a cat", "a dog and a cat"])
