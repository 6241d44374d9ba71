import math

import pytest
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

from tests.objectives.batches import embedded, with_identity
from textcl.objectives.info_nce import InfoNCE
from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role


def naive(batch: EmbeddedBatch, temperature: float) -> float:
    """One way, row by row, candidate by candidate, in plain Python."""
    rows, total = len(batch.views[0]), 0.0
    anchors, positives = batch.identity[0].tolist(), batch.identity[1].tolist()
    for i in range(rows):
        exponentials = []
        for view in range(1, len(batch.views)):
            for j in range(rows):
                text = batch.identity[view][j].item()
                is_own = view == 1 and i == j
                answers = [positives[k] for k in range(rows) if anchors[k] == anchors[i]]
                if not is_own and text in (anchors[i], *answers):
                    continue
                a, c = batch.views[0][i].tolist(), batch.views[view][j].tolist()
                cosine = sum(x * y for x, y in zip(a, c, strict=True)) / math.hypot(*a) / math.hypot(*c)
                exponentials.append((math.exp(cosine / temperature), is_own))
        own = next(value for value, is_own in exponentials if is_own)
        total -= math.log(own / sum(value for value, _ in exponentials))
    return total / rows


@pytest.mark.parametrize("negatives", [0, 1, 2])
def test_one_way_loss_equals_a_naive_loop(negatives: int) -> None:
    batch = embedded(6, negatives)
    assert InfoNCE(temperature=0.3)(batch).item() == pytest.approx(naive(batch, 0.3), abs=1e-12)


def test_masked_loss_equals_a_naive_loop() -> None:
    batch = with_identity(embedded(5, 1), [0, 0, 2, 3, 4], [10, 11, 12, 12, 3], [20, 11, 22, 23, 24])
    assert InfoNCE(temperature=0.3)(batch).item() == pytest.approx(naive(batch, 0.3), abs=1e-12)


@pytest.mark.parametrize("negatives", [0, 2])
def test_loss_equals_that_of_sentence_transformers(negatives: int) -> None:
    batch = embedded(6, negatives)
    theirs = MultipleNegativesRankingLoss(model=None, scale=20.0)
    expected = theirs.compute_loss_from_embeddings(list(batch.views), labels=None)
    assert InfoNCE(temperature=1 / 20)(batch).item() == pytest.approx(expected.item(), abs=1e-6)


def test_views_may_stand_in_any_order() -> None:
    batch = embedded(4, 1)
    order = (2, 1, 0)
    turned = EmbeddedBatch(*(tuple(part[view] for view in order) for part in (batch.views, batch.targets, batch.roles)),
                           identity=tuple(batch.identity[view] for view in order))  # fmt: skip
    assert InfoNCE()(turned).item() == pytest.approx(InfoNCE()(batch).item(), abs=1e-12)


def test_equal_texts_of_two_rows_are_not_pushed_apart() -> None:
    batch = with_identity(embedded(2), [1, 1], [1, 1])
    assert InfoNCE()(batch).item() == 0.0


def test_length_of_an_embedding_does_not_matter() -> None:
    batch = embedded(4)
    longer = EmbeddedBatch((batch.views[0] * 7, batch.views[1] * 0.1), batch.targets, batch.roles, batch.identity)
    assert InfoNCE()(longer).item() == pytest.approx(InfoNCE()(batch).item(), abs=1e-12)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match=r"temperature: found .* must be above 0"):
        InfoNCE(temperature=temperature)


def test_two_positive_views_are_refused_by_name() -> None:
    with pytest.raises(
        ValueError, match=r"anchor, positive, positive, but InfoNCE takes 1 anchor, 1 positive, 0 or more"
    ):
        InfoNCE().check([Role.ANCHOR, Role.POSITIVE, Role.POSITIVE], scored=False, labelled=False)
