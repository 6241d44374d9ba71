"""Distillation to token embeddings, and how they are read."""

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from scipy.spatial.distance import pdist
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from tests.tiny import SENTENCES, tiny_encoder, tiny_towers
from textcl.encoder.locate import Export
from textcl.encoder.opening import open_encoder
from textcl.errors import ModelError
from textcl.export.writers import write_export
from textcl.util.packing import pad

pytest.importorskip("skeletoken", reason="needs the extra static")
TEXTS = [*SENTENCES, "", "A dog, a cat."]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("static") / "model"
    tiny_encoder().save(folder)
    write_export(folder, Export.STATIC, folder)
    return folder


def test_vectors_are_those_of_model2vec_and_of_sentence_transformers(model: Path) -> None:
    from model2vec import StaticModel

    ours = open_encoder(f"{model}#static").encode(TEXTS)
    np.testing.assert_allclose(ours, SentenceTransformer(str(model / "static"), device="cpu").encode(TEXTS), atol=1e-6)
    theirs = StaticModel.from_pretrained(model / "static").encode(TEXTS)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert not ours[-2].any()  # no token, no direction


def test_a_vector_is_the_mean_of_its_tokens_whatever_their_order(model: Path) -> None:
    encoder = open_encoder(model / "static")
    first, second, both, turned = encoder.encode(["dog", "river", "dog river", "river dog"])
    assert first @ second < 0.99
    np.testing.assert_allclose(both, turned, atol=1e-6)


def test_tokens_are_as_far_from_each_other_as_the_model_has_them(model: Path) -> None:
    words = ["dog", "river", "guitar", "matrix", "sad"]
    encoder, tokenizer = tiny_encoder(), Tokenizer.from_file(str(model / "static" / "tokenizer.json"))
    chunk = pad(encoder.tokenize(words, "anchor"), np.arange(len(words)))
    wanted = encoder(chunk).detach().numpy()  # the mean over [CLS], word and [SEP]
    found = load_file(model / "static" / "model.safetensors")["embeddings"][[tokenizer.token_to_id(w) for w in words]]
    np.testing.assert_allclose(pdist(found), pdist(wanted), rtol=1e-4)  # principal components keep distances


def test_the_folder_names_no_path_and_brings_no_card(model: Path) -> None:
    written = "".join(file.read_text() for file in (model / "static").glob("*.json"))
    assert str(model) not in written
    assert "tokenizer_name" not in json.loads((model / "static" / "config.json").read_text())
    assert not list((model / "static").glob("*.md"))


def test_what_can_not_be_distilled_is_refused(tmp_path: Path) -> None:
    tiny_encoder("max").save(tmp_path / "max")
    with pytest.raises(ModelError, match="pooling mean, cls, last"):
        write_export(tmp_path / "max", Export.STATIC, tmp_path / "out")
    tiny_towers().save(tmp_path / "towers")
    with pytest.raises(ModelError, match="holds two towers"):
        write_export(tmp_path / "towers", Export.STATIC, tmp_path / "out")
