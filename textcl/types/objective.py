"""What a loss is, and one that is a sum over rows: its gradient is found block by block, in bounded memory."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role

LOGITS = 2**21  # that are computed at once: 8 MB of float32, and about seven times that with all that is made of them

Terms = Callable[[Sequence[Tensor], Sequence[Tensor], slice], dict[str, Tensor]]


@dataclass(frozen=True, slots=True)
class Differentiated:
    """What some rows add to the terms of a loss, and to its gradient."""

    terms: dict[str, Tensor]  # scalars, as wide as the device has them
    inputs: list[Tensor]  # all that the loss is computed from: what is compared, and parameters
    gradients: list[Tensor]  # of the sum of the terms by each of them

    @property
    def tensors(self) -> list[Tensor]:
        """All that must be added up where rows are shared out."""
        return [*self.terms.values(), *self.gradients]

    def backward(self) -> None:
        """Carry the gradient on, to whatever the inputs were computed from."""
        pairs = [pair for pair in zip(self.inputs, self.gradients, strict=True) if pair[0].requires_grad]
        torch.autograd.backward([tensor for tensor, _ in pairs], [gradient for _, gradient in pairs])


@dataclass(frozen=True, slots=True)
class RowLoss:
    """A loss that is a sum over rows, of which each is compared with all rows.

    Source:
        Cheng et al. 2024, Breaking the Memory Barrier (the softmax of a large batch by blocks). arXiv:2410.17243
    """

    rows: int  # B
    compared: tuple[Tensor, ...]  # (B, …) or scalars: all that carries a gradient in, with its graph back to the views
    terms: Terms  # of `compared`, of its own rows, and of where these stand: what they add to each term
    logits: int  # numbers that each row is compared by

    def whole(self) -> dict[str, Tensor]:
        """Return the terms of all rows at once, with their graph; B × B numbers are kept."""
        return self.terms(self.compared, self.compared, slice(0, self.rows))

    def loss(self, parameters: Iterable[nn.Parameter] = ()) -> Tensor:
        """Return the loss, a scalar; its gradient is found together with it, and once.

        Args:
            parameters: Of the objective, which the terms may read.
        """
        trained = list(parameters)
        if torch.is_grad_enabled():
            total: Tensor = _InBlocks.apply(self, trained, *self.compared, *trained)  # type: ignore[no-untyped-call]
            return total
        blocks = [
            self.terms(self.compared, self._own(self.compared, part), part)
            for part in row_blocks(0, self.rows, self.logits)
        ]
        return torch.stack([term for terms in blocks for term in terms.values()]).sum()

    def differentiated(
        self, first: int, last: int, parameters: Iterable[nn.Parameter], at_once: int | None = None
    ) -> Differentiated:
        """Return what some rows add to the terms and to the gradient.

        Args:
            first, last: The rows: from `first` to before `last`.
            parameters: Of the objective; those that the terms do not read get no gradient.
            at_once: Rows of a block; None: as many as `LOGITS` has room for.
        """
        leaves = [tensor.detach().requires_grad_() for tensor in self.compared]
        nothing = slice(0, 0)
        terms = self.terms(leaves, self._own(leaves, nothing), nothing)  # says their names, and what they read
        read = _read_by(terms, parameters)
        gradients = [torch.zeros_like(tensor) for tensor in (*leaves, *read)]
        sums = {name: term.detach().to(_widest(term.device)) for name, term in terms.items()}
        for part in row_blocks(first, last, self.logits, at_once):
            own = [tensor.detach().requires_grad_() for tensor in self._own(leaves, part)]
            terms = self.terms(leaves, own, part)
            added = torch.autograd.grad(_total(terms), [*leaves, *read, *own], allow_unused=True)
            of_part = self._own(gradients[: len(leaves)], part)
            for gradient, more in zip([*gradients, *of_part], added, strict=True):
                if more is not None:
                    gradient += more
            for name, term in terms.items():
                sums[name] += term.detach()
            del added, more, terms, term  # of the size of the batch: not to be there beside those of the next block
        return Differentiated(sums, [*self.compared, *read], gradients)

    def _own(self, tensors: Sequence[Tensor], part: slice) -> list[Tensor]:
        """Return the rows of a part, as views of the tensors; a scalar belongs to every row."""
        return [tensor[part] if tensor.ndim else tensor for tensor in tensors]


def _widest(device: torch.device) -> torch.dtype:
    """Return the widest floating-point numbers that a device has: Apple's GPUs have no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def row_blocks(first: int, last: int, logits: int, at_once: int | None = None) -> Iterator[slice]:
    """Yield the rows from `first` to before `last` in blocks.

    Args:
        first, last: The rows.
        logits: Numbers that each row is compared by.
        at_once: Rows of a block; None: as many as `LOGITS` has room for.
    """
    rows = at_once or max(1, LOGITS // max(1, logits))
    for start in range(first, last, rows):
        yield slice(start, min(start + rows, last))


class _InBlocks(torch.autograd.Function):
    """The loss of all rows; the gradient lies ready when it is called for."""

    @staticmethod
    def forward(ctx: Any, loss: RowLoss, parameters: list[nn.Parameter], *inputs: Tensor) -> Tensor:
        with torch.enable_grad():
            found = loss.differentiated(0, loss.rows, parameters)
        by_input = {id(tensor): gradient for tensor, gradient in zip(found.inputs, found.gradients, strict=True)}
        ctx.gradients = [by_input.get(id(tensor)) for tensor in (*loss.compared, *parameters)]
        return _total(found.terms).to(loss.compared[0].dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        gradients, ctx.gradients = ctx.gradients, None  # large: they are scaled where they lie, and handed on
        if gradients is None:
            raise RuntimeError("The gradient of this loss has been handed on already; call the objective again.")
        for own in gradients:
            if own is not None:
                own.mul_(gradient)
        return None, None, *gradients


def _total(terms: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(terms.values())).sum()


def _read_by(terms: dict[str, Tensor], parameters: Iterable[nn.Parameter]) -> list[nn.Parameter]:
    """Return the parameters that terms are computed from."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    found = torch.autograd.grad(_total(terms), trained, allow_unused=True) if trained else ()
    return [parameter for parameter, gradient in zip(trained, found, strict=True) if gradient is not None]


class Objective(nn.Module, ABC):
    """A loss over one batch of embeddings, written for one machine.

    It may hold parameters (a projector, prototypes) and buffers (a queue). Everything that mixes rows lives here.
    A constructor argument called `dimension` is the encoder's D, and `teacher_dimension` the teacher's: recipes fill
    them in.
    """

    momentum: float | None = None  # set: the targets come from a moving average of the encoder, which keeps this share
    wants_teacher: bool = False  # the targets come from a teacher
    wants_words: bool = False  # it writes texts again, and is given their tokens
    teacher_setting: str | None = None  # the constructor argument that names it; None: `encoder.teacher` does
    layers: tuple[int, ...] = ()  # of the encoder whose vectors stand behind those of the last: (B, (1 + layers) * D)
    papers: tuple[str, ...] = ()  # whom a model card cites: keys of `textcl/hub/template/methods.bib`

    def check(self, roles: Sequence[Role], *, scored: bool, labelled: bool) -> None:
        """Refuse batches that the objective cannot learn from, before anything trains.

        Args:
            roles: Of the V views.
            scored: Whether rows carry scores.
            labelled: Whether rows carry labels.

        Raises:
            ValueError: Says what is found and what is wanted.
        """

    def check_rows(self, scores: Tensor | None, labels: Tensor | None, views: int) -> None:
        """Refuse scores and labels that the objective cannot learn from, before anything trains.

        They are those of some rows, which show all that rows differ in: the lowest and the highest score are among
        them, two different labels where there are two, and one of them twice where any comes twice.

        Args:
            scores: (n,), or (n, V - 1) where each text but the anchor has one; None: rows carry none.
            labels: (n,); None: rows carry none.
            views: V.

        Raises:
            RowError: A row cannot be used.
            ValueError: The rows together cannot.
        """

    @abstractmethod
    def forward(self, batch: EmbeddedBatch) -> Tensor:
        """Return the loss of a batch, a scalar. It has no side effects: it may run any number of times."""

    def terms(self, batch: EmbeddedBatch) -> dict[str, Tensor]:
        """Return the terms that the loss adds up, by name; most objectives have one."""
        return {"loss": self(batch)}

    def by_rows(self, batch: EmbeddedBatch) -> RowLoss | None:
        """Return the loss as a sum over rows; None where it is none, as one of matrices between features.

        The parts of all rows add up to `terms`. It is called through `rows_of`: a subclass with a `forward` of its own
        has another loss than the rows of its parent.
        """
        return None

    def shown(self, batch: EmbeddedBatch) -> EmbeddedBatch:
        """Return the batch as the monitor reads it: with the vectors that the encoder is saved for."""
        return batch

    def projected(self, batch: EmbeddedBatch) -> Tensor | None:
        """Return what a projector makes of the first view, (B, any width), for the monitor; None without one."""
        return None

    def readings(self) -> dict[str, float]:
        """Return what is worth watching of own state, by name: `temperature`, `queue_age` (steps)."""
        return {}

    def after_step(self, batch: EmbeddedBatch) -> None:
        """Change own state (a queue, a moving average) after the optimiser's step: the one place that does."""


def rows_of(objective: Objective, batch: EmbeddedBatch) -> RowLoss | None:
    """Return the loss of an objective as a sum over rows; None where it is none, or a subclass has changed the loss."""
    classes = type(objective).__mro__
    depth = {
        name: next(number for number, each in enumerate(classes) if name in each.__dict__)
        for name in ("forward", "terms", "by_rows")
    }
    if min(depth["forward"], depth["terms"]) < depth["by_rows"]:
        return None
    return objective.by_rows(batch)
