import pytest
import torch
from sentence_transformers.sentence_transformer.losses import MarginMSELoss
from sentence_transformers.util import pairwise_cos_sim, pairwise_dot_score

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, batch_of, random_batch
from textcl.errors import RowError
from textcl.objectives.distances import Similarity
from textcl.objectives.margin_mse import MarginMSE

TRIPLET = (ANCHOR, POSITIVE, NEGATIVE)


@pytest.mark.parametrize("similarity", Similarity)
@pytest.mark.parametrize("negatives", [1, 2, 5])
def test_value_and_gradients_equal_sentence_transformers(similarity: Similarity, negatives: int) -> None:
    scores = torch.randn(6, 1 + negatives, generator=torch.Generator().manual_seed(3)).tolist()
    batch = random_batch(6, (ANCHOR, POSITIVE, *[NEGATIVE] * negatives), scores=scores)
    theirs = MarginMSELoss(None, pairwise_cos_sim if similarity is Similarity.COSINE else pairwise_dot_score)
    expected = theirs.compute_loss_from_embeddings(list(batch.views), batch.scores.double() / 4)
    loss = MarginMSE(4.0, similarity)(batch)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-14)
    ours, others = (torch.stack(torch.autograd.grad(value, batch.views)) for value in (loss, expected))
    torch.testing.assert_close(ours, others, rtol=0, atol=1e-14)


def test_it_is_the_squared_error_of_the_margin() -> None:
    batch = batch_of([[2.0, 0.0]], [[3.0, 0.0]], [[0.0, 5.0]], roles=TRIPLET, scores=[[0.9, 0.4]])
    assert MarginMSE()(batch).item() == pytest.approx((1 - 0.5) ** 2, abs=1e-7)
    assert MarginMSE(similarity=Similarity.DOT)(batch).item() == pytest.approx((6 - 0.5) ** 2, abs=1e-5)
    assert MarginMSE(0.5)(batch).item() == pytest.approx(0, abs=1e-12)


def test_margins_alone_are_scores_with_a_positive_of_zero() -> None:
    shifted, margins = ([[2.0, 1.5, 3.0]] * 4, [[0.0, -0.5, 1.0]] * 4)
    roles = (*TRIPLET, NEGATIVE)
    losses = [MarginMSE()(random_batch(4, roles, scores=scores)).item() for scores in (shifted, margins)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)


def test_margins_beyond_those_of_cosines_are_refused_with_their_row() -> None:
    scores = torch.tensor([[0.5, 0.1], [8.0, -3.0]])
    with pytest.raises(
        RowError, match=r"found a margin of 11, but cosines differ by 2 at the most.*score_scale"
    ) as told:
        MarginMSE().check_rows(scores, None, 3)
    assert told.value.row == 1
    MarginMSE(10.0).check_rows(scores, None, 3)
    MarginMSE(similarity=Similarity.DOT).check_rows(scores, None, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"score_scale": 0.0}, r"^score_scale: found 0\.0"), ({"similarity": "l2"}, r"^similarity: found l2")],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MarginMSE(**settings)


def test_rows_that_teach_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"MarginMSE takes 1 anchor, 1 positive, 1 or more negative"):
        MarginMSE().check((ANCHOR, POSITIVE), scored=True, labelled=False)
    with pytest.raises(ValueError, match=r"found rows without scores, but MarginMSE"):
        MarginMSE().check(TRIPLET, scored=False, labelled=False)
    with pytest.raises(ValueError, match=r"found one score for a row, but MarginMSE"):
        MarginMSE().check_rows(torch.tensor([1.0, 2.0]), None, 3)
