"""The fingerprint of an encoder: the same after saving, another where vectors would be others."""

from pathlib import Path

import pytest
import torch

from tests.tiny import KINDS, SENTENCES, tiny_encoder, tiny_towers
from textcl.encoder.fingerprint import fingerprint
from textcl.encoder.opening import open_encoder


@pytest.mark.parametrize("kind", KINDS)
def test_it_survives_saving_and_use(kind: str, tmp_path: Path) -> None:
    encoder = tiny_encoder(kind=kind)
    first = fingerprint(encoder)
    encoder.encode(SENTENCES)
    assert fingerprint(encoder) == first
    encoder.save(tmp_path / "saved")
    opened = open_encoder(tmp_path / "saved", device="cpu")
    once = fingerprint(opened)
    opened.save(tmp_path / "again")
    assert once == fingerprint(open_encoder(tmp_path / "again", device="cpu")) == first


def test_two_towers_have_one_that_survives_saving(tmp_path: Path) -> None:
    towers = tiny_towers()
    towers.save(tmp_path / "saved")
    assert fingerprint(open_encoder(tmp_path / "saved", device="cpu")) == fingerprint(towers)


def test_a_single_weight_changes_it() -> None:
    encoder = tiny_encoder()
    before = fingerprint(encoder)
    with torch.no_grad():
        next(encoder.parameters()).view(-1)[0] += 1e-6
    assert fingerprint(encoder) != before


@pytest.mark.parametrize("settings", [{"pooling": "cls"}, {"max_length": 9}, {"pool_prompt": False}])
def test_how_texts_are_cut_and_pooled_changes_it(settings: dict[str, object]) -> None:
    assert fingerprint(tiny_encoder(**settings)) != fingerprint(tiny_encoder())


def test_prompts_and_precision_do_not_change_it() -> None:
    other = tiny_encoder(prompts={"anchor": "query: "}, precision="bf16")
    assert fingerprint(other) == fingerprint(tiny_encoder())


def test_the_real_model_has_one(minilm: str) -> None:
    assert fingerprint(open_encoder(minilm, device="cpu")) == fingerprint(open_encoder(minilm, device="cpu"))
