"""One step: embed the batch of all ranks, ask the objective, carry the gradient back; and what moves the parameters."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm
from torch.optim import AdamW

from textcl.distributed import Ranks, part_here
from textcl.errors import TrainingError
from textcl.training.gradient_cache import ChunkedPass, Memory
from textcl.training.target import Target, by_row
from textcl.types.batches import EmbeddedBatch, FloatArray, IntArray, PairBatch, TokenEncoder
from textcl.types.objective import Objective, RowLoss, rows_of
from textcl.types.text import Role
from textcl.util.precision import Precision
from textcl.util.seeds import derive, seeded


class NonFiniteError(ArithmeticError):
    """The loss or a gradient is not a finite number.

    Args:
        what: What was found.
        rows: Positions in the batch of all ranks that it comes from; empty when it cannot be told.
    """

    def __init__(self, what: str, rows: list[int]) -> None:
        super().__init__(what)
        self.what, self.rows = what, rows


@dataclass(frozen=True, slots=True)
class StepResult:
    """What a step measured, over all ranks."""

    loss: float  # nats, or what the objective counts in
    terms: dict[str, float]  # which add up to it
    tokens: int  # real tokens, without padding
    padding_share: float  # fraction of encoded positions
    batch: EmbeddedBatch  # detached
    is_beyond: bool = False  # a gradient is more than fp16 holds: no weight may move


class LossScale:
    """What gradients are multiplied by on their way through an encoder in fp16, so that small ones are not lost.

    It is halved where a gradient is more than fp16 holds, and doubled after 2,000 steps without that.

    Source:
        Micikevicius et al. 2018, Mixed Precision Training. arXiv:1710.03740
    """

    def __init__(self, now: float = 2.0**16, steps: int = 0) -> None:
        self.now, self.steps = now, steps  # and steps since it last changed

    def taken_out(self, parameters: Iterable[nn.Parameter], ranks: Ranks) -> bool:
        """Divide gradients by it, and say whether all are finite; it changes for the next step."""
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        for gradient in gradients:
            gradient.div_(self.now)
        is_finite = not ranks.any(not all(bool(part_here(gradient).isfinite().all()) for gradient in gradients))
        self.steps += 1
        if not is_finite or self.steps == _DOUBLED_AFTER:
            self.now, self.steps = self.now * (2.0 if is_finite else 0.5), 0
        return is_finite


_DOUBLED_AFTER = 2000  # steps, as torch's GradScaler does


class Step:
    """Computes the gradients of a batch; the same on one rank and on many.

    Every rank encodes its own rows. The embeddings of all ranks are gathered without a graph and become leaves. A loss
    that is a sum over rows is shared out: each rank goes through its part of the rows, block by block, and what they
    find is added up, so no rank ever holds a matrix of the whole batch. Any other loss is computed by every rank, under
    the same seed. Then every rank knows the gradient of the whole batch, takes that of its own rows, and multiplies it
    by the number of ranks, because the average over ranks divides by it.
    """

    def __init__(
        self,
        encoder: TokenEncoder,
        objective: Objective,
        target: Target,
        ranks: Ranks,
        *,
        seed: int,
        memory: Memory | None = None,
        precision: Precision = Precision.FLOAT32,
        is_shared_out: bool = False,
    ) -> None:
        self.encoder, self.objective, self.target, self.ranks = encoder, objective, target, ranks
        self.seed, self.memory, self.precision = seed, memory or Memory(), precision
        self.is_shared_out = is_shared_out  # the encoder's weights, over the ranks
        self.scale = LossScale() if precision is Precision.FP16 else None

    def parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters of the encoder and of the objective."""
        yield from dict.fromkeys((*self.encoder.parameters(), *self.objective.parameters()))  # some share weights

    def tensors(self) -> Iterator[Tensor]:
        """Yield all that must be equal on every rank: parameters, buffers and the state of the target."""
        for part in (self.objective,) if self.is_shared_out else (self.encoder, self.objective, self.target):
            yield from part.state_dict().values()

    def clip(self, largest: float) -> float:
        """Scale the gradient of all parameters down to a largest norm, and return the norm before."""
        if self.is_shared_out:
            from textcl.training.shards import clip_gradients  # which few runs need

            return clip_gradients(self.parameters(), largest)
        trained = [parameter for parameter in self.parameters() if parameter.grad is not None]
        norm = get_total_norm([parameter.grad for parameter in trained if parameter.grad is not None])
        if not float(norm) + _NEAR <= largest:  # torch's own function reads and writes all gradients in any case
            clip_grads_with_norm_(trained, largest, norm)
        return float(norm)

    def backward(self, batch: PairBatch, number: int) -> StepResult:
        """Add the gradient of this rank's share of a batch, then average it over the ranks.

        Args:
            batch: This rank's rows; may be empty on some ranks.
            number: The step, which the random draws follow from.

        Raises:
            NonFiniteError: The loss is NaN or infinite; no gradient has been added.
        """
        chunks = ChunkedPass(
            self.encoder,
            [view.tokens for view in batch.views],
            self.memory,
            self.precision,
            self.ranks.device,
            derive(self.seed, "dropout", number, self.ranks.rank),
            self.ranks if self.is_shared_out else None,
        )
        leaves = self.ranks.gather(by_row(chunks.embed(), batch, self.encoder)).requires_grad_()  # (B, V, D)
        embedded = self._embedded(batch, leaves, number)
        terms = self._differentiated(embedded, number)
        chunks.backward(self._own_gradient(leaves, len(batch.rows)))
        self.ranks.average_gradients(self.objective.parameters() if self.is_shared_out else self.parameters())
        is_finite = self.scale is None or self.scale.taken_out(self.encoder.parameters(), self.ranks)
        tokens, padding = self.ranks.sum([chunks.tokens, chunks.padding_share])
        return StepResult(
            loss=sum(terms.values()),
            terms=terms,
            tokens=int(tokens),
            padding_share=padding / self.ranks.count,
            batch=detached(embedded),
            is_beyond=not is_finite,
        )

    def _embedded(self, batch: PairBatch, leaves: Tensor, number: int) -> EmbeddedBatch:
        device = self.ranks.device
        identity = torch.from_numpy(np.stack([view.identity for view in batch.views], axis=1)).to(device)  # (b, V)
        views = leaves.unbind(dim=1)
        return EmbeddedBatch(
            views=views,
            targets=self.target.targets(batch, views, number),
            roles=tuple(view.role for view in batch.views),
            identity=self.ranks.gather(identity).unbind(dim=1),
            scores=self._gathered(batch.scores),
            labels=self._gathered(batch.labels),
            source=batch.source,
            words=self._words(batch) if self.objective.wants_words else None,
        )

    def _words(self, batch: PairBatch) -> Tensor:
        """Return the tokens of the first positives of all ranks, (B, L), -1 behind them."""
        ids = next(view.tokens.ids for view in batch.views if view.role is Role.POSITIVE)
        longest = max(self.ranks.numbers(max(map(len, ids), default=0)))
        words = np.full((len(ids), longest), -1, dtype=np.int64)
        for row, own in zip(words, ids, strict=True):
            row[: len(own)] = own
        return self.ranks.gather(torch.from_numpy(words).to(self.ranks.device))

    def _gathered(self, values: FloatArray | IntArray | None) -> Tensor | None:
        """Return what all ranks' rows carry, (B,), or None."""
        return None if values is None else self.ranks.gather(torch.from_numpy(values).to(self.ranks.device))

    def _differentiated(self, embedded: EmbeddedBatch, number: int) -> dict[str, float]:
        """Return the terms of the loss, and add its gradient to the embeddings and to the objective's parameters."""
        with seeded(derive(self.seed, "objective", number)):
            rows = rows_of(self.objective, embedded)
            terms = self.objective.terms(embedded) if rows is None else {}
        if rows is not None:
            return self._row_by_row(rows, embedded)
        for name, term in terms.items():
            if not isinstance(term, Tensor) or term.ndim > 0:  # of a user's own objective
                found = f"a tensor of {tuple(term.shape)}" if isinstance(term, Tensor) else f"{term!r:.60}"
                own = type(self.objective).__name__
                raise TrainingError(f"{own} returned {found} as its {name}, but a loss is a tensor without axes.")
        loss = torch.stack(list(terms.values())).sum()
        _refuse_non_finite(loss.item(), embedded)
        loss.backward()
        return {name: term.item() for name, term in terms.items()}

    def _row_by_row(self, rows: RowLoss, embedded: EmbeddedBatch) -> dict[str, float]:
        """Differentiate this rank's part of the rows, add up what the ranks found, and carry the gradient back."""
        first, last = (rows.rows * rank // self.ranks.count for rank in (self.ranks.rank, self.ranks.rank + 1))
        found = rows.differentiated(first, last, self.objective.parameters(), self.memory.loss_rows)
        self.ranks.add_up(found.tensors)
        terms = {name: term.item() for name, term in found.terms.items()}
        _refuse_non_finite(sum(terms.values()), embedded)
        found.backward()
        return terms

    def _own_gradient(self, leaves: Tensor, rows: int) -> Tensor:
        """Return the gradient of this rank's pool, view after view, (V * b, D)."""
        assert leaves.grad is not None
        start = self.ranks.offset(rows)
        factor = self.ranks.count * (1.0 if self.scale is None else self.scale.now)
        own = leaves.grad[start : start + rows] * factor  # (b, V, D)
        return own.transpose(0, 1).flatten(0, 1)


_NEAR = 1e-6  # that torch adds to a norm before it divides by it


def _refuse_non_finite(loss: float, embedded: EmbeddedBatch) -> None:
    if not math.isfinite(loss):
        finite = torch.stack([view.isfinite().all(dim=1) for view in embedded.views]).all(dim=0)  # (B,)
        raise NonFiniteError(f"the loss is {loss}", (~finite).nonzero().flatten().tolist())


def detached(batch: EmbeddedBatch) -> EmbeddedBatch:
    """Return the batch without its graph."""
    return replace(batch, views=tuple(view.detach() for view in batch.views))


GROUP_SETTINGS = ("weight_decay", "factor")  # of a group of parameters; a run that goes on may have changed them


class Schedule(StrEnum):
    """How the learning rate falls after the warm-up."""

    LINEAR = "linear"
    COSINE = "cosine"


Group = dict[str, Any]  # as torch's optimisers have them: `params`, and settings of many kinds


class Optimiser(Protocol):
    """What moves the parameters: one of torch's, or what stands for several of them."""

    @property
    def param_groups(self) -> list[Group]:
        """The parameters with their settings."""
        ...

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear all gradients."""
        ...

    def step(self) -> object:
        """Move every parameter that has a gradient."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Return what it remembers of the steps."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what it remembers."""
        ...


MakesOptimiser = Callable[[list[Group]], Optimiser]


def make_optimiser(
    encoder: Iterable[nn.Parameter],
    objective: Iterable[nn.Parameter] = (),
    *,
    weight_decay: float,
    objective_factor: float = 1.0,
    make: MakesOptimiser | None = None,
) -> Optimiser:
    """Return an optimiser that decays matrices only: norms, biases and temperatures are left alone.

    Its learning rate is set before each step (`set_learning_rate`); it starts at 0.

    Args:
        encoder: Its parameters; frozen ones are left out.
        objective: Its parameters: heads, prototypes, temperatures.
        weight_decay: Of matrices.
        objective_factor: How many times the encoder's learning rate the objective has: heads start from nothing.
        make: Makes it of groups; None: AdamW.
    """
    groups: list[Group] = []
    encoder = dict.fromkeys(encoder)
    own = [parameter for parameter in objective if parameter not in encoder]  # a decoder may share the encoder's
    for parameters, factor in ((encoder, 1.0), (own, objective_factor)):
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        for chosen, decay in (
            ([p for p in trained if p.ndim >= 2], weight_decay),
            ([p for p in trained if p.ndim < 2], 0.0),
        ):
            groups.append({"params": chosen, "weight_decay": decay, "factor": factor})
    make = make or partial(AdamW, lr=0.0, fused=True)
    return make([group for group in groups if group["params"]])


def learning_rate(step: int, steps: int, peak: float, warmup: float, schedule: Schedule) -> float:
    """Return the learning rate of a step: a linear rise over the warm-up, then a fall to 0.

    Args:
        step: Counted from 0.
        steps: Length of the run.
        peak: The learning rate at the end of the warm-up.
        warmup: Fraction of the steps that it takes to get there.
        schedule: The shape of the fall.
    """
    rise = math.ceil(warmup * steps)
    if step < rise:
        return peak * (step + 1) / rise
    progress = (step - rise) / max(1, steps - rise)  # 0 at the end of the warm-up, 1 after the last step
    return peak * (1 - progress if schedule is Schedule.LINEAR else (1 + math.cos(math.pi * progress)) / 2)


def set_learning_rate(optimiser: Optimiser, rate: float) -> None:
    """Set the encoder's learning rate of the next step, and with it the objective's."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]
