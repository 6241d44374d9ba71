import math

import pytest
from sentence_transformers.sentence_transformer.losses import AnglELoss

from tests.objectives.batches import ANCHOR, POSITIVE, batch_of, random_batch
from textcl.objectives.angle import AnglE

SCORES = [4.2, 0.0, 2.5, 2.5, 5.0, 0.4, 3.0]


def naive(batch, temperature: float) -> float:
    """By complex numbers, in plain Python."""
    similarities = []
    for left, right in zip(*(view.tolist() for view in batch.views), strict=True):
        half = math.ceil(len(left) / 2)
        total = 0j
        for k in range(half):
            z, w = (
                complex(vector[k], vector[half + k] if half + k < len(vector) else 0) / math.hypot(*vector)
                for vector in (left, right)
            )
            total += z * w.conjugate()
        similarities.append(abs(total.real + total.imag))
    scores = batch.scores.tolist()
    rows = range(len(scores))
    terms = [math.exp((similarities[k] - similarities[i]) / temperature)
             for i in rows for k in rows if scores[i] > scores[k]]  # fmt: skip
    return math.log(1 + sum(terms))


@pytest.mark.parametrize("width", [6, 5, 1])
def test_loss_equals_a_naive_loop(width: int) -> None:
    batch = random_batch(7, width=width, scores=SCORES)
    assert AnglE(temperature=0.3)(batch).item() == pytest.approx(naive(batch, 0.3), abs=1e-12)


@pytest.mark.parametrize("width", [6, 5, 1])
@pytest.mark.parametrize("scale", [20.0, 1.0])
def test_loss_equals_that_of_sentence_transformers(width: int, scale: float) -> None:
    batch = random_batch(7, width=width, scores=SCORES)
    expected = AnglELoss(model=None, scale=scale).compute_loss_from_embeddings(list(batch.views), batch.scores)
    assert AnglE(temperature=1 / scale)(batch).item() == pytest.approx(expected.item(), abs=1e-6)


def test_a_quarter_turn_ahead_is_as_similar_as_no_turn() -> None:
    batch = batch_of([[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [1.0, 0.0]], scores=[1, 2])  # i / 1 = i, and 1 / 1 = 1
    assert AnglE()(batch).item() == pytest.approx(math.log(2), abs=1e-12)


def test_rows_without_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="rows without scores, but AnglE"):
        AnglE().check([ANCHOR, POSITIVE], scored=False, labelled=True)
    AnglE().check([ANCHOR, POSITIVE], scored=True, labelled=False)


def test_a_temperature_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match=r"temperature: found -1"):
        AnglE(-1)
