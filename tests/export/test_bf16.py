"""The bf16 folder opens everywhere, with vectors near the model's."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from transformers import AutoModel

from tests.tiny import SENTENCES, tiny_encoder, tiny_towers
from textcl.encoder.locate import Export
from textcl.encoder.opening import open_encoder
from textcl.export.writers import write_export


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tiny_encoder(prompts={"anchor": "query: "}).save(tmp_path / "model")
    write_export(tmp_path / "model", Export.TORCH_BF16, tmp_path / "model")
    return tmp_path / "model"


def test_it_opens_in_textcl_sentence_transformers_and_transformers(model: Path) -> None:
    vectors = open_encoder(model, device="cpu").encode(SENTENCES)
    ours = open_encoder(f"{model}#torch-bf16", device="cpu").encode(SENTENCES)
    theirs = SentenceTransformer(str(model / "torch-bf16"), device="cpu").encode(list(SENTENCES))
    assert (vectors * ours).sum(axis=1).min() > 0.9999
    assert (ours * np.asarray(theirs)).sum(axis=1).min() > 0.998  # it computes in bf16
    assert AutoModel.from_pretrained(model / "torch-bf16").dtype == torch.bfloat16


def test_its_weights_are_those_of_the_model_rounded(model: Path) -> None:
    state = open_encoder(model, device="cpu").state_dict()
    for name, tensor in open_encoder(model / "torch-bf16", device="cpu").state_dict().items():
        torch.testing.assert_close(tensor, state[name].bfloat16().float(), rtol=0, atol=0)


def test_two_towers_have_it_too(tmp_path: Path) -> None:
    towers = tiny_towers()
    towers.save(tmp_path / "model")
    write_export(tmp_path / "model", Export.TORCH_BF16, tmp_path / "model")
    export = open_encoder(f"{tmp_path / 'model'}#torch-bf16", device="cpu")
    for role in ("anchor", "positive"):
        assert (towers.encode(SENTENCES, role=role) * export.encode(SENTENCES, role=role)).sum(axis=1).min() > 0.999
