import pytest
from sentence_transformers.sentence_transformer.losses import CosineSimilarityLoss

from tests.objectives.batches import ANCHOR, POSITIVE, batch_of, random_batch
from textcl.errors import DataError
from textcl.objectives.cosine_regression import CosineRegression


def test_loss_is_the_mean_squared_difference_of_cosine_and_score() -> None:
    batch = batch_of([[1.0, 0.0], [1.0, 0.0]], [[0.8, 0.6], [0.0, 2.0]], scores=[0.5, 0.5])
    assert CosineRegression()(batch).item() == pytest.approx((0.3**2 + 0.5**2) / 2)


def test_loss_equals_that_of_sentence_transformers() -> None:
    batch = random_batch(5, scores=[0.1, 0.9, 0.4, 1.0, -0.3])
    expected = CosineSimilarityLoss(model=None).compute_loss_from_embeddings(list(batch.views), batch.scores)
    assert CosineRegression()(batch).item() == pytest.approx(expected.item(), abs=1e-6)


def test_scores_are_divided_by_their_scale() -> None:
    of_five = random_batch(3, scores=[0.0, 2.5, 5.0])
    of_one = random_batch(3, scores=[0.0, 0.5, 1.0])
    assert CosineRegression(score_scale=5)(of_five).item() == CosineRegression()(of_one).item()


@pytest.mark.parametrize("score", [5.0, -1.5, float("nan")])
def test_a_score_beyond_the_scale_is_refused_by_value(score: float) -> None:
    with pytest.raises(
        DataError, match=rf"found a score of {score:g}, .* from -1 to 1 here. Set objective.score_scale"
    ):
        CosineRegression()(random_batch(2, scores=[1.0, score]))


def test_rows_without_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="rows without scores, but CosineRegression"):
        CosineRegression().check([ANCHOR, POSITIVE], scored=False, labelled=True)
    CosineRegression().check([ANCHOR, POSITIVE], scored=True, labelled=False)


@pytest.mark.parametrize("scale", [0.0, -5.0])
def test_a_scale_that_is_not_positive_is_refused(scale: float) -> None:
    with pytest.raises(ValueError, match=r"score_scale: found .* must be above 0"):
        CosineRegression(scale)
