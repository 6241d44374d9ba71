"""Numbers that tell a healthy run from a collapsing one, read from the embeddings of a step, and the alarm on them."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.errors import TrainingError
from textcl.training.log import StepLog
from textcl.types import EmbeddedBatch

READ_EVERY = 10  # steps
ROWS = 128  # of a batch that are read; batches are shuffled, so any rows will do
SAME = 1 - 1e-4  # the cosine above which two embeddings count as identical
_log = logging.getLogger(__name__)


@torch.no_grad()
def readings(batch: EmbeddedBatch) -> dict[str, float]:
    """Read the first view of a batch, and how far the second lies from it.

    Args:
        batch: At least one view; at most 128 rows are read.

    Returns:
        `mean_cosine`: of different texts, -1 to 1; near 1 when all embeddings point one way.
        `identical_share`: the fraction of rows with another text's embedding on the same spot.
        `effective_rank`: how many dimensions the embeddings use, 1 to the smaller of rows and D.
        `uniformity`: log mean exp(-2 d²) over different texts, d the distance of unit vectors; 0 when all are equal.
        `alignment`: mean squared distance of a row's first two views, 0 to 4; only with two views.

    Source:
        Wang & Isola 2020, Alignment and Uniformity on the Hypersphere. arXiv:2005.10242
        Roy & Vetterli 2007, The Effective Rank. EUSIPCO
    """
    first = F.normalize(batch.views[0][:ROWS].float(), dim=-1)  # (n, D)
    read = {"effective_rank": _effective_rank(first)}
    cosines = (first @ first.T)[_different(batch.identity[0][:ROWS])]
    if len(cosines):
        read["mean_cosine"] = float(cosines.mean())
        read["uniformity"] = float((4 * cosines - 4).exp().mean().log())  # d² = 2 - 2 cos
        read["identical_share"] = _identical_share(first, batch.identity[0][:ROWS])
    if len(batch.views) > 1:
        second = F.normalize(batch.views[1][:ROWS].float(), dim=-1)
        read["alignment"] = float((first - second).square().sum(dim=-1).mean())
    return read


@dataclass(slots=True)
class CollapseAlarm:
    """Speaks up, once, when two readings in a row say that the embeddings have collapsed.

    A reading is judged against the first of the run, as some encoders start with all embeddings in a narrow cone.

    Args:
        first: The first readings of the run, when it goes on from a checkpoint; None at its start.
        stops: Whether a collapse ends the run.
    """

    first: dict[str, float] | None = None
    stops: bool = False
    _suspicions: int = 0
    _has_spoken: bool = False

    def __call__(self, entry: StepLog) -> None:
        """Judge the readings of a step.

        Raises:
            TrainingError: The embeddings have collapsed, and that ends the run.
        """
        if not entry.readings:
            return
        self.first = self.first or entry.readings
        fault = collapse(entry.readings, self.first)
        self._suspicions = self._suspicions + 1 if fault else 0
        if self._suspicions < 2 or self._has_spoken:
            return
        self._has_spoken = True
        message = (
            f"Step {entry.step}: the embeddings are collapsing: {fault}. A lower training.learning_rate is the usual "
            "way out; with BYOL, SimSiam and SwAV look at the momentum and the predictor or the prototypes too."
        )
        if self.stops:
            raise TrainingError(message)
        _log.warning(message)


def collapse(read: dict[str, float], first: dict[str, float]) -> str | None:
    """Say which number tells of a collapse, or None.

    Args:
        read: The readings of a step.
        first: The first readings of the run.
    """
    limits: list[tuple[str, Callable[[float, float], bool], float]] = [
        ("identical_share", float.__gt__, max(0.2, 2 * first.get("identical_share", 0))),
        ("mean_cosine", float.__gt__, max(0.95, (1 + first.get("mean_cosine", 0)) / 2)),
        ("effective_rank", float.__lt__, first["effective_rank"] / 4),
    ]
    for name, is_beyond, limit in limits:
        if name in read and is_beyond(read[name], limit):
            return f"{name} is {read[name]:.3g}, beyond {limit:.3g}; it was {first[name]:.3g} at the start"
    return None


def _different(identity: Tensor) -> Tensor:
    """Return which pairs of rows hold different texts, (n, n) bool."""
    return identity[:, None] != identity


def _identical_share(unit: Tensor, identity: Tensor) -> float:
    same = ((unit @ unit.T) > SAME) & _different(identity)
    return float(same.any(dim=1).float().mean())


def _effective_rank(unit: Tensor) -> float:
    """Return the exponential of the entropy of the singular values of rows (n, D)."""
    gram = unit @ unit.T if len(unit) < unit.shape[1] else unit.T @ unit
    values = torch.linalg.eigvalsh(gram.double()).clamp(min=0).sqrt()
    shares = values / values.sum().clamp(min=1e-12)
    return math.exp(float(torch.special.entr(shares).sum()))
