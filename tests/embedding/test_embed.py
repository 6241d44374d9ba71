"""The encoder as an evaluation sees it: remembered while it is as it is, and never longer."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.noted import Noted
from tests.tiny import SENTENCES, tiny_encoder, tiny_towers
from textcl.distributed import Ranks
from textcl.embedding.embed import Embedding, fresh_embed, identity, shared_embed, through_store
from textcl.embedding.store import VectorStore
from textcl.encoder.encoder import Encoder
from textcl.encoder.two_tower import TwoTower
from textcl.types.batches import Embed
from textcl.types.text import Role

ALONE = Ranks()


def train_a_little(encoder: Encoder) -> None:
    with torch.no_grad():
        for weight in encoder.parameters():
            weight += 0.01


def count_texts(encoder: Encoder, roles: list[Role]) -> int:
    noted = Noted()
    embed = fresh_embed(encoder, ALONE, progress=noted)
    for role in roles:
        embed(SENTENCES, role)
    return sum(noted.advanced)


def test_roles_of_one_prompt_share_their_vectors() -> None:
    assert count_texts(tiny_encoder(), list(Role)) == len(SENTENCES)
    prompted = tiny_encoder(prompts={"anchor": "query: ", "positive": "answer: "})
    assert count_texts(prompted, list(Role)) == 2 * len(SENTENCES)  # negatives have the positives' prompt


def test_towers_share_no_vectors_even_without_prompts() -> None:
    prompted = tiny_towers()
    towers = TwoTower(prompted.queries.prompted({}), prompted.documents.prompted({}))
    assert count_texts(towers, list(Role)) == 2 * len(SENTENCES)  # type: ignore[arg-type]  # two encoders


def test_a_fresh_embed_sees_the_weights_as_they_are_now() -> None:
    encoder = tiny_encoder()
    before = fresh_embed(encoder, ALONE)(SENTENCES, Role.ANCHOR)
    train_a_little(encoder)
    after = fresh_embed(encoder, ALONE)(SENTENCES, Role.ANCHOR)
    np.testing.assert_allclose(after, encoder.encode(SENTENCES), atol=1e-6)
    assert np.abs(after - before).max() > 1e-3


def test_control_one_that_is_kept_over_a_step_is_stale() -> None:
    encoder = tiny_encoder()
    embed = fresh_embed(encoder, ALONE)
    before = embed(SENTENCES, Role.ANCHOR)
    train_a_little(encoder)
    np.testing.assert_array_equal(embed(SENTENCES, Role.ANCHOR), before)


def on_disk(encoder: Encoder, folder: Path, how: Embedding) -> tuple[Embed, list[int]]:
    noted = Noted()
    store = VectorStore(encoder.dimension, folder)
    embed = shared_embed(encoder, ALONE, deterministic=how.deterministic)
    return through_store(embed, encoder, ALONE, store, model=identity(encoder, how), progress=noted), noted.expected


@pytest.mark.parametrize(
    ("other", "how", "shares"),
    [
        (tiny_encoder(), Embedding("float32"), True),
        (tiny_encoder(seed=5), Embedding("float32"), False),
        (tiny_encoder(max_length=9), Embedding("float32"), False),
        (tiny_encoder("cls"), Embedding("float32"), False),
        (tiny_encoder(precision="bf16"), Embedding("bf16"), False),
        (tiny_encoder(), Embedding("float32", deterministic=True), False),
    ],
    ids=["the same model", "other weights", "a shorter length", "another pooling", "bf16", "deterministic"],
)
def test_a_file_serves_the_very_same_model_and_no_other(
    other: Encoder, how: Embedding, shares: bool, tmp_path: Path
) -> None:
    first, _ = on_disk(tiny_encoder(), tmp_path, Embedding("float32"))
    first(SENTENCES, Role.ANCHOR)
    second, missing = on_disk(other, tmp_path, how)
    found = second(SENTENCES, Role.ANCHOR)
    assert missing == [0 if shares else len(SENTENCES)]
    np.testing.assert_allclose(found, other.encode(SENTENCES), atol=1e-6 if how.precision == "float32" else 0.1)
