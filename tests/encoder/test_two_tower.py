"""Two towers: each role's texts go to its own, with its own tokens; the rest of textcl sees one encoder."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.tiny import SENTENCES, sentence_batch, tiny_encoder, tiny_towers
from tests.toy import flat_gradient
from textcl.distributed import Ranks
from textcl.encoder.opening import open_encoder
from textcl.encoder.two_tower import TwoTower
from textcl.objectives.info_nce import InfoNCE
from textcl.training.gradient_cache import Memory
from textcl.training.step import Step
from textcl.training.target import EmaTarget, OnlineTarget
from textcl.types.text import Role
from textcl.util.packing import pad
from textcl.util.precision import Precision


@pytest.mark.parametrize("role", Role)
def test_each_role_is_embedded_by_its_own_tower_under_its_own_prompt(role: Role) -> None:
    encoder = tiny_towers()
    tower = encoder.queries if role is Role.ANCHOR else encoder.documents

    np.testing.assert_array_equal(encoder.encode(SENTENCES, role=role), tower.encode(SENTENCES, role=role))
    assert encoder.prompts == {"anchor": "query: ", "positive": "answer: ", "negative": "answer: "}


def test_a_chunk_is_embedded_by_the_tower_that_its_tokens_are_for() -> None:
    encoder = tiny_towers().eval()

    for role in Role:
        tokens = encoder.tokenize(SENTENCES, role)
        vectors = encoder(pad(tokens, np.arange(len(SENTENCES))))
        normal = torch.nn.functional.normalize(vectors).detach().numpy()
        np.testing.assert_allclose(normal, encoder.encode(SENTENCES, role=role), atol=1e-6)
        assert tokens.pad_id == tokens.tower == (0 if role is Role.ANCHOR else 1)


def test_whole_texts_keep_the_tokens_that_encoding_cuts_off() -> None:
    encoder = tiny_towers()

    for role, most in ((Role.ANCHOR, 20), (Role.POSITIVE, 12)):
        cut, whole = encoder.tokenize(SENTENCES, role), encoder.tokenize_whole(SENTENCES, role)
        assert cut.lengths.max() == most < whole.lengths.max()
        assert cut.tower == whole.tower


def test_towers_of_other_widths_are_refused() -> None:
    documents = tiny_encoder()
    documents.backbone.config.hidden_size = 24

    with pytest.raises(ValueError, match=r"one width.* queries have 16 channels, those of the documents 24"):
        TwoTower(tiny_encoder(), documents)


def test_a_role_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="no role 'querry'"):
        tiny_towers().encode(["a"], role="querry")


def test_dropout_is_the_largest_rate_of_both_towers() -> None:
    encoder = TwoTower(tiny_encoder(dropout=0.0), tiny_encoder(dropout=0.3))

    assert encoder.dropout == pytest.approx(0.3)
    assert tiny_towers(dropout=0.0).dropout == 0


def test_a_copy_shares_nothing_with_it() -> None:
    encoder = tiny_towers()
    before = encoder.encode(SENTENCES, role="positive")

    with torch.no_grad():
        for weight in copy.deepcopy(encoder).parameters():
            weight.zero_()

    np.testing.assert_array_equal(encoder.encode(SENTENCES, role="positive"), before)


@pytest.mark.parametrize("roles", [(Role.ANCHOR, Role.POSITIVE), tuple(Role)])
@pytest.mark.parametrize("memory", [Memory(30, 0), Memory(30, 70), Memory(30, 10**9)])
def test_chunked_gradients_equal_those_of_whole_views(roles: tuple[Role, ...], memory: Memory) -> None:
    encoder = tiny_towers(dropout=0.0).double()
    batch, rows = sentence_batch(encoder, roles), np.arange(len(SENTENCES))
    objective = InfoNCE(temperature=0.1)

    step = Step(encoder, objective, OnlineTarget(), Ranks(), seed=3, memory=memory)
    encoder.train()
    found = step.backward(batch, 1)
    chunked = flat_gradient([encoder])
    encoder.zero_grad()
    vectors = tuple(encoder(pad(view.tokens, rows)) for view in batch.views)
    targets = tuple(vector.detach() for vector in vectors)
    loss = objective(replace(found.batch, views=vectors, targets=targets))
    loss.backward()

    assert found.loss == pytest.approx(loss.item(), abs=1e-9)
    torch.testing.assert_close(chunked, flat_gradient([encoder]), atol=1e-9, rtol=0)
    for tower in (encoder.queries, encoder.documents):
        assert flat_gradient([tower]).abs().max() > 1e-4


def test_replayed_chunks_of_two_towers_draw_the_same_dropout_as_kept_ones() -> None:
    gradients = []
    for live in (0, 10**9):
        encoder = tiny_towers().train()
        step = Step(encoder, InfoNCE(), OnlineTarget(), Ranks(), seed=3, memory=Memory(40, live))
        step.backward(sentence_batch(encoder, tuple(Role)), 1)
        gradients.append(flat_gradient([encoder]))

    assert torch.equal(*gradients)


def test_a_moving_average_of_two_towers_follows_both() -> None:
    encoder = tiny_towers(dropout=0.0)
    target = EmaTarget(encoder, 0.5, Ranks(), seed=1, precision=Precision.FLOAT32)
    with torch.no_grad():
        for weight in encoder.parameters():
            weight.zero_()
    before = [flat_weights(tower) for tower in (target.encoder.queries, target.encoder.documents)]

    target.update()

    after = [flat_weights(tower) for tower in (target.encoder.queries, target.encoder.documents)]
    for old, new in zip(before, after, strict=True):
        torch.testing.assert_close(new, old / 2)
    views = target.targets(sentence_batch(encoder, tuple(Role)), (), 1)
    assert [view.shape for view in views] == [(len(SENTENCES), 16)] * 3


def flat_weights(module: torch.nn.Module) -> torch.Tensor:
    return torch.cat([weight.detach().reshape(-1).clone() for weight in module.parameters()])


def test_the_weights_of_a_saved_encoder_fit_into_it(tmp_path: Path) -> None:
    encoder = tiny_towers()
    encoder.save(tmp_path / "model")
    other = TwoTower(tiny_encoder(seed=8), tiny_encoder("cls", kind="roberta", seed=9))

    other.load_state_dict(open_encoder(tmp_path / "model").state_dict())

    for name, weight in encoder.state_dict().items():
        assert torch.equal(other.state_dict()[name], weight), name
