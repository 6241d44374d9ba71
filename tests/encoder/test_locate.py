"""What is downloaded of a model on the Hub: the model, or an export of it, never both."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub.utils import filter_repo_objects

from textcl.encoder import locate as locations
from textcl.encoder.locate import Export

ON_HUB = [
    "README.md", "config.json", "modules.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json",
    "2_Dense/config.json", "2_Dense/model.safetensors", "onnx/model.onnx", "onnx/model_qint8.onnx",
    "openvino/openvino_model.xml", "openvino/openvino_model.bin", "static/model.safetensors", "static/config.json",
    "torch-bf16/model.safetensors", "torch-bf16/config.json",
]  # fmt: skip
SETTINGS = {
    "config.json", "modules.json", "tokenizer.json", "1_Pooling/config.json", "2_Dense/config.json",
    "2_Dense/model.safetensors",
}  # fmt: skip


@pytest.fixture
def downloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    taken: set[str] = set()

    def snapshot(_: str, *, allow_patterns: list[str], ignore_patterns: list[str], **__: Any) -> Path:
        files = filter_repo_objects(ON_HUB, allow_patterns=allow_patterns, ignore_patterns=ignore_patterns)
        taken.update(files)
        for file in taken:
            (tmp_path / file).parent.mkdir(exist_ok=True)
            (tmp_path / file).touch()
        return tmp_path

    monkeypatch.setattr(locations, "snapshot_download", snapshot)
    return taken


def test_a_model_comes_without_its_exports(downloaded: set[str]) -> None:
    locations.find_folder("me/model")
    assert downloaded == SETTINGS | {"model.safetensors"}


@pytest.mark.parametrize(("export", "files"), [
    (Export.ONNX_INT8, {"onnx/model_qint8.onnx"}),
    (Export.OPENVINO, {"openvino/openvino_model.xml", "openvino/openvino_model.bin"}),
    (Export.STATIC, {"static/model.safetensors", "static/config.json"}),
])  # fmt: skip
def test_an_export_comes_with_the_settings_and_without_the_models_weights(
    downloaded: set[str], export: Export, files: set[str]
) -> None:
    locations.find_folder("me/model", export)
    others = {"static/config.json", "torch-bf16/config.json"}  # JSON is small and may come along
    assert downloaded - others == (SETTINGS | files) - others
