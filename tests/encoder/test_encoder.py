import copy

import numpy as np
import pytest
import torch

from tests.tiny import KINDS, SENTENCES, tiny_encoder, tiny_tokenizer
from textcl.encoder import encoder as encoder_file
from textcl.errors import ModelError
from textcl.types.text import Role
from textcl.util.packing import pad


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pooling", ["mean", "cls", "last", "max", "weighted_mean"])
def test_a_text_gets_the_same_vector_alone_and_in_a_batch(kind: str, pooling: str) -> None:
    encoder = tiny_encoder(pooling, kind=kind).eval()
    tokens = encoder.tokenize(SENTENCES, "anchor")

    with torch.inference_mode():
        together = encoder(pad(tokens, np.arange(len(SENTENCES))))
        alone = torch.cat([encoder(pad(tokens, np.array([row]))) for row in range(len(SENTENCES))])

    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_changing_one_text_leaves_the_vectors_of_the_others_alone(kind: str) -> None:
    encoder = tiny_encoder(kind=kind)

    first = encoder.encode(["a dog", "two birds sing", "a red house"])
    second = encoder.encode(["a dog", "what is a vector", "a red house"])

    np.testing.assert_allclose(first[[0, 2]], second[[0, 2]], atol=1e-6)
    assert np.abs(first[1] - second[1]).max() > 1e-2


def test_vectors_come_in_the_order_of_the_texts_and_have_unit_length(monkeypatch: pytest.MonkeyPatch) -> None:
    encoder = tiny_encoder()
    expected = np.concatenate([encoder.encode([text]) for text in SENTENCES])
    monkeypatch.setattr(encoder_file, "WINDOW", 3)

    found = encoder.encode(SENTENCES, chunk_tokens=20)

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)


def test_vectors_in_training_are_not_scaled_to_unit_length() -> None:
    encoder = tiny_encoder().eval()

    vectors = encoder(pad(encoder.tokenize(SENTENCES, "anchor"), np.arange(len(SENTENCES))))

    assert vectors.requires_grad
    np.testing.assert_allclose(
        torch.nn.functional.normalize(vectors).detach().numpy(), encoder.encode(SENTENCES), atol=1e-6
    )
    assert (vectors.norm(dim=1) - 1).abs().min() > 1e-2


def test_pooling_runs_in_float32_under_bf16_and_keeps_float64() -> None:
    encoder = tiny_encoder().eval()
    chunk = pad(encoder.tokenize(SENTENCES, "anchor"), np.arange(len(SENTENCES)))

    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert encoder(chunk).dtype == torch.float32
    assert encoder.double()(chunk).dtype == torch.float64
    assert encoder.bfloat16()(chunk).dtype == torch.float32


def test_no_texts_give_no_rows() -> None:
    assert tiny_encoder().encode([]).shape == (0, 16)


@pytest.mark.parametrize("error", [None, float("nan"), 3, b"text"])
def test_an_entry_that_is_no_string_is_named_by_its_position(error: object) -> None:
    with pytest.raises(ValueError, match=r"texts\[1\] is .*every entry must be a string"):
        tiny_encoder().encode(["a dog", error])  # type: ignore[list-item]  # the wrong type is the test


def test_one_string_in_location_of_a_list_is_refused() -> None:
    with pytest.raises(ValueError, match="a list of texts, not one text"):
        tiny_encoder().encode("a dog")


def test_an_empty_text_and_a_vector_of_zeros_stay_finite() -> None:
    encoder = tiny_encoder()
    assert np.isfinite(encoder.encode(["", "a dog"])).all()

    for weight in encoder.backbone.parameters():
        torch.nn.init.zeros_(weight)

    assert (encoder.encode(["", "a dog"]) == 0).all()


def test_encoding_puts_every_part_back_in_its_own_mode() -> None:
    encoder = tiny_encoder().train()
    encoder.backbone.embeddings.eval()

    first, second = encoder.encode(SENTENCES), encoder.encode(SENTENCES)

    np.testing.assert_array_equal(first, second)  # no dropout
    assert encoder.training
    assert encoder.backbone.encoder.training
    assert not encoder.backbone.embeddings.training


def test_progress_adds_up_to_the_number_of_texts() -> None:
    finished: list[int] = []

    tiny_encoder().encode(SENTENCES * 3, chunk_tokens=30, progress=finished.append)

    assert len(finished) > 1
    assert sum(finished) == 3 * len(SENTENCES)


def test_bf16_is_near_float32_and_not_equal_to_it() -> None:
    exact = tiny_encoder().encode(SENTENCES)
    rounded = tiny_encoder(precision="bf16").encode(SENTENCES)

    assert 0 < np.abs(exact - rounded).max() < 0.1


def test_two_passes_in_training_differ_by_dropout_alone() -> None:
    tokens = tiny_encoder().tokenize(SENTENCES, "anchor")
    chunk = pad(tokens, np.arange(len(SENTENCES)))
    dropping, still = tiny_encoder(dropout=0.1).train(), tiny_encoder(dropout=0.0).train()

    assert (dropping(chunk) - dropping(chunk)).abs().max() > 1e-3
    assert still(chunk).equal(still(chunk))


@pytest.mark.parametrize("kind", KINDS)
def test_dropout_is_the_largest_rate_in_the_backbone(kind: str) -> None:
    assert tiny_encoder(kind=kind, dropout=0.3).dropout == pytest.approx(0.3)
    assert tiny_encoder(kind=kind, dropout=0.0).dropout == 0


def test_a_copy_of_an_encoder_shares_nothing_with_it() -> None:
    encoder = tiny_encoder()
    before = encoder.encode(SENTENCES)
    twin = copy.deepcopy(encoder)

    with torch.no_grad():
        for weight in twin.parameters():
            weight.zero_()

    np.testing.assert_array_equal(encoder.encode(SENTENCES), before)


def test_roles_prompts_and_lengths_that_do_not_exist_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no role 'anchr'; there are anchor, .*negative\. Did you mean 'anchor'"):
        tiny_encoder().encode(["a"], role="anchr")
    with pytest.raises(ValueError, match="no role 'querry'"):
        tiny_encoder(prompts={"querry": "query: "})
    with pytest.raises(ValueError, match=r"max_length is 2; it must be more than 2 .* at most 64"):
        tiny_encoder(max_length=2)
    with pytest.raises(ValueError, match="max_length is 65"):
        tiny_encoder(max_length=65)
    with pytest.raises(ValueError, match="max_length is 63"):
        tiny_encoder(kind="roberta", max_length=63)  # two positions are the padding's


def test_role_chooses_the_prompt() -> None:
    encoder = tiny_encoder(prompts={"anchor": "query: ", "positive": "passage: "})
    plain = tiny_encoder()

    np.testing.assert_allclose(encoder.encode(["a dog"]), plain.encode(["query: a dog"]), atol=1e-6)
    for role in (Role.POSITIVE, "negative"):
        np.testing.assert_allclose(encoder.encode(["a dog"], role=role), plain.encode(["passage: a dog"]), atol=1e-6)


def test_tiny_tokenizer_reads_words_and_falls_back_to_letters() -> None:
    tokenizer = tiny_tokenizer()

    assert tokenizer.tokenize("The dog zed") == ["the", "dog", "z", "##e", "##d"]


@pytest.mark.parametrize("value", [float("nan"), 3e38])
def test_vectors_that_are_not_finite_are_refused(value: float) -> None:
    encoder = tiny_encoder()
    with torch.no_grad():
        encoder.backbone.encoder.layer[0].output.dense.weight.fill_(value)
        encoder.backbone.encoder.layer[1].output.LayerNorm.weight.fill_(value)
    with pytest.raises(ModelError, match=r"the model gives NaN or infinity for 2 of 2 texts, .* 'a man'"):
        encoder.encode(["a man", "two dogs"])
