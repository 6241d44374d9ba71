import math

import pytest

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, random_batch
from textcl.objectives.sup_con import SupCon
from textcl.types.batches import EmbeddedBatch

PAIR = (ANCHOR, POSITIVE)


def naive(batch: EmbeddedBatch, temperature: float) -> float:
    """Eq. 2 of the paper, text by text, in plain Python."""
    texts = [
        (vector, label, identity)
        for view, identities in zip(batch.views, batch.identity, strict=True)
        for vector, label, identity in zip(view.tolist(), batch.labels.tolist(), identities.tolist(), strict=True)
    ]
    losses = []
    for i, (anchor, label, identity) in enumerate(texts):
        positives, candidates = [], []
        for j, (vector, other, number) in enumerate(texts):
            if j == i or (other != label and number == identity):
                continue
            dot = sum(a * b for a, b in zip(anchor, vector, strict=True))
            exponential = math.exp(dot / math.hypot(*anchor) / math.hypot(*vector) / temperature)
            candidates.append(exponential)
            if other == label:
                positives.append(exponential)
        if positives:
            losses.append(-sum(math.log(p / sum(candidates)) for p in positives) / len(positives))
    return sum(losses) / max(len(losses), 1)


@pytest.mark.parametrize("roles", [(ANCHOR,), PAIR, (*PAIR, POSITIVE)], ids=["one view", "two views", "three views"])
@pytest.mark.parametrize("temperature", [0.1, 0.7])
def test_loss_equals_a_naive_loop(roles: tuple, temperature: float) -> None:
    batch = random_batch(6, roles, labels=[0, 0, 1, 1, 1, 2])
    assert SupCon(temperature)(batch).item() == pytest.approx(naive(batch, temperature), abs=1e-12)


def test_equal_texts_of_different_labels_are_no_candidates_of_each_other() -> None:
    batch = random_batch(4, PAIR, labels=[0, 0, 1, 1], identity=[[5, 1, 5, 3], [10, 11, 12, 13]])
    assert SupCon()(batch).item() == pytest.approx(naive(batch, 0.1), abs=1e-12)
    assert SupCon()(batch).item() != pytest.approx(SupCon()(random_batch(4, PAIR, labels=[0, 0, 1, 1])).item())


def test_texts_without_a_positive_do_not_count_but_are_negatives() -> None:
    batch = random_batch(3, (ANCHOR,), labels=[0, 0, 1])
    first, second, third = batch.views[0].tolist()

    def exponential(left: list[float], right: list[float]) -> float:
        dot = sum(a * b for a, b in zip(left, right, strict=True))
        return math.exp(dot / math.hypot(*left) / math.hypot(*right) / 0.1)

    pair = exponential(first, second)
    shares = [pair / (pair + exponential(text, third)) for text in (first, second)]
    assert SupCon()(batch).item() == pytest.approx(-sum(map(math.log, shares)) / 2, abs=1e-12)


def test_a_batch_without_positives_has_loss_zero_and_a_gradient_of_zero() -> None:
    batch = random_batch(3, (ANCHOR,), labels=[0, 1, 2])
    loss = SupCon()(batch)
    loss.backward()
    assert loss.item() == 0.0
    assert batch.views[0].grad.abs().max() == 0


def test_a_text_with_no_candidate_at_all_is_finite() -> None:
    batch = random_batch(3, (ANCHOR,), labels=[0, 1, 2], identity=[[4, 4, 4]])
    loss = SupCon()(batch)
    loss.backward()
    assert loss.item() == 0.0
    assert batch.views[0].grad.isfinite().all()


def test_one_label_of_p_positives_costs_log_p_at_best() -> None:
    batch = random_batch(4, (ANCHOR,), labels=[0, 0, 0, 0])
    point = batch.views[0].detach()[:1].repeat(4, 1)
    together = EmbeddedBatch((point,), (point,), batch.roles, batch.identity, labels=batch.labels)
    assert SupCon()(together).item() == pytest.approx(math.log(3), abs=1e-12)


def test_rows_without_labels_and_negative_views_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rows without labels, but SupCon .* \(label: …\)"):
        SupCon().check(PAIR, scored=True, labelled=False)
    with pytest.raises(ValueError, match=r"but SupCon takes 1 anchor, 0 or more positive"):
        SupCon().check([*PAIR, NEGATIVE], scored=False, labelled=True)
    SupCon().check([ANCHOR], scored=False, labelled=True)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match=r"temperature: found .* must be above 0"):
        SupCon(temperature)
