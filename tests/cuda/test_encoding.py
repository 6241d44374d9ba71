"""Encoding on a GPU; skips where there is none."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import KINDS, SENTENCES, tiny_encoder
from textcl.encoder.opening import open_encoder

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("precision", "atol"), [("float32", 1e-5), ("bf16", 3e-2)])
def test_vectors_are_those_of_the_cpu(kind: str, precision: str, atol: float, tmp_path: Path) -> None:
    tiny_encoder(kind=kind).save(tmp_path / "model")
    wanted = open_encoder(tmp_path / "model", device="cpu").encode(SENTENCES)
    encoder = open_encoder(tmp_path / "model", precision=precision)
    assert encoder.device.type == "cuda"
    np.testing.assert_allclose(encoder.encode(SENTENCES), wanted, atol=atol)
    np.testing.assert_allclose(encoder.encode(SENTENCES, chunk_tokens=20), wanted, atol=atol)


def test_a_deterministic_vector_depends_on_its_text_alone(tmp_path: Path) -> None:
    tiny_encoder().save(tmp_path / "model")
    encoder = open_encoder(tmp_path / "model")
    together = encoder.encode(SENTENCES, deterministic=True)
    for text, vector in zip(SENTENCES, together, strict=True):
        assert np.array_equal(encoder.encode([text], deterministic=True)[0], vector)


def test_the_real_minilm_gives_the_vectors_of_the_cpu(minilm: str) -> None:
    texts = [*SENTENCES, "word " * 200]
    wanted = open_encoder(minilm, device="cpu").encode(texts)
    np.testing.assert_allclose(open_encoder(minilm).encode(texts), wanted, atol=1e-4)
    assert (open_encoder(minilm, precision="bf16").encode(texts) * wanted).sum(axis=1).min() > 0.999
