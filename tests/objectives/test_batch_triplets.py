"""The three ways of mining triplets by labels, against loops and against sentence-transformers."""

import math

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import (
    BatchAllTripletLoss,
    BatchHardTripletLoss,
    BatchHardTripletLossDistanceFunction,
    BatchSemiHardTripletLoss,
)

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, batch_of, random_batch
from textcl.objectives.batch_all_triplet import BatchAllTriplet
from textcl.objectives.batch_hard_triplet import BatchHardTriplet
from textcl.objectives.batch_semi_hard_triplet import BatchSemiHardTriplet
from textcl.objectives.distances import Distance
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective

KINDS = [BatchAllTriplet, BatchHardTriplet, BatchSemiHardTriplet]
THEIRS = {
    BatchAllTriplet: BatchAllTripletLoss,
    BatchHardTriplet: BatchHardTripletLoss,
    BatchSemiHardTriplet: BatchSemiHardTripletLoss,
}
THEIR_DISTANCE = {
    Distance.COSINE: BatchHardTripletLossDistanceFunction.cosine_distance,
    Distance.EUCLIDEAN: BatchHardTripletLossDistanceFunction.euclidean_distance,
}
MESSY = [0, 0, 1, 1, 1, 2]  # 2 stands alone
PAIR = (ANCHOR, POSITIVE)
every_kind = pytest.mark.parametrize("kind", KINDS)


def texts_of(batch: EmbeddedBatch) -> list[tuple[list[float], int, int]]:
    """Vector, label and identity of every text, view after view."""
    return [
        (vector, label, identity)
        for view, identities in zip(batch.views, batch.identity, strict=True)
        for vector, label, identity in zip(view.tolist(), batch.labels.tolist(), identities.tolist(), strict=True)
    ]


def distance(left: list[float], right: list[float], kind: Distance) -> float:
    if kind is Distance.EUCLIDEAN:
        return math.dist(left, right)
    return 1 - sum(a * b for a, b in zip(left, right, strict=True)) / math.hypot(*left) / math.hypot(*right)


def distances_to(batch: EmbeddedBatch, kind: Distance) -> list[tuple[list[float], list[float]]]:
    """Of each text the distances to its positives and to its negatives."""
    texts = texts_of(batch)
    found = []
    for i, (vector, label, identity) in enumerate(texts):
        near = [distance(vector, v, kind) for j, (v, other, _) in enumerate(texts) if j != i and other == label]
        far = [distance(vector, v, kind) for v, other, number in texts if other != label and number != identity]
        found.append((near, far))
    return found


def naive(objective: Objective, batch: EmbeddedBatch) -> float:
    losses = []
    for near, far in distances_to(batch, objective.distance):
        if isinstance(objective, BatchHardTriplet) and near and far:
            losses.append(max(near) - min(far) + objective.margin)
        elif isinstance(objective, BatchSemiHardTriplet) and far:
            for own in near:
                beyond = [other for other in far if other > own]
                losses.append(own - (min(beyond) if beyond else max(far)) + objective.margin)
        elif isinstance(objective, BatchAllTriplet):
            losses += [own - other + objective.margin for own in near for other in far]
    if isinstance(objective, BatchAllTriplet):
        losses = [loss for loss in losses if loss > 0]
    return sum(max(loss, 0) for loss in losses) / max(len(losses), 1)


@every_kind
@pytest.mark.parametrize("kind_of_distance", Distance)
@pytest.mark.parametrize("roles", [(ANCHOR,), PAIR, (*PAIR, POSITIVE)], ids=["one view", "two views", "three views"])
@pytest.mark.parametrize("margin", [0.2, 2.0])
def test_loss_equals_a_naive_loop(
    kind: type[Objective], kind_of_distance: Distance, roles: tuple, margin: float
) -> None:
    objective = kind(margin=margin, distance=kind_of_distance)
    for seed in range(3):
        batch = random_batch(6, roles, labels=MESSY, seed=seed)
        assert objective(batch).item() == pytest.approx(naive(objective, batch), abs=1e-12)


@every_kind
def test_equal_texts_of_different_labels_are_not_pushed_apart(kind: type[Objective]) -> None:
    vectors = [[1.0, 0.0, 0.0], [1.0, 0.0, 0.01], [1.0, 0.1, 0.0], [0.0, 0.0, 1.0]]
    facts = {"roles": (ANCHOR,), "labels": [0, 0, 1, 1]}
    batch, different = batch_of(vectors, identity=[[7, 1, 7, 3]], **facts), batch_of(vectors, **facts)
    objective = kind(margin=0.3)
    assert objective(batch).item() == pytest.approx(naive(objective, batch), abs=1e-12)
    assert objective(batch).item() != pytest.approx(objective(different).item(), abs=1e-3)


@every_kind
@pytest.mark.parametrize(("kind_of_distance", "margin"), [(Distance.COSINE, 0.2), (Distance.EUCLIDEAN, 5.0)])
@pytest.mark.parametrize("roles", [(ANCHOR,), PAIR])
def test_loss_equals_that_of_sentence_transformers(
    kind: type[Objective], kind_of_distance: Distance, margin: float, roles: tuple
) -> None:
    for seed in range(4):
        batch = random_batch(8, roles, labels=[0, 0, 1, 1, 1, 2, 2, 2], seed=seed)
        loss = THEIRS[kind](model=None, distance_metric=THEIR_DISTANCE[kind_of_distance], margin=margin)
        expected = loss.compute_loss_from_embeddings(
            [torch.cat(batch.views).detach()], batch.labels.repeat(len(batch.views))
        )
        assert kind(margin, kind_of_distance)(batch).item() == pytest.approx(expected.item(), abs=1e-6)


@every_kind
@pytest.mark.parametrize("kind_of_distance", Distance)
@pytest.mark.parametrize("labels", [[3, 3, 3, 3], [0, 1, 2, 3]], ids=["all equal", "all different"])
def test_a_batch_without_any_triplet_has_loss_zero_and_a_gradient_of_zero(
    kind: type[Objective], kind_of_distance: Distance, labels: list[int]
) -> None:
    batch = random_batch(4, (ANCHOR,), labels=labels)
    loss = kind(distance=kind_of_distance)(batch)
    loss.backward()
    assert loss.item() == 0.0
    assert batch.views[0].grad.abs().max() == 0


@every_kind
@pytest.mark.parametrize("kind_of_distance", Distance)
def test_embeddings_in_one_point_have_the_margin_as_loss_and_a_finite_gradient(
    kind: type[Objective], kind_of_distance: Distance
) -> None:
    batch = random_batch(4, (ANCHOR,), labels=[0, 0, 1, 1])
    point = torch.ones(4, 6, dtype=torch.float64, requires_grad=True)
    loss = kind(margin=0.3, distance=kind_of_distance)(
        EmbeddedBatch((point,), (point.detach(),), batch.roles, batch.identity, labels=batch.labels)
    )
    loss.backward()
    assert loss.item() == pytest.approx(0.3, abs=1e-12)
    assert point.grad.isfinite().all()


@every_kind
def test_rows_without_labels_and_negative_views_are_refused(kind: type[Objective]) -> None:
    with pytest.raises(ValueError, match=rf"rows without labels, but {kind.__name__} .* \(label: …\)"):
        kind().check([ANCHOR], scored=True, labelled=False)
    with pytest.raises(ValueError, match=rf"but {kind.__name__} takes 1 anchor, 0 or more positive"):
        kind().check([*PAIR, NEGATIVE], scored=False, labelled=True)
    kind().check([ANCHOR], scored=False, labelled=True)


@every_kind
def test_a_margin_that_is_not_positive_is_refused(kind: type[Objective]) -> None:
    with pytest.raises(ValueError, match=r"margin: found 0.0"):
        kind(margin=0.0)
