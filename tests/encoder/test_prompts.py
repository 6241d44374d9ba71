"""Which prompt stands before a text, and that a model keeps all that its folder says."""

import json
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding

from tests.tiny import SENTENCES, tiny_encoder, tiny_tokenizer
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import open_encoder
from textcl.encoder.prompts import Prompts
from textcl.errors import ModelError
from textcl.types.text import Role, Use

SETTINGS = "config_sentence_transformers.json"
PUBLISHED = {"query": "represent this query: ", "document": "", "STS": "compare this: ", "Clustering": "group: "}


def folder_with(folder: Path, **settings: object) -> Path:
    tiny_encoder().save(folder)
    (folder / SETTINGS).write_text(json.dumps(settings))
    return folder


def opened(folder: Path) -> Encoder:
    encoder = open_encoder(folder)
    assert isinstance(encoder, Encoder)
    return encoder


@pytest.mark.parametrize("default", [None, "query", "STS"])
def test_without_a_role_vectors_are_those_of_sentence_transformers(tmp_path: Path, default: str | None) -> None:
    folder = folder_with(tmp_path / "m", prompts=PUBLISHED, default_prompt_name=default)
    theirs = SentenceTransformer(str(folder), device="cpu")

    encoder = opened(folder)
    np.testing.assert_allclose(encoder.encode(SENTENCES), _unit(theirs.encode(list(SENTENCES))), atol=1e-5)
    np.testing.assert_allclose(
        encoder.encode(SENTENCES, role="anchor"), _unit(theirs.encode_query(list(SENTENCES))), atol=1e-5
    )
    np.testing.assert_allclose(
        encoder.encode(SENTENCES, role="positive"), _unit(theirs.encode_document(list(SENTENCES))), atol=1e-5
    )


def test_saving_again_keeps_every_prompt_and_setting(tmp_path: Path) -> None:
    said = {
        "prompts": PUBLISHED,
        "default_prompt_name": None,
        "similarity_fn_name": "dot",
        "model_type": "SentenceTransformer",
        "of_someone": {"kept": [1]},
    }
    folder = folder_with(tmp_path / "m", **said)

    open_encoder(folder).save(tmp_path / "again")

    written = json.loads((tmp_path / "again" / SETTINGS).read_text())
    assert {name: written[name] for name in said} == said


def test_a_symmetric_use_takes_the_prompt_of_its_name_the_default_or_none() -> None:
    prompts = Prompts(PUBLISHED)
    assert prompts.of(Use(("STS",))).text == "compare this: "
    assert prompts.of(Use(("PairClassification",))).text == ""
    assert prompts.of(None).text == ""
    assert prompts.of(Role.ANCHOR).text == "represent this query: "
    assert Prompts(PUBLISHED, "query").of(Use(("PairClassification",))).name == "query"


def test_a_use_of_a_side_takes_its_names_before_the_prompt_of_the_side() -> None:
    use = Use(("NFCorpus-query", "Retrieval-query"), Role.ANCHOR)
    assert Prompts({"query": "q", "Retrieval-query": "r"}).of(use).text == "r"
    assert Prompts({"query": "q"}).of(use).text == "q"


def test_vectors_are_cut_as_the_folder_says_and_the_cut_is_kept(tmp_path: Path) -> None:
    whole = tiny_encoder().encode(SENTENCES)
    folder = folder_with(tmp_path / "m", truncate_dim=4)

    encoder = opened(folder)
    encoder.save(tmp_path / "again")

    wanted = _unit(whole[:, :4])
    assert encoder.dimension == 4
    np.testing.assert_allclose(encoder.encode(SENTENCES), wanted, atol=1e-6)
    np.testing.assert_allclose(open_encoder(tmp_path / "again").encode(SENTENCES), wanted, atol=1e-6)
    theirs = SentenceTransformer(str(tmp_path / "again"), device="cpu").encode(list(SENTENCES))
    np.testing.assert_allclose(_unit(theirs), wanted, atol=1e-5)


@pytest.mark.parametrize(
    ("similarity", "normalised", "refused"),
    [
        ("cosine", False, None),
        ("dot", True, None),
        ("dot", False, "not of unit length"),
        ("euclidean", False, "not of unit length"),
        ("manhattan", True, "compares by the cosine"),
    ],
)
def test_a_similarity_that_orders_otherwise_is_refused(
    tmp_path: Path, similarity: str, normalised: bool, refused: str | None
) -> None:
    folder = folder_with(tmp_path / "m", similarity_fn_name=similarity)
    if not normalised:
        modules = json.loads((folder / "modules.json").read_text())
        (folder / "modules.json").write_text(json.dumps(modules[:-1]))

    if refused is None:
        open_encoder(folder)
    else:
        with pytest.raises(ModelError, match=refused):
            open_encoder(folder)


def test_static_embeddings_of_sentence_transformers_open(tmp_path: Path) -> None:
    rules = tiny_tokenizer().backend_tokenizer
    module = StaticEmbedding(rules, embedding_dim=8)
    SentenceTransformer(modules=[module], prompts={"query": "the "}, device="cpu").save(str(tmp_path / "static"))
    theirs = SentenceTransformer(str(tmp_path / "static"), device="cpu")

    encoder = opened(tmp_path / "static")

    np.testing.assert_allclose(encoder.encode(SENTENCES), _unit(theirs.encode(list(SENTENCES))), atol=1e-5)
    np.testing.assert_allclose(
        encoder.encode(SENTENCES, role="anchor"), _unit(theirs.encode_query(list(SENTENCES))), atol=1e-5
    )
    assert not encoder.encode([""]).any()


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
