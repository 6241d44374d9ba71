"""Distillation: follow a teacher's vectors, and how they lie among each other."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from textcl.objectives.distances import cosines_by_row
from textcl.objectives.graded_rows import texts_of
from textcl.objectives.temperature import check_temperature
from textcl.objectives.views import unit_views
from textcl.types.batches import EmbeddedBatch
from textcl.types.objective import Objective, RowLoss


class Distillation(Objective):
    """Follow a teacher's similarities and vectors (DistillKLDivLoss, EmbedDistillLoss in sentence-transformers).

    Two terms, each with its weight:

    `similarities`: each text's cosines to all other texts of the batch, of every view, become a probability by a
    softmax; the loss is the Kullback-Leibler divergence from the teacher's probabilities to the student's. Copies of
    the text itself are left out, for they would take nearly all the probability. The student's space is free to turn,
    so any width will do. It wants batches of texts of which some are alike.

    `embeddings`: 1 minus the cosine of the student's vector with the teacher's. Where the widths differ, a linear map
    that is learned on the way and thrown away stands between them; then the student's cosines are not the teacher's,
    so keep the other term too. The teacher's cosines are found again only where both terms fall.

    At width D' = D the `embeddings` term is sentence-transformers' EmbedDistillLoss with cosines, and its MSELoss of
    unit vectors times D / 2. `similarities` is DistillKLDivLoss with all other texts as candidates, without its factor
    of temperature², which would weigh the term by 1/400.

    Args:
        dimension: The width of the encoder's vectors, D.
        teacher_dimension: The width of the teacher's vectors, D'; None: the encoder's.
        similarities: Weight of this term; 0: without it.
        embeddings: Weight of this term; 0: without it.
        temperature: Divides the cosines of both; below 0.05 only the nearest texts matter. Positive, no unit.

    Raises:
        ValueError: A weight is below 0 or both are 0, or the temperature is not positive.

    Source:
        Passalis & Tefas 2018, Learning Deep Representations with Probabilistic Knowledge Transfer (the
        divergence between distributions over the batch, self excluded). arXiv:1803.10837
        Fang et al. 2021, SEED (softmax of cosines by a temperature). arXiv:2101.04731
        Reimers & Gurevych 2020, Making Monolingual Sentence Embeddings Multilingual (vectors). arXiv:2004.09813

    Example:
        objective:
          use: Distillation # with encoder.teacher
          similarities: 1.0
          embeddings: 1.0
    """

    papers = ("hinton2015distilling", "fang2021seed")

    wants_teacher = True

    def __init__(
        self,
        dimension: int,
        teacher_dimension: int | None,
        similarities: float = 1.0,
        embeddings: float = 1.0,
        temperature: float = 0.05,
    ) -> None:
        super().__init__()
        check_temperature(temperature)
        if not (similarities >= 0 and embeddings >= 0 and similarities + embeddings > 0):
            raise ValueError(
                f"similarities, embeddings: found {similarities} and {embeddings}, but weights must be 0 or more, and "
                "one of them above 0."
            )
        self.similarities, self.embeddings, self.temperature = similarities, embeddings, temperature
        self.map: nn.Module = nn.Identity()
        if embeddings > 0 and teacher_dimension not in (None, dimension):
            self.map = nn.Linear(dimension, teacher_dimension, bias=False)

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss | None:
        """Return the loss as a sum over rows, each with all its views; None without the term of similarities."""
        if not self.similarities:
            return None
        rows, views, identity = len(batch.views[0]), len(batch.views), torch.cat(batch.identity)
        students, teachers = _together(batch)
        compared = unit_views(batch)
        if self.embeddings:
            compared += (self._embeddings(students, teachers),)
        unit = F.normalize(teachers, dim=-1)

        def terms(compared: Sequence[Tensor], own: Sequence[Tensor], part: slice) -> dict[str, Tensor]:
            numbers = texts_of(batch, part)
            masked = identity[numbers, None] == identity  # (n, N), the text itself included
            student = torch.cat(list(own[:views])) @ torch.cat(list(compared[:views])).T / self.temperature
            teacher = unit[numbers] @ unit.T / self.temperature
            divergences = similarity_divergences(student, teacher, masked)
            added = {"similarities": self.similarities * divergences.sum() / len(identity)}
            if self.embeddings:
                added["embeddings"] = compared[views] * (len(numbers) / len(identity))
            return added

        return RowLoss(rows, compared, terms, 2 * views * len(identity))

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the weighted sum of both terms, a scalar."""
        return torch.stack(list(self.terms(batch).values())).sum()

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the weighted terms that have a weight: `similarities` in nats, `embeddings` in cosine distance."""
        rows = self.by_rows(batch)
        return {"embeddings": self._embeddings(*_together(batch))} if rows is None else rows.whole()

    def _embeddings(self, students: Tensor, teachers: Tensor) -> Tensor:
        return self.embeddings * (1 - cosines_by_row(self.map(students), teachers).mean())


def _together(batch: EmbeddedBatch) -> tuple[Tensor, Tensor]:
    """Return the vectors of student and teacher for all texts, one view after the other, (N, D) and (N, D')."""
    students = torch.cat(batch.views)
    return students, torch.cat(batch.targets).to(students.dtype)


def similarity_divergences(students: Tensor, teachers: Tensor, masked: Tensor) -> Tensor:
    """Return the divergence of texts' neighbours from the teacher to the student.

    Args:
        students: The student's logits of texts and all texts of the batch, (n, N).
        teachers: The teacher's, (n, N).
        masked: True for a text that is no neighbour: itself, and its equals, (n, N).

    Returns:
        For each text, (n,), in nats; 0 for one without a neighbour.
    """
    has_neighbour = ~masked.all(dim=1, keepdim=True)
    left_out = masked & has_neighbour  # texts without a neighbour keep all: a softmax over none would be NaN
    student, teacher = _log_shares(students, left_out), _log_shares(teachers, left_out)
    return (teacher.exp() * (teacher - student)).masked_fill(left_out | ~has_neighbour, 0.0).sum(dim=1)


def _log_shares(logits: Tensor, left_out: Tensor) -> Tensor:
    """Return the logarithm of the softmax of each row, (n, N); 0 where left out."""
    return F.log_softmax(logits.masked_fill(left_out, -torch.inf), dim=1).masked_fill(left_out, 0.0)
