import pytest
import torch
from sentence_transformers.sentence_transformer.losses import GlobalOrthogonalRegularizationLoss

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, batch_of, random_batch
from textcl.objectives.composed import Sum
from textcl.objectives.global_orthogonal_regularization import GlobalOrthogonalRegularization
from textcl.objectives.info_nce import InfoNCE
from textcl.types.batches import EmbeddedBatch


def crowded(rows: int, roles: tuple = (ANCHOR, POSITIVE, NEGATIVE)) -> EmbeddedBatch:
    """Texts that point about one way, so that both terms are above 0."""
    batch = random_batch(rows, roles)
    views = tuple((view.detach() + 1.0).requires_grad_() for view in batch.views)
    return EmbeddedBatch(views, batch.targets, batch.roles, batch.identity)


@pytest.mark.parametrize(("mean", "second_moment"), [(1.0, 1.0), (0.3, 2.0), (0.0, 1.0), (2.0, 0.0)])
@pytest.mark.parametrize("rows", [2, 9])
def test_terms_and_gradients_equal_sentence_transformers(mean: float, second_moment: float, rows: int) -> None:
    batch = crowded(rows)
    theirs = GlobalOrthogonalRegularizationLoss(None, mean_weight=mean, second_moment_weight=second_moment)
    expected = theirs.compute_loss_from_embeddings(list(batch.views))
    ours = GlobalOrthogonalRegularization(mean, second_moment)
    terms = ours.terms(batch)
    assert {f"gor_{name}": term.item() for name, term in terms.items()} == pytest.approx(
        {name: term.item() for name, term in expected.items()}, rel=1e-12
    )
    both = (ours(batch), torch.stack(list(expected.values())).sum())
    gradients = [torch.stack(torch.autograd.grad(loss, batch.views)) for loss in both]
    torch.testing.assert_close(*gradients, rtol=0, atol=1e-14)
    assert gradients[0].abs().max() > 1e-4


def test_it_is_the_square_of_the_mean_cosine_and_the_mean_square_beyond_that_of_random_directions() -> None:
    batch = batch_of([[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]], [[1.0, 0.0], [-1.0, 0.0], [2.0, 0.0]])
    # cosines of the anchors: 0, 1, 0; of the positives: -1, 1, -1
    terms = GlobalOrthogonalRegularization().terms(batch)
    assert terms["mean"].item() == pytest.approx(((1 / 3) ** 2 + (-1 / 3) ** 2) / 2)
    assert terms["second_moment"].item() == pytest.approx((0 + (1 - 1 / 2)) / 2)  # 1/3 is below 1/2: nothing


def test_one_row_has_no_pairs_and_a_finite_gradient() -> None:
    batch = random_batch(1)
    loss = GlobalOrthogonalRegularization()(batch)
    loss.backward()
    assert loss.item() == 0.0
    assert all(view.grad.isfinite().all() for view in batch.views)


def test_it_is_a_term_of_a_sum() -> None:
    batch = crowded(6, (ANCHOR, POSITIVE))
    terms = Sum([InfoNCE(), GlobalOrthogonalRegularization()], weights=[1.0, 0.5]).terms(batch)
    alone = GlobalOrthogonalRegularization()(batch)
    assert terms["GlobalOrthogonalRegularization"].item() == pytest.approx(0.5 * alone.item())


@pytest.mark.parametrize("weights", [(0.0, 0.0), (-1.0, 2.0), (float("nan"), 1.0)])
def test_weights_that_leave_nothing_are_refused(weights: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="mean, second_moment: found"):
        GlobalOrthogonalRegularization(*weights)
