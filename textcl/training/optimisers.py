"""Optimisers beside the default: those of torch by name, Lion, Muon for encoders, and weights that are held in bf16.

A recipe names them by `training.optimiser`. Their learning rate and weight decay are the recipe's own settings, set
group by group.
"""

from collections.abc import Callable, Collection, Iterable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Adafactor, AdamW, Optimizer

from textcl.distributed import part_here
from textcl.training.step import Group, MakesOptimiser, Optimiser

__all__ = ["Adafactor", "AdamW", "Lion", "Muon"]


class Lion(Optimizer):
    """Moves each weight by the sign of a momentum: one moment a weight, in place of AdamW's two.

    Each step has the same size in every weight, so it takes a third to a tenth of AdamW's learning rate, and three to
    ten times its weight decay.

    Args:
        params: What is moved, or groups of it.
        lr: The learning rate.
        betas: The share of the momentum in what a step follows, and the share that it keeps.
        weight_decay: As AdamW counts it.

    Raises:
        ValueError: A share is not from 0 to below 1.

    Source:
        Chen et al. 2023, Symbolic Discovery of Optimization Algorithms. arXiv:2302.06675
    """

    def __init__(
        self, params: Any, lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99), weight_decay: float = 0.0
    ) -> None:  # Any: torch takes parameters or groups
        if len(betas) != 2 or not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas must be two numbers from 0 to below 1, not {betas}")
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no caller has a closure
        """Move every weight that has a gradient."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, parameter.grad, group)

    def _move(self, parameter: Tensor, gradient: Tensor, group: Group) -> None:
        state, (followed, kept) = self.state[parameter], group["betas"]
        momentum = state.setdefault("momentum", torch.zeros_like(parameter))
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.add_(torch.lerp(gradient, momentum, followed).sign_(), alpha=-group["lr"])
        momentum.lerp_(gradient, 1 - kept)


class Muon:
    """Makes the steps of the matrices of an encoder's layers orthogonal, by torch's Muon; AdamW moves the rest.

    The rest are embeddings, norms, biases and what the objective has of its own.

    Args:
        params: Groups of what is moved.
        lr: The learning rate of both.
        weight_decay: Of both.
        momentum: The share of the momentum that a step keeps.
        nesterov: Whether a step looks ahead along its momentum.
        ns_coefficients: Of the polynomial that makes a matrix orthogonal.
        eps: Keeps the division by a norm finite.
        ns_steps: How many times the polynomial is applied.
        adjust_lr_fn: How a step is scaled to its matrix: as large as one of AdamW, so that its learning rates suit
            (`match_rms_adamw`), or as Muon was first written (`original`).
        hidden: The ids of the matrices of layers; None: all matrices.

    Raises:
        ValueError: The momentum is not from 0 to below 1, or torch has no Muon.

    Source:
        Jordan et al. 2024, Muon: An optimizer for hidden layers in neural networks. https://kellerjordan.github.io/posts/muon
        Liu et al. 2025, Muon is Scalable for LLM Training. arXiv:2502.16982
    """

    def __init__(
        self,
        params: list[Group],
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: Literal["match_rms_adamw", "original"] = "match_rms_adamw",
        hidden: Collection[int] | None = None,
    ) -> None:
        if not 0 <= momentum < 1:
            raise ValueError(f"momentum must be from 0 to below 1, not {momentum}")
        matrices, rest = _split(params, hidden)
        settings = {"lr": lr, "weight_decay": weight_decay}
        own = {
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        parts: list[Optimiser] = []
        if matrices:
            parts.append(held_as_they_are(lambda groups: _torchs_muon()(groups, **settings, **own), matrices))
        if rest:
            parts.append(
                held_as_they_are(lambda groups: AdamW(groups, lr=lr, weight_decay=weight_decay, fused=True), rest)
            )
        self.parts = parts

    @property
    def param_groups(self) -> list[Group]:
        """The groups of both."""
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear all gradients."""
        for part in self.parts:
            part.zero_grad(set_to_none=set_to_none)

    def step(self) -> None:
        """Move every weight that has a gradient."""
        for part in self.parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """Return what both remember."""
        return {"parts": [part.state_dict() for part in self.parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what both remember."""
        for part, state in zip(self.parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)


def _torchs_muon() -> Callable[..., Optimizer]:
    if not hasattr(torch.optim, "Muon"):
        raise ValueError(f"it needs torch 2.9 or later, and this is {torch.__version__}")
    muon: Callable[..., Optimizer] = torch.optim.Muon
    return muon


def _split(groups: list[Group], hidden: Collection[int] | None) -> tuple[list[Group], list[Group]]:
    """Part groups into matrices of layers and the rest; groups that are left empty go."""

    def chosen(parameter: Tensor) -> bool:
        return parameter.ndim == 2 and (hidden is None or id(parameter) in hidden)

    parts = [
        [{**group, "params": [p for p in group["params"] if chosen(p) is of_layers]} for group in groups]
        for of_layers in (True, False)
    ]
    matrices, rest = ([group for group in part if group["params"]] for part in parts)
    return matrices, rest


def maker_of(cls: Callable[..., Any], given: dict[str, Any], modules: Iterable[nn.Module]) -> MakesOptimiser:
    """Return what makes an optimiser of groups of parameters.

    Args:
        cls: Its class; `Any`: one of torch's, or one of these.
        given: Its arguments but for the learning rate and the decay of weights, which are those of groups.
        modules: Of the encoder.
    """
    if cls is Muon:
        return partial(Muon, lr=0.0, hidden=_hidden_matrices(modules), **given)
    more = {"fused": True} if cls is AdamW else {}
    return partial(held_as_they_are, partial(cls, lr=0.0, **more, **given))


def _hidden_matrices(modules: Iterable[nn.Module]) -> set[int]:
    """Return the ids of matrices that are no embeddings."""
    hidden: set[int] = set()
    tables: set[int] = set()
    for module in modules:
        chosen = tables if isinstance(module, nn.Embedding) else hidden
        chosen.update(id(weight) for weight in module.parameters(recurse=False) if weight.ndim == 2)
    return hidden - tables


def held_as_they_are(make: Callable[[list[Group]], Optimiser], groups: list[Group]) -> Optimiser:
    """Return an optimiser of groups, whatever their weights are held in."""
    if any(parameter.dtype is torch.bfloat16 for group in groups for parameter in group["params"]):
        return HalfWeights(make, groups)
    return make(groups)


class HalfWeights:
    """An optimiser of weights that are held in bf16: it sees them, and remembers, in float32.

    A step is computed in float32, tensor by tensor, and rounded at random to one of the two nearest numbers of bf16,
    the nearer the likelier: what a step is too small to change is right in the mean, with nothing more to keep.
    Gradients add up in float32 too where torch lets them.
    """

    def __init__(self, make: Callable[[list[Group]], Any], groups: list[Group]) -> None:  # Any: Muon or torch's own
        self._held: dict[int, Tensor] = {}  # the id of a weight in float32 → as it is held
        self.inner = make([{**group, "params": [self._seen(weight) for weight in group["params"]]} for group in groups])
        self._let_go()

    @property
    def param_groups(self) -> list[Group]:
        """The groups, of float32 weights."""
        groups: list[Group] = self.inner.param_groups
        return groups

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Clear all gradients."""
        for weight in self.held():
            if weight.grad is not None:
                weight.grad = None if set_to_none else weight.grad.zero_()

    @torch.no_grad()
    def step(self) -> None:
        """Move every weight that has a gradient."""
        groups = self.inner.param_groups
        try:
            for group in groups:
                whole = [weight for weight in group["params"] if id(weight) not in self._held]
                self._step({**group, "params": whole})
                for weight in group["params"]:
                    if id(weight) in self._held:
                        self._move(weight, self._held[id(weight)], group)
        finally:
            self.inner.param_groups = groups

    def state_dict(self) -> dict[str, Any]:
        """Return what it remembers, float32."""
        state: dict[str, Any] = self.inner.state_dict()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what it remembers."""
        self.inner.load_state_dict(state_dict)

    def _seen(self, weight: Tensor) -> Tensor:
        """Return a weight as the optimiser sees it."""
        if weight.dtype is not torch.bfloat16:
            return weight
        if hasattr(weight, "grad_dtype") and part_here(weight) is weight:  # FSDP2 gives gradients of the weights' type
            weight.grad_dtype = torch.float32
        seen = nn.Parameter(weight.detach().float())
        self._held[id(seen)] = weight
        return seen

    def held(self) -> list[Tensor]:
        """Return the weights as they are held, in the order of the groups."""
        return [self._held.get(id(weight), weight) for group in self.param_groups for weight in group["params"]]

    def _move(self, seen: Tensor, held: Tensor, group: Group) -> None:
        if held.grad is None:
            return
        seen.data, seen.grad = held.float(), held.grad.float()
        self._step({**group, "params": [seen]})
        part_here(held).copy_(rounded_at_random(part_here(seen)))
        seen.data, seen.grad = seen.new_empty(0), None

    def _step(self, group: Group) -> None:
        self.inner.param_groups = [group]
        self.inner.step()

    def _let_go(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                if id(weight) in self._held:
                    weight.data = weight.new_empty(0)


def rounded_at_random(values: Tensor) -> Tensor:
    """Round float32 to bf16, up or down by a draw of torch's generator, so that the mean of many draws is the value."""
    noise = torch.randint(1 << 16, values.shape, dtype=torch.int32, device=values.device)
    bits = values.detach().contiguous().view(torch.int32)
    return ((bits + noise) & -(1 << 16)).view(torch.float32).to(torch.bfloat16)
