"""Targets: the moving average follows the encoder, the teacher speaks for itself."""

import numpy as np
import pytest
import torch

from tests.toy import PAIR, ToyEncoder, toy_batch
from textcl.distributed import Ranks
from textcl.training.gradient_cache import Memory
from textcl.training.target import EmaTarget, TeacherTarget
from textcl.types.batches import PairBatch, View


def moved(encoder: ToyEncoder) -> None:
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter += 1.0


def test_an_update_moves_parameters_and_float_buffers_and_copies_counters() -> None:
    encoder = ToyEncoder(mixes_rows=True)  # its norm has running averages and a counter
    target = EmaTarget(encoder, 0.75, Ranks(), seed=1)
    before = {name: value.clone() for name, value in target.state_dict().items()}
    moved(encoder)
    encoder.norm.running_mean += 4.0
    encoder.norm.num_batches_tracked += 7
    target.update()
    after = target.state_dict()
    torch.testing.assert_close(after["hidden.weight"], before["hidden.weight"] + 0.25)
    torch.testing.assert_close(after["norm.running_mean"], before["norm.running_mean"] + 1.0)
    assert after["norm.num_batches_tracked"] == 7


def test_it_embeds_with_its_own_weights_without_gradient_and_in_order() -> None:
    encoder, batch = ToyEncoder(), toy_batch(6)
    target = EmaTarget(encoder, 0.5, Ranks(), seed=1, memory=Memory(chunk_tokens=16))
    first = target.targets(batch, (), number=1)
    moved(encoder)
    again = target.targets(batch, (), number=1)
    assert all(torch.equal(*pair) for pair in zip(first, again, strict=True))
    assert not any(view.requires_grad for view in again)
    target.update()
    assert not torch.equal(target.targets(batch, (), number=1)[0], first[0])
    assert [tuple(view.shape) for view in first] == [(6, 8), (6, 8)]


def test_its_dropout_is_on_and_drawn_anew_each_step() -> None:
    target, batch = EmaTarget(ToyEncoder(dropout=0.3), 0.5, Ranks(), seed=1), toy_batch(6)
    one, same, other = (target.targets(batch, (), number)[0] for number in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.allclose(one, other)


def test_its_weights_do_not_train_and_the_encoder_keeps_training() -> None:
    encoder = ToyEncoder()
    target = EmaTarget(encoder, 0.5, Ranks(), seed=1)
    assert not any(parameter.requires_grad for parameter in target.encoder.parameters())
    assert all(parameter.requires_grad for parameter in encoder.parameters())


@pytest.mark.parametrize("momentum", [-0.1, 1.0, 1.5])
def test_a_momentum_outside_its_range_is_refused(momentum: float) -> None:
    with pytest.raises(ValueError, match=r"momentum: found .* 0 or more, and below 1"):
        EmaTarget(ToyEncoder(), momentum, Ranks(), seed=1)


def test_a_teacher_of_one_text_gives_its_vector_to_all_texts_of_the_row() -> None:
    toy = toy_batch(3)
    texts = (("a", "bb", "ccc"), ("dddd", "e", "ff"))
    views = tuple(View(v.role, v.tokens, v.identity, t) for v, t in zip(toy.views, texts, strict=True))
    seen = []

    def embed(texts: tuple[str, ...], role: str) -> np.ndarray:
        seen.append((texts, role))
        return np.array([[len(text), 0.5] for text in texts], dtype=np.float32)

    target = TeacherTarget(embed, 2, Ranks(), PAIR[0])
    given = target.targets(PairBatch(views, toy.rows), (), number=1)
    assert seen == [(("a", "bb", "ccc"), PAIR[0])]
    assert [view.tolist() for view in given] == [[[1, 0.5], [2, 0.5], [3, 0.5]]] * 2


def test_a_teacher_embeds_the_texts_of_each_view_by_their_role() -> None:
    toy = toy_batch(3)
    texts = (("a", "bb", "ccc"), ("dddd", "e", "ff"))
    views = tuple(View(v.role, v.tokens, v.identity, t) for v, t in zip(toy.views, texts, strict=True))
    seen = []

    def embed(texts: tuple[str, ...], role: str) -> np.ndarray:
        seen.append(role)
        return np.array([[len(text), 0.5] for text in texts], dtype=np.float32)

    target = TeacherTarget(embed, 2, Ranks())
    given = target.targets(PairBatch(views, toy.rows), (), number=1)
    assert seen == list(PAIR)
    assert given[1].tolist() == [[4, 0.5], [1, 0.5], [2, 0.5]]
