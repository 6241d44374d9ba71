"""Which files of a model folder go to the Hub, and which of a repository an old model is read from."""

from pathlib import PurePosixPath

import pytest

from textcl.hub.contents import belongs_to_model, speaks_of_model

MODEL = (
    "model.safetensors", "config.json", "modules.json", "tokenizer.json", "vocab.txt", "1_Pooling/config.json",
    "query_0_Transformer/model.safetensors", "spiece.model", "onnx/model.onnx", "onnx/model_qint8.onnx",
    "openvino/openvino_model.xml", "openvino/openvino_model.bin", "static/model.safetensors",
)  # fmt: skip
OTHER = (
    "optimizer.pt", "scheduler.pt", "training_args.bin", "training.pt", "pytorch_model.bin", "rng_state.pth",
    "README.md", ".token", ".cache/huggingface/token.json", "notes.md", "run.sh",
)  # fmt: skip


@pytest.mark.parametrize("name", MODEL)
def test_weights_and_what_they_are_read_with_are_pushed(name: str) -> None:
    assert belongs_to_model(PurePosixPath(name))


@pytest.mark.parametrize("name", OTHER)
def test_other_files_stay(name: str) -> None:
    assert not belongs_to_model(PurePosixPath(name))


@pytest.mark.parametrize("name", [*MODEL, "pytorch_model.bin", "tf_model.h5", "recipe.yaml", "report.json"])
def test_what_an_earlier_model_left_is_known(name: str) -> None:
    assert speaks_of_model(name)


@pytest.mark.parametrize("name", ["README.md", ".gitattributes", "LICENSE.txt", "picture.png", "results/scores.json"])
def test_what_people_add_to_a_repository_is_left_alone(name: str) -> None:
    assert not speaks_of_model(name)
