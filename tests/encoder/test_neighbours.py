"""A text's vector and its neighbours: near without `deterministic`, the same bits with it."""

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoConfig, AutoModel

from tests.tiny import KINDS, SENTENCES, WORDS, tiny_encoder, tiny_tokenizer, tiny_towers
from textcl.encoder import tokenization
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import open_encoder
from textcl.encoder.pooling import POOLINGS
from textcl.encoder.protocols import TextEncoder
from textcl.errors import ModelError
from textcl.training.gradient_cache import ChunkedPass, Memory
from textcl.types.batches import FloatArray
from textcl.types.text import Role
from textcl.util.precision import Precision

TOLERANCE = 1e-5
TINY = {pooling: tiny_encoder(pooling) for pooling in POOLINGS}
TEXT = st.lists(st.sampled_from(WORDS), max_size=80).map(" ".join)


def texts_of_many_lengths(count: int) -> list[str]:
    """Texts of 0 to 160 words, most of them short."""
    rng = random.Random(4)
    return [" ".join(rng.choices(WORDS, k=int(160 * rng.random() ** 4))) for _ in range(count)]


def alone(encoder: TextEncoder, texts: Sequence[str], deterministic: bool = False) -> FloatArray:
    return np.concatenate([encoder.encode([text], deterministic=deterministic) for text in texts])


def shuffled(encoder: TextEncoder, texts: Sequence[str], deterministic: bool, seed: int = 1) -> FloatArray:
    """Vectors in the order of the texts, encoded in another."""
    order = np.random.default_rng(seed).permutation(len(texts))
    vectors = encoder.encode([texts[position] for position in order], deterministic=deterministic)
    return vectors[np.argsort(order)]


@pytest.mark.parametrize("pooling", POOLINGS)
@settings(max_examples=15)
@given(texts=st.lists(TEXT, min_size=1, max_size=8))
def test_any_neighbours_leave_a_vector_where_it_was(pooling: str, texts: list[str]) -> None:
    encoder = TINY[pooling]
    np.testing.assert_allclose(encoder.encode(texts), alone(encoder, texts), atol=TOLERANCE, rtol=0)


_OF_TWO_LAYERS = {
    "vocab_size": len(tiny_tokenizer()), "hidden_size": 16, "embedding_size": 16, "num_hidden_layers": 2,
    "num_attention_heads": 2, "intermediate_size": 32, "max_position_embeddings": 64, "initializer_range": 0.3,
}  # fmt: skip
READ_PADDING: dict[str, dict[str, int]] = {
    "fnet": {},
    "convbert": {},
    "nystromformer": {"num_landmarks": 64},
    "big_bird": {"block_size": 4, "num_random_blocks": 1},
}


@pytest.fixture(scope="module", params=READ_PADDING)
def reading_padding(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TextEncoder:
    folder = tmp_path_factory.mktemp(request.param)
    config = AutoConfig.for_model(request.param, **_OF_TWO_LAYERS, **READ_PADDING[request.param])
    torch.manual_seed(17)
    AutoModel.from_config(config).save_pretrained(folder)
    tiny_tokenizer().save_pretrained(folder)
    return open_encoder(folder, device="cpu")


def test_a_backbone_that_reads_padding_gives_a_text_one_vector_beside_any_other(reading_padding: TextEncoder) -> None:
    texts = texts_of_many_lengths(40)
    expected = alone(reading_padding, texts)
    np.testing.assert_allclose(shuffled(reading_padding, texts, False), expected, atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(reading_padding.encode(texts[:7]), expected[:7], atol=TOLERANCE, rtol=0)


def test_training_shows_such_a_backbone_no_padding_either(reading_padding: TextEncoder) -> None:
    texts = texts_of_many_lengths(12)
    pool = reading_padding.tokenize(texts, Role.ANCHOR)
    device = torch.device("cpu")
    vectors = ChunkedPass(reading_padding, [pool], Memory(), Precision.FLOAT32, device, seed=1).embed()
    assert vectors is not None
    unit = torch.nn.functional.normalize(vectors, dim=-1).numpy()
    np.testing.assert_allclose(unit, alone(reading_padding, texts), atol=TOLERANCE, rtol=0)


def test_a_sparse_attention_that_is_made_full_is_told_where_texts_may_be_long_enough(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for block_size, told in ((4, True), (10, False)):  # sparse beyond 28 and 70 tokens, of 64 positions
        config = AutoConfig.for_model("big_bird", **_OF_TWO_LAYERS, block_size=block_size, num_random_blocks=1)
        AutoModel.from_config(config).save_pretrained(tmp_path)
        tiny_tokenizer().save_pretrained(tmp_path)
        caplog.clear()
        assert open_encoder(tmp_path, device="cpu").dimension == 16
        assert ("beyond 28 tokens get other vectors than theirs" in caplog.text) == told


def test_a_backbone_that_wants_more_than_tokens_is_refused_by_its_folder(tmp_path: Path) -> None:
    settings = {**_OF_TWO_LAYERS, "languages": ["en_XX", "de_DE"], "adapter_reduction_factor": 2}
    AutoModel.from_config(AutoConfig.for_model("xmod", **settings)).save_pretrained(tmp_path)
    tiny_tokenizer(1).save_pretrained(tmp_path)
    with pytest.raises(
        ModelError, match=f"^{tmp_path}: a backbone of the kind 'xmod' cannot embed a text \\(Input lang"
    ):
        open_encoder(tmp_path, device="cpu")


def test_backbones_that_heed_the_mask_are_padded_probed_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(tokenization._BY_MASK) == set(KINDS)
    assert [tiny_encoder(kind=kind).one_length for kind in KINDS] == [False] * len(KINDS)
    monkeypatch.setattr(tokenization, "_BY_MASK", ())
    assert [tiny_encoder(kind=kind).one_length for kind in KINDS] == [False] * len(KINDS)


@pytest.fixture(scope="module")
def real(minilm: str) -> dict[str, TextEncoder]:
    """The real MiniLM by precision."""
    return {precision: open_encoder(minilm, precision=precision, device="cpu") for precision in ("float32", "bf16")}


@pytest.mark.parametrize("pooling", POOLINGS)
def test_the_real_model_gives_the_same_vectors_beside_very_short_and_very_long_texts(
    real: dict[str, TextEncoder], pooling: str
) -> None:
    one = real["float32"]
    assert isinstance(one, Encoder)
    encoder = Encoder(one.backbone, one.tokenizer, pooling=pooling, max_length=256)
    texts = [*SENTENCES, "", "word " * 90, "a b", "naïve 東京"]
    vectors = encoder.encode(texts)
    np.testing.assert_allclose(vectors, alone(encoder, texts), atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(vectors, encoder.encode(texts[::-1])[::-1], atol=TOLERANCE, rtol=0)
    for side in (["word " * 120, *texts], [*texts, "word " * 120]):  # neighbours to the left and to the right
        found = encoder.encode(side)[1:] if side[0] != texts[0] else encoder.encode(side)[:-1]
        np.testing.assert_allclose(found, vectors, atol=TOLERANCE, rtol=0)


def test_bf16_moves_with_its_neighbours_by_a_rounding_or_two(real: dict[str, TextEncoder]) -> None:
    texts = texts_of_many_lengths(12)
    together, apart = real["bf16"].encode(texts), alone(real["bf16"], texts)
    assert np.abs(together - apart).max() < 4e-3
    assert np.sum(together * apart, axis=1).min() > 0.9999


@pytest.mark.parametrize("precision", ["float32", "bf16"])
def test_deterministic_vectors_of_the_real_model_are_equal_to_the_last_bit(
    real: dict[str, TextEncoder], precision: str
) -> None:
    encoder, texts = real[precision], texts_of_many_lengths(12)
    vectors = encoder.encode(texts, deterministic=True)
    np.testing.assert_array_equal(shuffled(encoder, texts, deterministic=True), vectors)
    np.testing.assert_array_equal(encoder.encode(texts[5:9], deterministic=True), vectors[5:9])
    np.testing.assert_array_equal(alone(encoder, texts, deterministic=True), vectors)
    np.testing.assert_allclose(vectors, encoder.encode(texts), atol=4e-3 if precision == "bf16" else TOLERANCE)


def test_control_without_it_the_last_bits_depend_on_the_neighbours(real: dict[str, TextEncoder]) -> None:
    texts = texts_of_many_lengths(12)
    assert (real["float32"].encode(texts) != alone(real["float32"], texts)).any()


def test_deterministic_vectors_do_not_depend_on_the_number_of_threads(real: dict[str, TextEncoder]) -> None:
    texts = ["word " * 140, *SENTENCES[:2]]
    vectors, threads = [], torch.get_num_threads()
    try:
        for count in (1, 2):
            torch.set_num_threads(count)
            vectors.append(real["float32"].encode(texts, deterministic=True))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)
    np.testing.assert_array_equal(*vectors)


@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize("kind", KINDS)
def test_deterministic_is_exact_for_every_backbone(kind: str, precision: str) -> None:
    encoder = tiny_encoder(kind=kind, precision=precision)
    texts = [*SENTENCES, "", *texts_of_many_lengths(8)]
    vectors = encoder.encode(texts, deterministic=True)
    np.testing.assert_array_equal(shuffled(encoder, texts, deterministic=True), vectors)
    np.testing.assert_array_equal(alone(encoder, texts, deterministic=True), vectors)


@pytest.mark.parametrize("pooling", POOLINGS)
@settings(max_examples=10)
@given(texts=st.lists(TEXT, min_size=1, max_size=6), seed=st.integers(0, 99))
def test_deterministic_is_exact_for_any_texts_in_any_order(pooling: str, texts: list[str], seed: int) -> None:
    encoder = TINY[pooling]
    vectors = encoder.encode(texts, deterministic=True)
    np.testing.assert_array_equal(shuffled(encoder, texts, True, seed), vectors)


def test_each_of_two_towers_is_exact() -> None:
    encoder = tiny_towers()
    for role in ("anchor", "positive"):
        vectors = encoder.encode(SENTENCES, role=role, deterministic=True)
        np.testing.assert_array_equal(encoder.encode(SENTENCES[2:4], role=role, deterministic=True), vectors[2:4])
