import math

import pytest
import torch
from sentence_transformers.sentence_transformer.losses import DistillKLDivLoss
from sentence_transformers.util import pairwise_cos_sim, pairwise_dot_score

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, random_batch
from textcl.objectives.distances import Similarity
from textcl.objectives.listwise_kl import ListwiseKL
from textcl.types.batches import EmbeddedBatch

ROLES = (ANCHOR, POSITIVE, NEGATIVE, NEGATIVE)
SCORES = [[0.9, 0.2, 0.4], [0.1, 0.8, 0.8], [3.0, -2.0, 0.5], [0.5, 0.5, 0.6]]


def gradients(loss: torch.Tensor, batch: EmbeddedBatch) -> torch.Tensor:
    return torch.stack(torch.autograd.grad(loss, batch.views))


def naive(batch: EmbeddedBatch, temperature: float, teacher_temperature: float) -> float:
    """Row by row, in plain Python."""
    anchors, *candidates = (view.tolist() for view in batch.views)

    def shares(logits: list[float]) -> list[float]:
        powers = [math.exp(logit) for logit in logits]
        return [power / sum(powers) for power in powers]

    losses = []
    for row, anchor in enumerate(anchors):
        texts = [view[row] for view in candidates]
        dots = [sum(a * b for a, b in zip(anchor, text, strict=True)) for text in texts]
        cosines = [dot / math.hypot(*anchor) / math.hypot(*text) for dot, text in zip(dots, texts, strict=True)]
        student = shares([cosine / temperature for cosine in cosines])
        teacher = shares([score / teacher_temperature for score in batch.scores[row].tolist()])
        losses.append(sum(p * math.log(p / q) for p, q in zip(teacher, student, strict=True)))
    return temperature**2 * sum(losses) / len(losses)


def test_it_is_the_divergence_from_the_judge_to_the_encoder_row_by_row() -> None:
    batch = random_batch(4, ROLES, scores=SCORES)
    assert ListwiseKL(0.2, 0.7)(batch).item() == pytest.approx(naive(batch, 0.2, 0.7), rel=1e-12)
    assert ListwiseKL(0.2)(batch).item() == pytest.approx(naive(batch, 0.2, 0.2), rel=1e-12)


@pytest.mark.parametrize("similarity", Similarity)
@pytest.mark.parametrize("negatives", [1, 2, 5])
def test_value_and_gradients_equal_sentence_transformers(similarity: Similarity, negatives: int) -> None:
    scores = torch.randn(6, 1 + negatives, generator=torch.Generator().manual_seed(3)).tolist()
    batch = random_batch(6, (ANCHOR, POSITIVE, *[NEGATIVE] * negatives), scores=scores)
    function = pairwise_cos_sim if similarity is Similarity.COSINE else pairwise_dot_score
    theirs = DistillKLDivLoss(None, function, student_temperature=0.3, teacher_temperature=0.9)
    expected = theirs.compute_loss_from_embeddings(list(batch.views), batch.scores.double())
    loss = ListwiseKL(0.3, 0.9, similarity)(batch)
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(gradients(loss, batch), gradients(expected, batch), rtol=0, atol=1e-14)


def test_scores_belong_to_their_views_wherever_the_positive_stands() -> None:
    batch = random_batch(4, ROLES, scores=SCORES)
    order = [2, 0, 3, 1]  # negative, anchor, negative, positive
    moved = EmbeddedBatch(
        *(tuple(part[view] for view in order) for part in (batch.views, batch.targets, batch.roles, batch.identity)),
        scores=batch.scores[:, [1, 2, 0]],
    )
    assert ListwiseKL()(moved).item() == pytest.approx(ListwiseKL()(batch).item(), rel=1e-12)


def test_a_positive_that_stands_in_for_a_missing_negative_is_no_candidate() -> None:
    identity = [[0, 1, 2, 3], [10, 11, 12, 13], [20, 11, 22, 13], [30, 11, 32, 33]]
    batch = random_batch(4, ROLES, scores=SCORES, identity=identity)
    loss = ListwiseKL(0.2)(batch)
    with torch.no_grad():
        rows = random_batch(4, ROLES, scores=SCORES)
        two = EmbeddedBatch(*((v[0], v[1], v[3]) for v in (rows.views, rows.targets, rows.roles, rows.identity)))
    first, third = (naive(_row(rows, row), 0.2, 0.2) for row in (0, 2))
    fourth = naive(
        _row(EmbeddedBatch(two.views, two.targets, two.roles, two.identity, rows.scores[:, [0, 2]]), 3), 0.2, 0.2
    )
    assert loss.item() == pytest.approx((first + third + fourth) / 4, rel=1e-9)
    assert gradients(loss, batch)[:, 1].abs().max() == 0  # the second row has no negative of its own


def _row(batch: EmbeddedBatch, row: int) -> EmbeddedBatch:
    own = [tuple(tensor[row : row + 1] for tensor in part) for part in (batch.views, batch.targets, batch.identity)]
    return EmbeddedBatch(own[0], own[1], batch.roles, own[2], batch.scores[row : row + 1])


def test_an_encoder_that_agrees_with_the_judge_has_no_loss() -> None:
    batch = random_batch(4, ROLES, scores=SCORES)
    anchor, *others = (torch.nn.functional.normalize(view.detach(), dim=1) for view in batch.views)
    cosines = torch.stack([(anchor * other).sum(dim=1) for other in others], dim=1)
    agreed = EmbeddedBatch(batch.views, batch.targets, batch.roles, batch.identity, cosines)
    assert ListwiseKL(0.05)(agreed).item() == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": 0.0}, r"^temperature: found 0\.0"),
        ({"teacher_temperature": -1.0}, r"^teacher_temperature: found -1\.0"),
        ({"similarity": "euclidean"}, r"^similarity: found euclidean, but it must be one of cosine, dot"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ListwiseKL(**settings)


def test_rows_that_teach_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"ListwiseKL takes 1 anchor, 1 positive, 1 or more negative"):
        ListwiseKL().check((ANCHOR, POSITIVE), scored=True, labelled=False)
    with pytest.raises(
        ValueError, match=r"found rows without scores, but ListwiseKL .*score: \[positive_score, scores\]"
    ):
        ListwiseKL().check(ROLES, scored=False, labelled=False)
    with pytest.raises(ValueError, match=r"found one score for a row, but ListwiseKL takes one for the positive"):
        ListwiseKL().check_rows(torch.tensor([1.0, 2.0]), None, 3)
    with pytest.raises(ValueError, match=r"found the same score for all texts of a row"):
        ListwiseKL().check_rows(torch.tensor([[1.0, 1.0], [2.0, 2.0]]), None, 3)
    ListwiseKL().check_rows(torch.tensor([[1.0, 1.0], [2.0, 2.5]]), None, 3)
