"""Cut word embeddings: each row on its own, in every kind of backbone, exact in any chunks."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.tiny import KINDS, SENTENCES, tiny_encoder
from textcl.augment.cutoff import FeatureCutoff, TokenCutoff
from textcl.augment.token_shuffle import TokenShuffle
from textcl.data.batches import change_inputs
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import use_fast_parts
from textcl.encoder.tokenization import word_width
from textcl.training.gradient_cache import ChunkedPass, Memory
from textcl.types.batches import InputAugmentation, Kept, Tokens
from textcl.util.packing import pad
from textcl.util.precision import Precision

CPU = torch.device("cpu")
ALL = np.arange(len(SENTENCES))
CHANGES = (TokenCutoff(0.3), FeatureCutoff(0.25), TokenShuffle())


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def changed(encoder: Encoder, *augmentations: InputAugmentation) -> Tokens:
    tokens = encoder.tokenize(SENTENCES, "anchor")
    return change_inputs(tokens, augmentations or CHANGES, range(len(SENTENCES)))


def cut_at(tokens: Tokens, position: int, ids: int, features: int = 16) -> Tokens:
    """The sequences with the token at one position replaced by another and cut."""
    sequences = tuple(np.where(np.arange(len(own)) == position, ids, own) for own in tokens.ids)
    kept = tuple(Kept(np.arange(len(own)) != position, np.ones(features, dtype=np.bool_)) for own in tokens.ids)
    return replace(tokens, ids=sequences, kept=kept)


def vectors(encoder: Encoder, tokens: Tokens, rows: np.ndarray = ALL) -> Tensor:
    with torch.inference_mode():
        return encoder(pad(tokens, rows))


def test_a_cut_tokens_word_does_not_reach_the_vector(kind: str) -> None:
    encoder = tiny_encoder(kind=kind).eval()
    tokens = encoder.tokenize(SENTENCES, "anchor")
    one, other = cut_at(tokens, 1, 20), cut_at(tokens, 1, 30)
    assert torch.equal(vectors(encoder, one), vectors(encoder, other))
    uncut = [replace(changed, kept=()) for changed in (one, other)]
    assert (vectors(encoder, uncut[0]) - vectors(encoder, uncut[1])).norm(dim=1).min() > 1e-3
    assert (vectors(encoder, one) - vectors(encoder, uncut[0])).norm(dim=1).min() > 1e-3


def test_a_cut_token_is_a_word_of_zeros_at_its_location(kind: str) -> None:
    encoder = tiny_encoder(kind=kind).eval()
    tokens = encoder.tokenize(SENTENCES, "anchor")
    with torch.no_grad():
        encoder.backbone.get_input_embeddings().weight[20] = 0
    cut = cut_at(tokens, 1, 20)
    torch.testing.assert_close(vectors(encoder, cut), vectors(encoder, replace(cut, kept=())), rtol=0, atol=1e-6)


def test_cut_features_are_zero_in_every_word_of_the_row(kind: str) -> None:
    encoder = tiny_encoder(kind=kind).eval()
    tokens, kept = encoder.tokenize(SENTENCES, "anchor"), np.arange(16) % 3 > 0
    cut = replace(tokens, kept=tuple(Kept(np.ones(len(own), dtype=np.bool_), kept) for own in tokens.ids))
    found = vectors(encoder, cut)
    with torch.no_grad():
        encoder.backbone.get_input_embeddings().weight[:, ~torch.from_numpy(kept)] = 0
    torch.testing.assert_close(found, vectors(encoder, tokens), rtol=0, atol=1e-6)


def test_a_text_gets_the_same_vector_alone_and_in_a_batch(kind: str) -> None:
    encoder = tiny_encoder(kind=kind).eval()
    tokens = changed(encoder)
    tokens = replace(tokens, kept=(None, *tokens.kept[1:]))  # among them one that nothing is cut from
    together = vectors(encoder, tokens)
    alone = torch.cat([vectors(encoder, tokens, np.array([row])) for row in ALL])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    assert (together - vectors(encoder, encoder.tokenize(SENTENCES, "anchor"))).norm(dim=1)[1:].min() > 1e-3


def test_the_backbone_is_left_as_it_was_even_after_an_error() -> None:
    encoder = tiny_encoder().eval()
    plain = encoder.tokenize(SENTENCES, "anchor")
    before = vectors(encoder, plain)
    vectors(encoder, changed(encoder))
    with pytest.raises(IndexError):
        vectors(encoder, cut_at(plain, 1, 10**6))
    assert torch.equal(vectors(encoder, plain), before)
    assert not encoder.backbone.get_input_embeddings()._forward_hooks


def run(encoder: Encoder, memory: Memory, precision: Precision = Precision.FLOAT32) -> tuple[Tensor, dict[str, Tensor]]:
    """Embeddings of a plain view and a changed one, and the gradients of a loss on them."""
    encoder.zero_grad()
    views = [encoder.tokenize(SENTENCES, "anchor"), changed(encoder)]
    chunks = ChunkedPass(encoder, views, memory, precision, CPU, seed=1)
    assert len(chunks.chunks) > 2 or memory.chunk_tokens > 1000
    embeddings = chunks.embed()
    assert embeddings is not None
    chunks.backward(torch.linspace(-1, 1, embeddings.numel(), dtype=embeddings.dtype).view_as(embeddings))
    return embeddings, {name: p.grad.clone() for name, p in encoder.named_parameters() if p.grad is not None}


def test_chunked_and_whole_passes_have_the_same_gradients(kind: str) -> None:
    encoder = tiny_encoder(dropout=0.0, kind=kind).double().train()
    whole, wanted = run(encoder, Memory(10**9, 10**9))
    for live in (0, 40, 10**9):
        chunked, gradients = run(encoder, Memory(24, live))
        torch.testing.assert_close(chunked, whole, rtol=0, atol=1e-12)
        assert gradients.keys() == wanted.keys()
        for name in wanted:
            torch.testing.assert_close(gradients[name], wanted[name], rtol=0, atol=1e-10, msg=name)


def test_chunked_and_whole_passes_agree_in_float32_with_the_fast_parts() -> None:
    encoder = tiny_encoder(dropout=0.0).train()
    use_fast_parts(encoder.backbone)
    whole, wanted = run(encoder, Memory(10**9, 10**9))
    chunked, gradients = run(encoder, Memory(24, 0))
    torch.testing.assert_close(chunked, whole, rtol=0, atol=1e-5)
    for name in wanted:
        torch.testing.assert_close(gradients[name], wanted[name], rtol=1e-4, atol=1e-4, msg=name)


@pytest.mark.parametrize("precision", [Precision.FLOAT32, Precision.BF16])
def test_a_replayed_pass_is_bit_equal_to_one_that_kept_its_graphs(kind: str, precision: Precision) -> None:
    encoder = tiny_encoder(dropout=0.2, kind=kind).train()
    use_fast_parts(encoder.backbone)
    kept, wanted = run(encoder, Memory(24, 10**9), precision)
    replayed, gradients = run(encoder, Memory(24, 0), precision)
    assert torch.equal(kept, replayed)
    assert all(torch.equal(gradients[name], wanted[name]) for name in wanted)


def test_a_word_that_is_always_cut_gets_no_gradient() -> None:
    encoder = tiny_encoder(dropout=0.0).train()
    tokens = cut_at(encoder.tokenize(SENTENCES, "anchor"), 1, 20)
    chunks = ChunkedPass(encoder, [tokens], Memory(24, 0), Precision.FLOAT32, CPU, seed=1)
    embeddings = chunks.embed()
    chunks.backward(torch.linspace(-1, 1, embeddings.numel()).view_as(embeddings))
    gradient = encoder.backbone.get_input_embeddings().weight.grad
    assert not gradient.is_sparse
    assert gradient[20].abs().max() == 0
    assert gradient.abs().max() > 1e-3


def test_rates_of_0_change_no_vector(kind: str) -> None:
    encoder = tiny_encoder(kind=kind).eval()
    same = changed(encoder, TokenCutoff(0.0), FeatureCutoff(0.0))
    assert torch.equal(vectors(encoder, same), vectors(encoder, encoder.tokenize(SENTENCES, "anchor")))


def test_special_tokens_and_the_prompt_are_known_to_the_sequences() -> None:
    encoder = tiny_encoder(prompts={"anchor": "query: "})
    tokenizer = encoder.tokenizer
    form = encoder.tokenize(["a dog"], "anchor").format
    assert (form.features, form.prompt) == (16, 3)  # [CLS] query :
    assert form.special == set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    assert encoder.tokenize(["a dog"], "positive").format.prompt == 0


def test_an_empty_text_is_left_alone() -> None:
    encoder = tiny_encoder(prompts={"anchor": "query: "}).eval()
    tokens = encoder.tokenize(["", ""], "anchor")
    same = change_inputs(tokens, (TokenCutoff(0.9), FeatureCutoff(0.9), TokenShuffle()), range(2))
    assert same.kept == ()
    assert [ids.tolist() for ids in same.ids] == [ids.tolist() for ids in tokens.ids]


def test_the_width_of_words_may_be_another_than_that_of_vectors() -> None:
    encoder = tiny_encoder()
    encoder.backbone.set_input_embeddings(torch.nn.Embedding(7, 5))
    assert word_width(encoder.backbone) == 5
