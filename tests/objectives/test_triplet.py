import pytest
import torch
from sentence_transformers.sentence_transformer.losses import TripletDistanceMetric, TripletLoss

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, batch_of, random_batch
from textcl.objectives.distances import Distance
from textcl.objectives.triplet import Triplet

ROLES = (ANCHOR, POSITIVE, NEGATIVE)


def test_loss_is_what_a_triplet_lacks_to_the_margin() -> None:
    batch = batch_of(  # cosines 0.8 and 0.6, then 1 and 0: the second keeps the margin
        [[1.0, 0.0], [1.0, 0.0]], [[0.8, 0.6], [2.0, 0.0]], [[0.6, 0.8], [0.0, 3.0]], roles=ROLES
    )
    assert Triplet(margin=0.5)(batch).item() == pytest.approx((0.5 - 0.2) / 2)


@pytest.mark.parametrize(
    ("distance", "theirs", "margin"),
    [
        (Distance.COSINE, TripletDistanceMetric.COSINE, 0.2),
        (Distance.EUCLIDEAN, TripletDistanceMetric.EUCLIDEAN, 5.0),
    ],
)
def test_loss_equals_that_of_sentence_transformers(distance: Distance, theirs: object, margin: float) -> None:
    batch = random_batch(9, ROLES)
    loss = TripletLoss(model=None, distance_metric=theirs, triplet_margin=margin)
    expected = loss.compute_loss_from_embeddings(list(batch.views), labels=None)
    assert Triplet(margin, distance)(batch).item() == pytest.approx(expected.item(), abs=1e-6)


def test_every_negative_of_a_row_makes_a_triplet() -> None:
    batch = random_batch(5, (*ROLES, NEGATIVE))
    each = []
    for negative in (2, 3):
        single = random_batch(5, ROLES)
        views = (*batch.views[:2], batch.views[negative])
        each.append(Triplet()(type(single)(views, views, single.roles, single.identity)).item())
    assert Triplet()(batch).item() == pytest.approx(sum(each) / 2, abs=1e-12)


def test_negatives_equal_to_the_anchor_or_the_positive_do_not_count() -> None:
    batch = random_batch(3, ROLES, identity=[[0, 1, 2], [10, 11, 12], [0, 11, 22]])
    alone = batch_of(*[view[2:].tolist() for view in batch.views], roles=ROLES)
    assert Triplet(margin=2.0)(batch).item() == pytest.approx(Triplet(margin=2.0)(alone).item(), abs=1e-12)


def test_without_any_triplet_the_loss_is_zero_and_has_a_gradient() -> None:
    batch = random_batch(2, ROLES, identity=[[0, 1], [10, 11], [0, 1]])
    loss = Triplet(margin=2.0)(batch)
    loss.backward()
    assert loss.item() == 0.0
    assert all(view.grad.abs().max() == 0 for view in batch.views)


@pytest.mark.parametrize("distance", Distance)
def test_an_anchor_that_lies_on_its_positive_has_a_finite_gradient(distance: Distance) -> None:
    batch = batch_of([[1.0, 2.0]], [[1.0, 2.0]], [[1.0, 2.5]], roles=ROLES)
    Triplet(margin=3.0, distance=distance)(batch).backward()
    assert all(view.grad.isfinite().all() for view in batch.views)
    assert batch.views[2].grad.abs().max() > 0


def test_the_name_of_a_distance_will_do() -> None:
    assert Triplet(distance="euclidean").distance is Distance.EUCLIDEAN


def test_rows_without_negatives_are_refused() -> None:
    with pytest.raises(ValueError, match=r"but Triplet takes 1 anchor, 1 positive, 1 or more negative"):
        Triplet().check([ANCHOR, POSITIVE], scored=False, labelled=False)
    Triplet().check([*ROLES, NEGATIVE], scored=False, labelled=False)


def test_loss_has_the_type_of_the_embeddings() -> None:
    assert Triplet()(random_batch(2, ROLES)).dtype is torch.float64
