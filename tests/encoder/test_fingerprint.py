"""The fingerprint of an encoder: equal for equal vectors, another when anything that decides them changes."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.tiny import SENTENCES, tiny_encoder, tiny_towers
from textcl.encoder import Encoder, open_encoder
from textcl.encoder.fingerprint import fingerprint


def smallest_step(encoder: Encoder) -> None:
    """Change one weight by one unit in its last place."""
    weight = encoder.backbone.encoder.layer[1].output.dense.weight.data
    weight[3, 4] = torch.nextafter(weight[3, 4], torch.tensor(9.0))


def other_prompt(encoder: Encoder) -> None:
    encoder.prompts |= tiny_encoder(prompts={"anchor": "query: "}).prompts


CHANGES: list[Callable[[Encoder], None]] = [
    smallest_step,
    other_prompt,
    lambda encoder: setattr(encoder, "pooling", "cls"),
    lambda encoder: setattr(encoder, "pool_prompt", False),
    lambda encoder: setattr(encoder, "max_length", 9),
    lambda encoder: setattr(encoder.backbone.config, "layer_norm_eps", 1e-3),
    lambda encoder: setattr(encoder.tokenizer.backend_tokenizer, "normalizer", None),
]


def test_encoders_alike_have_one_fingerprint() -> None:
    assert fingerprint(tiny_encoder()) == fingerprint(tiny_encoder())
    assert fingerprint(tiny_towers()) == fingerprint(tiny_towers())


def test_encoding_leaves_it_as_it_was() -> None:
    encoder = tiny_encoder()
    before = fingerprint(encoder)
    encoder.encode(SENTENCES)
    assert fingerprint(encoder) == before


def test_a_folder_opened_twice_has_one_fingerprint(tiny_model_folder: Path) -> None:
    assert fingerprint(open_encoder(tiny_model_folder)) == fingerprint(open_encoder(tiny_model_folder))


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_vectors_changes_it(change: Callable[[Encoder], None]) -> None:
    encoder = tiny_encoder()
    before = fingerprint(encoder)
    change(encoder)
    assert fingerprint(encoder) != before


def test_either_tower_counts() -> None:
    before = fingerprint(tiny_towers())
    for tower in ("queries", "documents"):
        towers = tiny_towers()
        next(getattr(towers, tower).parameters()).data[0, 0] += 1
        assert fingerprint(towers) != before
