"""The swaps in whole backbones: same vectors and gradients as the backbone's own code, same files."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn
from transformers import AutoModel, PreTrainedModel

from tests.tiny import KINDS, tiny_backbone, tiny_encoder
from textcl.encoder.cpu.attention import NAME
from textcl.encoder.cpu.dropout import FastDropout
from textcl.encoder.opening import use_fast_parts

LENGTHS = (12, 5, 9, 1)  # tokens of each row


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def fast(kind: str, dropout: float = 0.1) -> PreTrainedModel:
    backbone = tiny_backbone(kind, dropout)
    use_fast_parts(backbone)
    return backbone


def eager(kind: str) -> PreTrainedModel:
    backbone = tiny_backbone(kind, 0.0)
    backbone.set_attn_implementation("eager")
    return backbone


def run(backbone: PreTrainedModel, bf16: bool = False) -> tuple[Tensor, dict[str, Tensor]]:
    """Hidden states of the real tokens (tokens, 16), and the gradients of a loss on them."""
    mask = (torch.arange(max(LENGTHS)) < torch.tensor(LENGTHS)[:, None]).long()
    torch.manual_seed(1)
    ids = torch.randint(5, 50, mask.shape).where(mask.bool(), backbone.config.pad_token_id)
    backbone.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
        hidden = backbone(input_ids=ids, attention_mask=mask).last_hidden_state[mask.bool()].float()
    (hidden * torch.linspace(-1, 1, hidden.numel()).view_as(hidden)).sum().backward()
    gradients = {name: weight.grad.clone() for name, weight in backbone.named_parameters() if weight.grad is not None}
    return hidden.detach(), gradients


def distance(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> float:
    assert found.keys() == wanted.keys()
    ours, theirs = (torch.cat([tensors[name].flatten() for name in wanted]) for tensors in (found, wanted))
    return float((ours - theirs).norm() / theirs.norm())


def test_float32_equals_the_eager_backbone_forward_and_backward(kind: str) -> None:
    hidden, gradients = run(fast(kind, 0.0).train())
    expected, wanted = run(eager(kind).train())
    assert torch.allclose(hidden, expected, atol=1e-5)
    assert distance(gradients, wanted) < 1e-5


def test_bf16_errs_no_more_than_eager_bf16_does(kind: str) -> None:
    expected, wanted = run(eager(kind))
    eager_hidden, eager_gradients = run(eager(kind), bf16=True)
    hidden, gradients = run(fast(kind, 0.0), bf16=True)
    assert (hidden - expected).norm() < 1.3 * (eager_hidden - expected).norm()
    assert distance(gradients, wanted) < 1.3 * distance(eager_gradients, wanted)


@pytest.mark.parametrize("bf16", [False, True])
def test_the_same_seed_replays_outputs_and_gradients_bit_for_bit(kind: str, bf16: bool) -> None:
    backbone = fast(kind).train()
    first, gradients = run(backbone, bf16)
    again, replayed = run(backbone, bf16)
    assert torch.equal(first, again)
    assert all(torch.equal(gradients[name], replayed[name]) for name in gradients)


def test_dropout_drops_in_training_alone(kind: str) -> None:
    backbone = fast(kind)
    quiet = run(backbone)[0]
    assert torch.allclose(quiet, run(eager(kind))[0], atol=1e-5)
    assert not torch.allclose(run(backbone.train())[0], quiet, atol=1e-2)


def test_every_dropout_is_swapped_and_keeps_rate_and_mode(kind: str) -> None:
    backbone = fast(kind, 0.25)
    layers = list(dropouts(backbone))
    assert layers
    assert all(type(layer) is FastDropout and layer.p == 0.25 and not layer.training for layer in layers)


def dropouts(backbone: PreTrainedModel) -> Iterator[nn.Module]:
    return (module for module in backbone.modules() if isinstance(module, nn.Dropout))


def test_the_attention_is_swapped_where_the_architecture_lets_us(kind: str) -> None:
    assert fast(kind).config._attn_implementation == ("eager" if kind == "mpnet" else NAME)


def test_an_attention_that_was_chosen_by_hand_stays() -> None:
    backbone = eager("bert")
    use_fast_parts(backbone)
    assert backbone.config._attn_implementation == "eager"


def test_the_state_dict_stays_the_same(kind: str) -> None:
    before, after = tiny_backbone(kind).state_dict(), fast(kind).state_dict()
    assert list(before) == list(after)
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_saved_backbone_opens_in_transformers_and_knows_nothing_of_the_swap(kind: str, tmp_path: Path) -> None:
    backbone = fast(kind, 0.0)
    backbone.save_pretrained(tmp_path)
    assert NAME not in (tmp_path / "config.json").read_text()
    opened = AutoModel.from_pretrained(tmp_path).eval()
    assert opened.config._attn_implementation != NAME
    assert torch.allclose(run(opened)[0], run(backbone)[0], atol=1e-5)


def test_a_saved_encoder_gives_the_same_vectors_in_sentence_transformers(tmp_path: Path) -> None:
    encoder = tiny_encoder()
    use_fast_parts(encoder.backbone)
    texts = ["a man plays the guitar", "two dogs run", "fish"]
    encoder.save(tmp_path / "model")
    theirs = SentenceTransformer(str(tmp_path / "model"), device="cpu").encode(texts, normalize_embeddings=True)
    assert torch.allclose(torch.from_numpy(encoder.encode(texts)), torch.from_numpy(theirs), atol=1e-5)
