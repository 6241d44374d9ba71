import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from sentence_transformers.sentence_transformer.losses import DistillKLDivLoss, EmbedDistillLoss, MSELoss
from sentence_transformers.util import pairwise_cos_sim

from tests.objectives.batches import ANCHOR, NEGATIVE, POSITIVE, random_batch
from textcl.objectives.distillation import Distillation
from textcl.types.batches import EmbeddedBatch

PAIR = (ANCHOR, POSITIVE)


def taught(rows: int, roles: tuple = PAIR, teacher_width: int = 6, **facts: object) -> EmbeddedBatch:
    """A batch with a teacher of its own mind."""
    batch = random_batch(rows, roles, **facts)
    teacher = random_batch(rows, roles, width=teacher_width, seed=9)
    return replace(batch, targets=teacher.targets)


def naive_similarities(batch: EmbeddedBatch, temperature: float) -> float:
    """Text by text, in plain Python."""
    students = [vector for view in batch.views for vector in view.tolist()]
    teachers = [vector for view in batch.targets for vector in view.tolist()]
    identity = [number for view in batch.identity for number in view.tolist()]

    def shares(vectors: list[list[float]], i: int) -> list[float]:
        others = [vector for j, vector in enumerate(vectors) if identity[j] != identity[i]]
        dots = [sum(a * b for a, b in zip(vectors[i], other, strict=True)) for other in others]
        lengths = [math.hypot(*vectors[i]) * math.hypot(*other) for other in others]
        powers = [math.exp(dot / length / temperature) for dot, length in zip(dots, lengths, strict=True)]
        return [power / sum(powers) for power in powers]

    losses = []
    for i in range(len(students)):
        student, teacher = shares(students, i), shares(teachers, i)
        if student:
            losses.append(sum(p * math.log(p / q) for p, q in zip(teacher, student, strict=True)))
    return sum(losses) / max(len(losses), 1)


@pytest.mark.parametrize("roles", [(ANCHOR,), PAIR, (*PAIR, NEGATIVE)], ids=["one view", "two views", "three views"])
@pytest.mark.parametrize("teacher_width", [6, 9])
def test_similarities_equal_a_naive_loop(roles: tuple, teacher_width: int) -> None:
    batch = taught(4, roles, teacher_width)
    loss = Distillation(6, teacher_width, embeddings=0.0, temperature=0.2)(batch)
    assert loss.item() == pytest.approx(naive_similarities(batch, 0.2), abs=1e-12)


def test_copies_of_a_text_are_not_its_neighbours() -> None:
    batch = taught(3, identity=[[0, 1, 2], [0, 1, 1]])
    loss = Distillation(6, 6, embeddings=0.0, temperature=0.2)(batch)
    assert loss.item() == pytest.approx(naive_similarities(batch, 0.2), abs=1e-12)
    assert loss.item() != pytest.approx(naive_similarities(taught(3), 0.2), abs=1e-3)


def test_similarities_equal_sentence_transformers_loss_with_all_other_texts_as_candidates() -> None:
    batch = taught(3, teacher_width=9)
    students, teachers = torch.cat(batch.views).detach(), torch.cat(batch.targets)
    others = torch.tensor([[j for j in range(6) if j != i] for i in range(6)])  # (N, N - 1)
    theirs = DistillKLDivLoss(model=None, similarity_fct=pairwise_cos_sim, temperature=0.1)
    unit = F.normalize(teachers, dim=1)
    expected = theirs.compute_loss_from_embeddings(
        [students, *(students[others[:, column]] for column in range(5))], (unit @ unit.T).gather(1, others)
    )
    loss = Distillation(6, 9, embeddings=0.0, temperature=0.1)(batch)
    assert loss.item() == pytest.approx(expected.item() / 0.1**2, abs=1e-6)


def test_embeddings_equal_sentence_transformers_cosine_distillation() -> None:
    batch = taught(5, (*PAIR, NEGATIVE))
    theirs = EmbedDistillLoss(model=None, distance_metric="cosine")
    expected = theirs.compute_loss_from_embeddings(list(batch.views), list(batch.targets))
    assert Distillation(6, 6, similarities=0.0)(batch).item() == pytest.approx(expected.item(), abs=1e-6)


def test_embeddings_are_sentence_transformers_squared_error_of_unit_vectors_times_half_the_width() -> None:
    batch = taught(5)
    unit = [[F.normalize(vectors, dim=1) for vectors in side] for side in (batch.views, batch.targets)]
    expected = MSELoss(model=None).compute_loss_from_embeddings(*unit)
    assert Distillation(6, 6, similarities=0.0)(batch).item() == pytest.approx(expected.item() * 6 / 2, abs=1e-6)


def test_terms_are_weighted_and_named() -> None:
    batch = taught(4)
    terms = Distillation(6, 6, similarities=0.5, embeddings=2.0).terms(batch)
    assert terms["similarities"].item() == pytest.approx(0.5 * Distillation(6, 6, embeddings=0.0)(batch).item())
    assert terms["embeddings"].item() == pytest.approx(2 * Distillation(6, 6, similarities=0.0)(batch).item())
    assert list(Distillation(6, 6, embeddings=0.0).terms(batch)) == ["similarities"]


def test_a_student_that_is_its_teacher_has_no_loss() -> None:
    batch = random_batch(4)
    assert Distillation(6, 6)(batch).item() == pytest.approx(0, abs=1e-12)


def test_a_map_that_learns_stands_between_two_widths_only() -> None:
    assert not list(Distillation(6, 6).parameters())
    assert not list(Distillation(6, None).parameters())
    assert not list(Distillation(6, 9, embeddings=0.0).parameters())
    objective = Distillation(6, 9).double()
    batch = taught(4, teacher_width=9)
    mapped = tuple(view @ objective.map.weight.T for view in batch.views)
    alone = EmbeddedBatch(mapped, batch.targets, batch.roles, batch.identity)
    expected = Distillation(9, 9, similarities=0.0)(alone)
    assert objective.terms(batch)["embeddings"].item() == pytest.approx(expected.item(), abs=1e-12)
    objective(batch).backward()
    assert objective.map.weight.grad.abs().max() > 0


def test_a_teacher_in_float32_does_not_lower_the_type() -> None:
    batch = taught(4)
    single = replace(batch, targets=tuple(target.float() for target in batch.targets))
    assert Distillation(6, 6)(single).dtype is torch.float64


def test_texts_that_are_all_equal_have_no_neighbours_and_a_finite_gradient() -> None:
    batch = taught(2, identity=[[3, 3], [3, 3]])
    loss = Distillation(6, 6, embeddings=0.0)(batch)
    loss.backward()
    assert loss.item() == 0.0
    assert all(view.grad.isfinite().all() for view in batch.views)


@pytest.mark.parametrize("weights", [(0.0, 0.0), (-1.0, 2.0), (float("nan"), 1.0)])
def test_weights_that_leave_nothing_are_refused(weights: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="similarities, embeddings: found"):
        Distillation(6, 6, *weights)


def test_a_temperature_that_is_not_positive_is_refused() -> None:
    with pytest.raises(ValueError, match=r"temperature: found 0\.0"):
        Distillation(6, 6, temperature=0.0)
