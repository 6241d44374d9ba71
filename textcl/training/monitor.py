"""Numbers that tell a healthy run from a collapsing one, read from the embeddings of a step, and the alarm on them."""

import logging
import math
from collections import Counter
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.errors import DivergedError
from textcl.types.batches import EmbeddedBatch
from textcl.types.protocols import StepLog

READ_EVERY = 10  # batches of a source
ROWS = 128  # of a batch that are read; batches are shuffled, so any rows will do
SAME = 1 - 1e-4  # the cosine above which two embeddings count as identical
_log = logging.getLogger(__name__)


@torch.no_grad()
def readings(batch: EmbeddedBatch) -> dict[str, float]:
    """Read the first view of a batch, and how far the second lies from it.

    Texts of one label may end in one point, and nothing has collapsed: of labelled rows those of different labels are
    compared, and the rank is that of one row of each label.

    Args:
        batch: At least one view; at most 128 rows are looked at.

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
    first, others = _unit(batch.views[0]), _others(batch)  # (n, D), (n, n)
    read = {"effective_rank": _effective_rank(first[_of_each_label(batch)])}
    cosines = (first @ first.T)[others]  # flat
    if len(cosines):
        read["mean_cosine"] = float(cosines.mean())
        read["uniformity"] = float((4 * cosines - 4).exp().mean().log())  # d² = 2 - 2 cos
        read["identical_share"] = _identical_share(first, others)
    if len(batch.views) > 1:
        read["alignment"] = float((first - _unit(batch.views[1])).square().sum(dim=-1).mean())
    return read


@torch.no_grad()
def readings_of_projections(projected: Tensor, batch: EmbeddedBatch) -> dict[str, float]:
    """Read what a projector makes of the first view: it may collapse while the embeddings merely stop learning.

    Args:
        projected: (B, any width).
        batch: Of the same rows.

    Returns:
        `projected_effective_rank` and `projected_mean_cosine`, as of the embeddings.
    """
    unit = _unit(projected)
    read = {"projected_effective_rank": _effective_rank(unit[_of_each_label(batch)])}
    cosines = (unit @ unit.T)[_others(batch)]
    return read | ({"projected_mean_cosine": float(cosines.mean())} if len(cosines) else {})


@dataclass(slots=True)
class CollapseAlarm:
    """Speaks up, once, when two readings in a row say that the embeddings of a source have collapsed.

    A reading is judged against the first of its source in the run: some encoders start with all embeddings in a narrow
    cone, and texts of one source may be more alike than those of another.

    Args:
        first: The first readings of the run by source, when it goes on from a checkpoint.
        stops: Whether a collapse ends the run.
    """

    first: dict[str, dict[str, float]] = field(default_factory=dict)
    stops: bool = False
    _suspicions: Counter[str] = field(default_factory=Counter)  # in a row, by source
    _has_spoken: bool = False

    def __call__(self, entry: StepLog) -> None:
        """Judge the readings of a step.

        Raises:
            DivergedError: The embeddings have collapsed, and that ends the run.
        """
        if not entry.readings:
            return
        error = collapse(entry.readings, self.first.setdefault(entry.source, entry.readings))
        self._suspicions[entry.source] = self._suspicions[entry.source] + 1 if error else 0
        if self._suspicions[entry.source] < 2 or self._has_spoken:
            return
        self._has_spoken = True
        whose = f" of source {entry.source}" if entry.source else ""
        message = (
            f"Step {entry.step}: the embeddings{whose} are collapsing: {error}. A lower training.learning_rate is the "
            "usual way out; with BYOL, SimSiam and SwAV look at the momentum and the predictor or the prototypes too."
        )
        if self.stops:
            raise DivergedError(message)
        _log.warning(message)


_STILL = 10  # steps in a row


@dataclass(slots=True)
class GradientAlarm:
    """Speaks up, once, when steps in a row had no gradient, or all of a shorter run: nothing is learned."""

    _still: int = 0
    _has_spoken: bool = False

    def __call__(self, entry: StepLog) -> None:
        """Judge the gradient of a step."""
        self._still = self._still + 1 if entry.gradient_norm == 0 else 0
        is_all = entry.step == entry.steps == self._still
        if self._has_spoken or not (self._still == _STILL or is_all):
            return
        self._has_spoken = True
        _log.warning(
            "Step %d: %d steps in a row had no gradient, and the model does not change. The rows hold no contrast: "
            "look for labels that never come twice or are all the same, equal scores, or one text again and again.",
            entry.step,
            self._still,
        )


def collapse(read: dict[str, float], first: dict[str, float]) -> str | None:
    """Say which number tells of a collapse, or None.

    Args:
        read: The readings of a step.
        first: The first readings of the run, of the same source.
    """
    for name, value in read.items():
        start = first.get(name, value)
        limit, is_beyond = _limit(name, value, start)
        if is_beyond:
            return f"{name} is {value:.3g}, beyond {limit:.3g}; it was {start:.3g} at the start"
    return None


def _limit(name: str, value: float, start: float) -> tuple[float, bool]:
    """Return the limit of a reading, and whether it is beyond; a reading without a limit never is."""
    if name == "identical_share":
        limit = max(0.2, 2 * start)
        return limit, value > limit
    if name.endswith("mean_cosine"):
        limit = 1 - (1 - start) / 3  # the spread has fallen to a third
        return limit, value > limit
    if name.endswith("effective_rank"):
        return start / 4, value < start / 4
    return 0.0, False


def _unit(rows: Tensor) -> Tensor:
    """Return the first rows at unit length, (n, width)."""
    return F.normalize(rows[:ROWS].float(), dim=-1)


def _others(batch: EmbeddedBatch) -> Tensor:
    """Return which pairs of the first rows hold different texts, and of different labels, (n, n) bool."""
    different = [
        numbers[:ROWS, None] != numbers[:ROWS] for numbers in (batch.identity[0], batch.labels) if numbers is not None
    ]
    return torch.stack(different).all(dim=0)


def _of_each_label(batch: EmbeddedBatch) -> Tensor:
    """Return one of the first rows for each label, (n,) bool; all, where there are no labels."""
    rows = torch.ones(len(batch.views[0][:ROWS]), dtype=torch.bool, device=batch.views[0].device)
    if batch.labels is None:
        return rows
    labels = batch.labels[:ROWS]
    return ~(labels[:, None] == labels).tril(-1).any(dim=1)


def _identical_share(unit: Tensor, others: Tensor) -> float:
    return float((((unit @ unit.T) > SAME) & others).any(dim=1).float().mean())


def _effective_rank(unit: Tensor) -> float:
    """Return the exponential of the entropy of the singular values of rows (n, width)."""
    gram = unit @ unit.T if len(unit) < unit.shape[1] else unit.T @ unit
    values = torch.linalg.eigvalsh(gram.cpu().double()).clamp(min=0).sqrt()
    shares = values / values.sum().clamp(min=1e-12)
    return math.exp(float(torch.special.entr(shares).sum()))
