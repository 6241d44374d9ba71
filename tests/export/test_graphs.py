"""Graphs give the model's vectors, whatever the batch."""

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

import textcl
from tests.export.conftest import GRAPHS
from tests.tiny import SENTENCES
from textcl.encoder.fingerprint import fingerprint
from textcl.encoder.locate import LOCATIONS, Export
from textcl.encoder.opening import open_encoder, open_export
from textcl.encoder.protocols import TextEncoder

onnx = pytest.importorskip("onnx", reason="needs the extras onnx and openvino")
quantization = pytest.importorskip("onnxruntime.quantization", reason="needs the extras onnx and openvino")
LEAST_COSINE = {Export.ONNX: 0.999999, Export.OPENVINO: 0.999999, Export.ONNX_INT8: 0.999, Export.OPENVINO_INT8: 0.998}


def opened(folder: Path, form: Export) -> TextEncoder:
    return open_encoder(f"{folder}#{form}")


@pytest.mark.parametrize("form", GRAPHS)
@pytest.mark.parametrize("role", ["anchor", "positive"])
def test_vectors_are_the_models_with_its_prompts_pooling_and_dense_layer(
    exported: Path, form: Export, role: str
) -> None:
    model = open_encoder(exported, device="cpu").encode(SENTENCES, role=role)
    export = opened(exported, form).encode(SENTENCES, role=role)
    assert export.shape == (len(SENTENCES), 12)
    assert (model * export).sum(axis=1).min() > LEAST_COSINE[form]


@pytest.mark.parametrize("form", GRAPHS)
def test_a_vector_does_not_depend_on_padding_or_neighbours(exported: Path, form: Export) -> None:
    encoder = opened(exported, form)
    texts = [*SENTENCES, "", "a", " ".join(["dog"] * 200)]  # the last is cut to the positions that RoBERTa has
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    for chunk_tokens in (10_000, 70):
        np.testing.assert_allclose(encoder.encode(texts, chunk_tokens=chunk_tokens), alone, atol=1e-5)


def test_dynamic_quantization_would_let_neighbours_move_a_vector(exported: Path, tmp_path: Path) -> None:
    """The control of the test above: why the usual int8 is not ours."""
    dynamic, int8 = tmp_path / "dynamic.onnx", quantization.QuantType.QInt8
    quantization.quantize_dynamic(exported / LOCATIONS[Export.ONNX], dynamic, weight_type=int8)
    encoder = open_export(exported, Export.ONNX_INT8, location=dynamic)
    alone = np.concatenate([encoder.encode([text]) for text in SENTENCES])
    assert np.abs(encoder.encode(SENTENCES) - alone).max() > 1e-4


def test_the_graph_is_plain_onnx_with_the_names_that_optimum_looks_for(exported: Path) -> None:
    model = onnx.load(exported / LOCATIONS[Export.ONNX])
    onnx.checker.check_model(model, full_check=True)
    assert [value.name for value in model.graph.input] == ["input_ids", "attention_mask"]
    assert [value.name for value in model.graph.output] == ["last_hidden_state"]
    assert {node.domain for node in model.graph.node} == {""}  # no operators of one runtime
    for value in (*model.graph.input, *model.graph.output):
        assert all(axis.dim_param for axis in value.type.tensor_type.shape.dim[:2])


def test_no_export_holds_a_path_of_the_machine_that_made_it(exported: Path) -> None:
    paths = [str(Path(module.__file__).parent).encode() for module in (textcl, torch, transformers)]
    for file in (path for path in exported.rglob("*") if path.is_file()):
        found = [path for path in (*paths, str(exported.parent).encode()) if path in file.read_bytes()]
        assert not found, file


def test_int8_files_hold_the_tables_of_words_in_int8(exported: Path) -> None:
    tensors = onnx.load(exported / LOCATIONS[Export.ONNX_INT8]).graph.initializer
    words = [tensor for tensor in tensors if tensor.name.endswith("word_embeddings.weight_int8")]
    assert [tensor.data_type for tensor in words] == [onnx.TensorProto.INT8]
    assert not [tensor for tensor in tensors if tensor.name.endswith("word_embeddings.weight")]


def test_each_form_has_a_fingerprint_of_its_own(exported: Path) -> None:
    names = [str(exported), *(f"{exported}#{form}" for form in GRAPHS)]
    prints = [fingerprint(open_encoder(name, device="cpu")) for name in names]
    assert len(set(prints)) == len(prints)
    assert fingerprint(opened(exported, Export.OPENVINO)) == prints[1 + GRAPHS.index(Export.OPENVINO)]


@pytest.mark.parametrize("form", GRAPHS)
def test_one_text_has_the_same_bits_whatever_else_is_encoded_when_asked_for(exported: Path, form: Export) -> None:
    encoder = opened(exported, form)
    together = encoder.encode(SENTENCES, deterministic=True)
    np.testing.assert_array_equal(encoder.encode(SENTENCES[3:4], deterministic=True)[0], together[3])
