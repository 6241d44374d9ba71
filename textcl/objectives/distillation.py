"""Distillation: follow a teacher's vectors, and how they lie among each other."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from textcl.objectives.distances import cosines_by_row
from textcl.objectives.temperature import check_temperature
from textcl.types.batches import EmbeddedBatch
from textcl.types.protocols import Objective


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

    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the weighted sum of both terms, a scalar."""
        return torch.stack(list(self.terms(batch).values())).sum()

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the weighted terms that have a weight: `similarities` in nats, `embeddings` in cosine distance."""
        students = torch.cat(batch.views)  # (N, D), N = V * B
        teachers = torch.cat(batch.targets).to(students.dtype)  # (N, D')
        terms = {}
        if self.similarities > 0:
            divergence = similarity_divergence(students, teachers, torch.cat(batch.identity), self.temperature)
            terms["similarities"] = self.similarities * divergence
        if self.embeddings > 0:
            terms["embeddings"] = self.embeddings * (1 - cosines_by_row(self.map(students), teachers).mean())
        return terms


def similarity_divergence(students: Tensor, teachers: Tensor, identity: Tensor, temperature: float) -> Tensor:
    """Kullback-Leibler divergence from the teacher's to the student's distribution over each text's neighbours.

    Args:
        students: The student's vectors, (N, D).
        teachers: The teacher's vectors of the same texts, (N, D').
        identity: Equal numbers are equal texts, (N,); they are not each other's neighbours.
        temperature: Divides the cosines. Positive.

    Returns:
        The mean over texts that have a neighbour, a scalar in nats.
    """
    same = identity[:, None] == identity  # (N, N), the text itself included
    counts = ~same.all(dim=1)  # (N,)
    masked = same & counts[:, None]  # texts without a neighbour keep all: a softmax over none would be NaN
    student = _log_shares(students, masked, temperature)
    teacher = _log_shares(teachers, masked, temperature)
    divergences = (teacher.exp() * (teacher - student)).masked_fill(masked, 0.0).sum(dim=1)
    return divergences.masked_fill(~counts, 0.0).sum() / counts.sum().clamp(min=1)


def _log_shares(embeddings: Tensor, masked: Tensor, temperature: float) -> Tensor:
    """Return the logarithm of the softmax of each row's cosines, (N, N); 0 where masked."""
    unit = F.normalize(embeddings, dim=-1)
    logits = (unit @ unit.T / temperature).masked_fill(masked, -torch.inf)
    return F.log_softmax(logits, dim=1).masked_fill(masked, 0.0)
