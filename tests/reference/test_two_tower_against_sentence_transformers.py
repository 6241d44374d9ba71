"""Two towers: our vectors against those of sentence-transformers, from the same folder, written by either."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Router
from sentence_transformers.sentence_transformer.modules import Dropout, StaticEmbedding

from tests.tiny import SENTENCES, tiny_encoder, tiny_tokenizer, tiny_towers
from textcl.encoder.opening import build_encoder, open_encoder
from textcl.encoder.static import StaticEncoder
from textcl.encoder.two_tower import TwoTower
from textcl.types.text import Role
from textcl.util.packing import pad

PROMPTS = {"anchor": "query: ", "positive": "answer: ", "negative": "not this: "}
TEXTS = [*SENTENCES, ""]


def theirs(folder: Path) -> SentenceTransformer:
    return SentenceTransformer(str(folder), device="cpu")


def assert_same(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, atol=1e-5, rtol=0)


def assert_equal_vectors(encoder: Any, model: SentenceTransformer) -> None:
    assert_same(model.encode_query(TEXTS, normalize_embeddings=True), encoder.encode(TEXTS, role="anchor"))
    assert_same(model.encode_document(TEXTS, normalize_embeddings=True), encoder.encode(TEXTS, role="positive"))


def modules_of(encoder: Any, folder: Path) -> list[torch.nn.Module]:
    """The modules of an encoder as sentence-transformers builds them."""
    encoder.save(folder)
    return list(theirs(folder).children())


@pytest.mark.parametrize("pool_prompt", [True, False])
@pytest.mark.parametrize("kinds", [("bert", "roberta"), ("mpnet", "modernbert")])
def test_both_libraries_give_the_same_vectors_for_each_role(
    kinds: tuple[str, str], pool_prompt: bool, tmp_path: Path
) -> None:
    queries = tiny_encoder("mean", kind=kinds[0], prompts=PROMPTS, pool_prompt=pool_prompt, max_length=8)
    documents = tiny_encoder("max", kind=kinds[1], prompts=PROMPTS, pool_prompt=not pool_prompt, seed=4)
    encoder = TwoTower(queries, documents)
    encoder.save(tmp_path / "model")
    model = theirs(tmp_path / "model")

    assert_equal_vectors(encoder, model)
    assert_same(model.encode(TEXTS), encoder.encode(TEXTS))
    negatives = model.encode(TEXTS, prompt_name="negative", task="document")
    assert_same(negatives, encoder.encode(TEXTS, role="negative"))
    assert np.abs(encoder.encode(TEXTS) - encoder.encode(TEXTS, role="positive")).max() > 0.1


def test_towers_without_prompts_are_treated_alike(tmp_path: Path) -> None:
    encoder = TwoTower(tiny_encoder(), tiny_encoder("last", kind="distilbert"))
    encoder.save(tmp_path / "model")

    assert_equal_vectors(encoder, theirs(tmp_path / "model"))
    assert_equal_vectors(open_encoder(tmp_path / "model"), theirs(tmp_path / "model"))


@pytest.mark.parametrize(
    ("normalize", "default_route"),
    [("in each route", "document"), ("behind the router", "query"), ("nowhere", None)],
)
def test_a_router_made_by_sentence_transformers_opens_with_equal_vectors(
    normalize: str, default_route: str | None, tmp_path: Path
) -> None:
    towers = tiny_towers()
    queries, documents = (
        modules_of(tower, tmp_path / name)
        for name, tower in (("queries", towers.queries), ("documents", towers.documents))
    )
    if normalize != "in each route":
        queries, documents = queries[:-1], documents[:-1]
    router = Router.for_query_document(queries, documents, default_route=default_route)
    behind = [Normalize()] if normalize == "behind the router" else []
    prompts = {"query": "query: ", "document": "answer: "}
    model = SentenceTransformer(modules=[router, *behind], prompts=prompts, device="cpu")
    model.save(str(tmp_path / "theirs"))

    encoder = open_encoder(tmp_path / "theirs")
    encoder.save(tmp_path / "again")

    assert_equal_vectors(encoder, model)
    assert_equal_vectors(towers, model)
    assert_equal_vectors(encoder, theirs(tmp_path / "again"))


def test_a_round_trip_through_both_libraries_changes_nothing(tmp_path: Path) -> None:
    queries = tiny_encoder("cls", prompts=PROMPTS, pool_prompt=False, max_length=9)
    encoder = TwoTower(queries, tiny_encoder("weighted_mean", kind="roberta", prompts=PROMPTS))
    encoder.save(tmp_path / "ours")
    theirs(tmp_path / "ours").save(str(tmp_path / "theirs"))

    again = open_encoder(tmp_path / "theirs")

    assert again.prompts == encoder.prompts == PROMPTS
    assert [tower.max_length for tower in (again.queries, again.documents)] == [9, 62]
    for role in Role:
        assert_same(again.encode(TEXTS, role=role), encoder.encode(TEXTS, role=role))


def test_dense_layers_bring_towers_to_one_width(tmp_path: Path) -> None:
    routes = [
        [*modules_of(tiny_encoder(seed=seed), tmp_path / str(seed))[:2], Dense(16, 5), Normalize()] for seed in (1, 2)
    ]
    model = SentenceTransformer(modules=[Router.for_query_document(*routes)], device="cpu")
    model.save(str(tmp_path / "theirs"))

    encoder = open_encoder(tmp_path / "theirs")
    encoder.save(tmp_path / "again")

    assert encoder.dimension == 5
    assert_equal_vectors(encoder, model)
    assert_equal_vectors(encoder, theirs(tmp_path / "again"))


@pytest.mark.parametrize(
    ("default_route", "is_first", "behind"), [("document", True, True), ("query", False, False), (None, True, False)]
)
def test_a_table_beside_a_transformer_is_opened_and_written_as_the_other_has_it(
    default_route: str | None, is_first: bool, behind: bool, tmp_path: Path
) -> None:
    rules = tiny_tokenizer().backend_tokenizer
    torch.manual_seed(3)
    table: list[torch.nn.Module] = [StaticEmbedding(rules, embedding_dim=8), Dropout(0.2), Dense(8, 16)]
    transformer = modules_of(tiny_encoder("cls"), tmp_path / "tiny")
    routes = (table, transformer) if is_first else (transformer, table)
    router = Router.for_query_document(*routes, default_route=default_route)
    prompts = {"query": "query: ", "document": "answer: "}
    modules = [router, Normalize()] if behind else [router]
    model = SentenceTransformer(modules=modules, prompts=prompts, device="cpu").eval()
    model.save(str(tmp_path / "theirs"))

    encoder = open_encoder(tmp_path / "theirs")
    encoder.save(tmp_path / "again")

    assert isinstance(encoder, TwoTower)
    assert isinstance((encoder.queries, encoder.documents)[not is_first], StaticEncoder)
    for again in (encoder, open_encoder(tmp_path / "again")):
        for peer in (model, theirs(tmp_path / "again")):
            for role, encode in (
                ("anchor", peer.encode_query),
                ("positive", peer.encode_document),
                (None, peer.encode),
            ):
                expected = encode(TEXTS, normalize_embeddings=True)
                np.testing.assert_allclose(again.encode(TEXTS, role=role), expected, atol=1e-6)


def test_a_table_in_a_router_has_the_gradient_of_the_other(tmp_path: Path) -> None:
    torch.manual_seed(3)
    routes = [[StaticEmbedding(tiny_tokenizer().backend_tokenizer, embedding_dim=16)] for _ in range(2)]
    model = SentenceTransformer(modules=[Router.for_query_document(*routes)], device="cpu").double()
    model.save(str(tmp_path / "theirs"))
    encoder = build_encoder(str(tmp_path / "theirs")).double()
    assert isinstance(encoder, TwoTower)
    weights = torch.randn(len(TEXTS), 16, generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    for role, task, tower, route in (
        ("anchor", "query", encoder.queries, model[0].sub_modules["query"]),
        ("positive", "document", encoder.documents, model[0].sub_modules["document"]),
    ):
        chunk = pad(encoder.tokenize(TEXTS, role), np.arange(len(TEXTS)), "cpu")
        (encoder(chunk) * weights).sum().backward()
        features = model.preprocess(TEXTS, task=task)
        (model[0](features, task=task)["sentence_embedding"] * weights).sum().backward()
        found, expected = tower.backbone.words.weight.grad, route[0].embedding.weight.grad
        assert expected.abs().max() > 0.1
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-12)


def test_a_router_of_an_old_release_opens(tmp_path: Path) -> None:
    encoder = tiny_towers()
    encoder.save(tmp_path / "model")
    (tmp_path / "model" / "router_config.json").rename(tmp_path / "model" / "config.json")
    modules = tmp_path / "model" / "modules.json"
    modules.write_text(modules.read_text().replace("models.Router", "models.Asym"))

    assert_equal_vectors(open_encoder(tmp_path / "model"), theirs(tmp_path / "model"))
    assert_equal_vectors(encoder, theirs(tmp_path / "model"))


def test_no_weight_is_drawn_at_random_when_sentence_transformers_opens_the_folder(tmp_path: Path) -> None:
    encoder = tiny_towers()
    encoder.save(tmp_path / "model")

    routes = theirs(tmp_path / "model")[0].sub_modules

    assert set(routes["query"][0].model.state_dict()) == set(encoder.queries.backbone.state_dict())
    assert set(routes["document"][0].model.state_dict()) == set(encoder.documents.backbone.state_dict())
