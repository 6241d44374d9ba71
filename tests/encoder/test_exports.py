"""How exports are named, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import SENTENCES, tiny_encoder, tiny_tokenizer
from textcl.encoder.encoder import Encoder
from textcl.encoder.fingerprint import fingerprint
from textcl.encoder.locate import Export, ModelName, read_name
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.encoder.runtimes import RuntimeBackbone
from textcl.errors import ModelError
from textcl.types.batches import FloatArray, IntArray


def in_torch(encoder: Encoder, digest: bytes = bytes(16)) -> Encoder:
    """The same encoder, its backbone behind a runtime."""

    def run(ids: IntArray, mask: IntArray) -> FloatArray:
        inputs = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        hidden: FloatArray = encoder.backbone(**inputs).last_hidden_state.numpy()
        return hidden

    return Encoder(RuntimeBackbone(run, encoder.backbone.config, digest), tiny_tokenizer())


@pytest.mark.parametrize(("name", "expected"), [
    ("runs/mine", ModelName("runs/mine")),
    ("runs/mine#onnx-int8", ModelName("runs/mine", Export.ONNX_INT8)),
    ("me/model@v1#static", ModelName("me/model@v1", Export.STATIC)),
    ("pkg://a_package/model#torch-bf16", ModelName("pkg://a_package/model", Export.TORCH_BF16)),
])  # fmt: skip
def test_an_export_is_named_behind_its_model(name: str, expected: ModelName) -> None:
    assert read_name(name) == expected


def test_a_folder_whose_name_holds_the_sign_is_that_folder(tmp_path: Path) -> None:
    tiny_encoder().save(tmp_path / "in-c#onnx")
    assert read_name(str(tmp_path / "in-c#onnx")).export is None
    assert open_encoder(tmp_path / "in-c#onnx", device="cpu").encode(["a dog"]).shape == (1, 16)


def test_a_misspelt_form_is_told_with_what_was_meant() -> None:
    with pytest.raises(ModelError, match=r"no export 'onx'; there are onnx, .* Did you mean 'onnx'"):
        read_name("runs/mine#onx")


def test_an_export_that_is_not_there_is_told_with_the_way_to_make_it(tiny_model_folder: Path) -> None:
    with pytest.raises(ModelError, match=f"missing; `textcl export {tiny_model_folder} --to onnx` makes it"):
        open_encoder(f"{tiny_model_folder}#onnx")


def test_an_export_can_not_be_trained(tiny_model_folder: Path) -> None:
    with pytest.raises(ModelError, match=f"cannot be trained. Name the model itself, {tiny_model_folder}"):
        build_encoder(f"{tiny_model_folder}#openvino")


def test_a_runtime_that_is_not_installed_is_told_with_the_way_to_install_it(
    tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    (tiny_model_folder / "onnx").mkdir()
    (tiny_model_folder / "onnx" / "model.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match=r"onnxruntime, which is not installed: pip install onnxruntime"):
        open_encoder(f"{tiny_model_folder}#onnx")


@pytest.mark.parametrize(("form", "file"), [("onnx", "onnx/model.onnx"), ("openvino", "openvino/openvino_model.xml")])
def test_a_damaged_graph_is_one_line(tiny_model_folder: Path, form: str, file: str) -> None:
    pytest.importorskip({"onnx": "onnxruntime"}.get(form, form))
    (tiny_model_folder / file).parent.mkdir()
    (tiny_model_folder / file).write_bytes(b"cut off")
    with pytest.raises(ModelError, match=r"cannot be read .*; export the model again") as raised:
        open_encoder(f"{tiny_model_folder}#{form}")
    assert len(str(raised.value).splitlines()) == 1


def test_a_runtime_stands_in_for_a_backbone() -> None:
    encoder = tiny_encoder()
    np.testing.assert_allclose(in_torch(encoder).encode(SENTENCES), encoder.encode(SENTENCES), atol=1e-6)


def test_the_digest_of_the_files_decides_the_fingerprint() -> None:
    encoder = tiny_encoder()
    prints = {fingerprint(in_torch(encoder, bytes([number] * 16))) for number in (0, 0, 1)}
    assert len(prints) == 2


def test_it_can_not_be_saved_as_a_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be saved as a model"):
        in_torch(tiny_encoder()).save(tmp_path / "model")
    assert not (tmp_path / "model").exists()
