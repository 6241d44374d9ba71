"""The code in a card, run as it stands there: it must give the vectors that textcl gives."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding

import textcl
from tests.hub.finished_runs import finished_run
from tests.tiny import tiny_encoder, tiny_tokenizer, tiny_towers
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import build_encoder
from textcl.encoder.pooling import POOLINGS
from textcl.encoder.two_tower import TwoTower
from textcl.hub.card import render_card

PROMPTS = {"anchor": "query: ", "positive": "passage: "}
TEXTS = {"anchor": ["Who plays the guitar?"], "positive": ["A man plays the guitar."]}


def run_code(run: Path, library: str) -> dict[str, Any]:
    """Run the code of a library in the card of a run, and return the names that it leaves."""
    blocks = re.findall(r"```python\n(.*?)```", render_card(run, "me/mine"), re.S)
    (code,) = [block for block in blocks if f"import {library}\n" in block or f"from {library} import" in block]
    left: dict[str, Any] = {}
    exec(code.replace("me/mine", str(run / "model")), left)  # noqa: S102 (what a reader of the card would do)
    return left


def assert_same_sides(left: dict[str, Any], encoder: Encoder | TwoTower) -> None:
    for name, role in (("queries", "anchor"), ("documents", "positive")):
        np.testing.assert_allclose(np.asarray(left[name]), encoder.encode(TEXTS[role], role=role), atol=1e-5)


@pytest.mark.parametrize("pooling", POOLINGS)
@pytest.mark.parametrize("pool_prompt", [True, False])
def test_the_code_for_transformers_pools_right(tmp_path: Path, pooling: str, pool_prompt: bool) -> None:
    encoder = tiny_encoder(pooling, prompts=PROMPTS, pool_prompt=pool_prompt, max_length=12)
    assert_same_sides(run_code(finished_run(tmp_path, encoder), "transformers"), encoder)


def test_padding_and_cutting_are_as_in_textcl(tmp_path: Path) -> None:
    encoder = tiny_encoder("last", max_length=6)
    left = run_code(finished_run(tmp_path, encoder), "transformers")
    texts = ["fish", "the old woman reads a big red book by the river", "two dogs run"]
    np.testing.assert_allclose(left["embed"](texts).numpy(), encoder.encode(texts), atol=1e-5)


@pytest.mark.parametrize("library", ["textcl", "sentence_transformers", "transformers"])
@pytest.mark.parametrize("make", [lambda: tiny_encoder(prompts=PROMPTS), tiny_towers])
def test_the_code_of_every_library_embeds_both_sides(tmp_path: Path, library: str, make: Any) -> None:
    encoder = make()
    assert_same_sides(run_code(finished_run(tmp_path, encoder), library), encoder)


@pytest.mark.parametrize("library", ["textcl", "sentence_transformers", "transformers"])
def test_without_prompts_there_is_one_side(tmp_path: Path, library: str) -> None:
    run = finished_run(tmp_path)
    left = run_code(run, library)
    expected = textcl.load(run).encode(["A man plays the guitar.", "Someone makes music."])
    np.testing.assert_allclose(np.asarray(left["vectors"]), expected, atol=1e-5)
    assert left["cosines"].shape == (2, 2)


@pytest.mark.parametrize("library", ["textcl", "sentence_transformers"])
def test_the_code_for_token_embeddings_and_joined_poolings_is_of_two_libraries(tmp_path: Path, library: str) -> None:
    SentenceTransformer(modules=[StaticEmbedding(tiny_tokenizer(), embedding_dim=8)]).save(str(tmp_path / "table"))
    table, joined = build_encoder(str(tmp_path / "table")), tiny_encoder("cls+mean")
    for name, encoder, width in (("static", table, 8), ("joined", joined, 32)):
        (tmp_path / name).mkdir()
        run = finished_run(tmp_path / name, encoder)
        left = run_code(run, library)
        expected = encoder.encode(["A man plays the guitar.", "Someone makes music."])
        assert expected.shape[1] == width
        vectors = np.asarray(left["vectors"])
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        np.testing.assert_allclose(unit, expected, atol=1e-5)
        assert "transformers alone does not run all of this model" in render_card(run, "me/mine")
