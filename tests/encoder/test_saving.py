import errno
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoTokenizer

from tests.tiny import KINDS, SENTENCES, tiny_encoder
from textcl.encoder.opening import open_encoder
from textcl.errors import ModelError


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_encoder_opens_with_the_same_vectors(kind: str, tmp_path: Path) -> None:
    encoder = tiny_encoder(kind=kind)
    encoder.save(tmp_path / "model")

    again = open_encoder(tmp_path / "model")

    assert not again.training
    np.testing.assert_allclose(again.encode(SENTENCES), encoder.encode(SENTENCES), atol=1e-6)


def test_every_setting_comes_back(tmp_path: Path) -> None:
    prompts = {"anchor": "query: ", "positive": "answer: ", "negative": "not: "}
    encoder = tiny_encoder("weighted_mean", prompts=prompts, pool_prompt=False, max_length=9, dropout=0.2)
    encoder.save(tmp_path / "model")

    again = open_encoder(tmp_path / "model")

    assert (again.pooling, again.pool_prompt, again.max_length) == ("weighted_mean", False, 9)
    assert again.prompts == encoder.prompts == prompts
    assert again.dropout == pytest.approx(0.2)


@pytest.mark.parametrize("kind", KINDS)
def test_plain_transformers_opens_the_folder(kind: str, tmp_path: Path) -> None:
    encoder = tiny_encoder("cls", kind=kind, max_length=30)
    encoder.save(tmp_path / "model")

    model = AutoModel.from_pretrained(tmp_path / "model").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "model")
    with torch.inference_mode():
        hidden = model(**tokenizer(list(SENTENCES), padding=True, return_tensors="pt")).last_hidden_state
    expected = torch.nn.functional.normalize(hidden[:, 0], dim=-1).numpy()

    assert tokenizer.model_max_length == 30
    np.testing.assert_allclose(encoder.encode(SENTENCES), expected, atol=1e-5)


@pytest.mark.parametrize("held", [torch.float64, torch.float16, torch.bfloat16])
def test_weights_are_written_in_float32_but_those_that_were_trained_in_bf16(tmp_path: Path, held: torch.dtype) -> None:
    encoder = tiny_encoder()
    encoder.to(held).save(tmp_path / "model")
    written = torch.bfloat16 if held is torch.bfloat16 else torch.float32

    weights = load_file(tmp_path / "model" / "model.safetensors")

    assert {weight.dtype for weight in weights.values()} == {written}
    assert json.loads((tmp_path / "model" / "config.json").read_text())["dtype"] == str(written).removeprefix("torch.")
    assert next(encoder.parameters()).dtype == held


def test_nothing_about_this_machine_or_this_run_is_written(tmp_path: Path) -> None:
    tiny_encoder().save(tmp_path / "first")
    encoder = open_encoder(tmp_path / "first")
    encoder.backbone.config._attn_implementation = "textcl"
    encoder.head = torch.nn.Linear(16, 16)  # used in training only
    encoder.save(tmp_path / "second")

    written = {file.name: file.read_text() for file in (tmp_path / "second").rglob("*.json")}

    for name, text in written.items():
        assert str(tmp_path) not in text, name
        assert "attn_implementation" not in text, name
    weights = load_file(tmp_path / "second" / "model.safetensors")
    assert set(weights) == set(encoder.backbone.state_dict())


def test_a_full_disk_leaves_the_old_folder_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "model"
    encoder = tiny_encoder()
    encoder.save(folder)
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(encoder.tokenizer, "save_pretrained", full)
    with pytest.raises(ModelError, match=r"model: the model could not be written \(.*No space left on device"):
        encoder.save(folder)

    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_saving_again_replaces_the_folder_and_leaves_no_old_file_behind(tiny_model_folder: Path) -> None:
    (tiny_model_folder / "stale.txt").touch()

    tiny_encoder("max").save(tiny_model_folder)

    assert not (tiny_model_folder / "stale.txt").exists()
    assert open_encoder(tiny_model_folder).pooling == "max"


def test_saving_changes_nothing_in_the_encoder(tmp_path: Path) -> None:
    encoder = tiny_encoder(max_length=9).train()
    before = encoder.encode(SENTENCES)

    encoder.save(tmp_path / "model")

    assert encoder.training
    np.testing.assert_array_equal(encoder.encode(SENTENCES), before)


def test_a_package_that_is_not_installed_has_no_version_in_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version_of(package: str) -> str | None:
        return None if package == "sentence-transformers" else "1.2"

    monkeypatch.setattr("textcl.encoder.saving.version_of", version_of)
    encoder = tiny_encoder()
    encoder.save(tmp_path / "model")
    settings = json.loads((tmp_path / "model" / "config_sentence_transformers.json").read_text())
    assert settings["__version__"] == {"textcl": "1.2", "transformers": "1.2"}
    np.testing.assert_allclose(open_encoder(tmp_path / "model").encode(SENTENCES), encoder.encode(SENTENCES), atol=1e-6)
