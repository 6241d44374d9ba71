import math

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import CoSENTLoss

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, batch_of, random_batch
from textcl.objectives.cosent import CoSENT

SCORES = [4.2, 0.0, 2.5, 2.5, 5.0, 0.4, 3.0]


def test_loss_of_two_rows_is_worked_out_by_hand() -> None:
    batch = batch_of([[1.0, 0.0], [1.0, 0.0]], [[0.8, 0.6], [0.6, 0.8]], scores=[1, 2])  # cosines 0.8 and 0.6
    assert CoSENT(temperature=0.1)(batch).item() == pytest.approx(math.log1p(math.exp(2)), abs=1e-12)


@pytest.mark.parametrize("scale", [20.0, 1.0])
def test_loss_equals_that_of_sentence_transformers(scale: float) -> None:
    batch = random_batch(7, scores=SCORES)
    expected = CoSENTLoss(model=None, scale=scale).compute_loss_from_embeddings(list(batch.views), batch.scores)
    assert CoSENT(temperature=1 / scale)(batch).item() == pytest.approx(expected.item(), abs=1e-6)


def test_only_the_order_of_the_scores_matters() -> None:
    there = CoSENT()(random_batch(7, scores=SCORES)).item()
    assert CoSENT()(random_batch(7, scores=[score**3 - 50 for score in SCORES])).item() == there


def test_rows_of_equal_scores_are_not_compared() -> None:
    batch = random_batch(4, scores=[3, 3, 3, 3])
    loss = CoSENT()(batch)
    loss.backward()
    assert loss.item() == 0.0
    assert all(view.grad.abs().max() == 0 for view in batch.views)


def test_a_tiny_temperature_overflows_nothing() -> None:
    batch = random_batch(7, scores=SCORES, dtype=torch.float32)
    loss = CoSENT(temperature=1e-3)(batch)
    loss.backward()
    assert loss.isfinite()
    assert all(view.grad.isfinite().all() for view in batch.views)


def test_rows_without_scores_and_other_views_are_refused() -> None:
    with pytest.raises(ValueError, match="rows without scores, but CoSENT"):
        CoSENT().check([ANCHOR, POSITIVE], scored=False, labelled=True)
    with pytest.raises(ValueError, match="but CoSENT takes 1 anchor, 1 positive"):
        CoSENT().check([ANCHOR, POSITIVE, NEGATIVE], scored=True, labelled=False)
    CoSENT().check([ANCHOR, POSITIVE], scored=True, labelled=False)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match=r"temperature: found .* must be above 0"):
        CoSENT(temperature)
