import pytest
import torch
from sentence_transformers.sentence_transformer.losses import ContrastiveLoss

from tests.objectives.batches import ANCHOR, POSITIVE, batch_of, random_batch
from textcl.errors import DataError
from textcl.objectives.contrastive import Contrastive

RIGHT, UP = [1.0, 0.0], [0.0, 1.0]
NEAR = [0.8, 0.6]  # cosine 0.8 with RIGHT


def test_same_pairs_pay_half_their_squared_distance() -> None:
    batch = batch_of([RIGHT, RIGHT], [NEAR, UP], scores=[1, 1])
    assert Contrastive()(batch).item() == pytest.approx((0.2**2 + 1) / 2 / 2)


def test_different_pairs_pay_half_the_square_of_what_they_lack_to_the_margin() -> None:
    batch = batch_of([RIGHT, RIGHT], [NEAR, UP], scores=[0, 0])
    assert Contrastive(margin=0.5)(batch).item() == pytest.approx(0.3**2 / 2 / 2)


@pytest.mark.parametrize("margin", [0.5, 1.2])
def test_loss_equals_that_of_sentence_transformers(margin: float) -> None:
    batch = random_batch(7, scores=[1, 0, 0, 1, 1, 1, 0])
    expected = ContrastiveLoss(model=None, margin=margin).compute_loss_from_embeddings(list(batch.views), batch.scores)
    assert Contrastive(margin)(batch).item() == pytest.approx(expected.item(), abs=1e-6)


def test_equal_texts_scored_as_different_are_not_pushed_apart() -> None:
    batch = random_batch(2, identity=[[1, 2], [1, 2]], scores=[0, 0])
    assert Contrastive(margin=2.0)(batch).item() == 0.0


def test_views_may_stand_in_any_order() -> None:
    batch = random_batch(3, scores=[1, 0, 1])
    turned = random_batch(3, (POSITIVE, ANCHOR), scores=[1, 0, 1])
    assert Contrastive()(turned).item() == pytest.approx(Contrastive()(batch).item(), abs=1e-15)


@pytest.mark.parametrize("score", [5.0, -1.0, float("nan")])
def test_a_score_outside_0_to_1_is_refused_by_value(score: float) -> None:
    with pytest.raises(DataError, match=rf"found a score of {score:g}, but Contrastive takes scores from 0 to 1"):
        Contrastive()(random_batch(2, scores=[1, score]))


def test_rows_without_scores_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rows without scores, but Contrastive .* \(score: …\)"):
        Contrastive().check([ANCHOR, POSITIVE], scored=False, labelled=True)
    Contrastive().check([ANCHOR, POSITIVE], scored=True, labelled=False)


@pytest.mark.parametrize("margin", [0.0, -1.0, float("nan")])
def test_a_margin_that_is_not_positive_is_refused(margin: float) -> None:
    with pytest.raises(ValueError, match=r"margin: found .* must be above 0"):
        Contrastive(margin)


def test_loss_has_the_type_of_the_embeddings() -> None:
    assert Contrastive()(random_batch(2, scores=[1, 0])).dtype is torch.float64
