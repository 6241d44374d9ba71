"""Share an encoder's weights out over the processes of a run: each keeps a part, and has a layer whole while it runs.

A part is held of the weights, and so of their gradients, of what the optimiser remembers, and of a moving average. By
torch's `fully_shard` (FSDP2): each layer is gathered before it runs, and let go after it; its gradient is averaged over
the processes, and each keeps its part.

Source:
    Zhao et al. 2023, PyTorch FSDP: Experiences on Scaling Fully Sharded Data Parallel. arXiv:2304.11277
"""

import copy
import ctypes
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import CPUOffloadPolicy, MixedPrecisionPolicy, OffloadPolicy, fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from textcl.distributed import Ranks, wants_shards
from textcl.types.batches import TokenEncoder
from textcl.util.precision import Precision

Model = TypeVar("Model", bound=TokenEncoder)


@dataclass(frozen=True, slots=True)
class ShardSettings:
    """How weights are shared out.

    Args:
        hybrid: Among the processes of each machine, so that every machine holds them whole; else among all.
        reshard_after_forward: Let a layer go after its forward pass, and gather it again for the backward pass.
        offload: Keep the parts in the CPU's memory.
        layers: Names of the classes whose modules are gathered one by one; none: as transformers names them.
        precision: What the encoder multiplies in.
    """

    hybrid: bool = False
    reshard_after_forward: bool = True
    offload: bool = False
    layers: tuple[str, ...] = ()
    precision: Precision = Precision.FLOAT32

    def check(self, encoder: TokenEncoder) -> None:
        """Raise a ValueError, which begins with the setting, where an encoder lacks the layers that are named."""
        for tower in _towers(encoder):
            _layers(tower.get_submodule("backbone"), self.layers)


def settings_of_launch(*, is_hybrid: bool, recomputes: bool, precision: Precision) -> ShardSettings:
    """Return how weights are shared out, with what an `accelerate launch` with FSDP is set to.

    Args:
        is_hybrid: Whether the recipe wants that within machines.
        recomputes: Whether the recipe computes layers anew.
        precision: What the encoder multiplies in.

    Raises:
        ValueError: The launch wants what textcl does not do; says which setting of the recipe takes its place.
    """
    own = ShardSettings(hybrid=is_hybrid, precision=precision)
    if not wants_shards():
        return own
    asked = {name: os.environ.get(f"FSDP_{name}", "") for name in _NOT_DONE}
    refused = [name for name, is_done in _NOT_DONE.items() if not is_done(asked[name].lower())]
    if os.environ.get("FSDP_ACTIVATION_CHECKPOINTING", "").lower() == "true" and not recomputes:
        raise ValueError("recompute: found false, but the launch sets fsdp_activation_checkpointing; set it to true.")
    if refused:
        name = refused[0]
        raise ValueError(
            f"shard: the launch sets fsdp_{name.lower()} to {asked[name]}, and textcl does not do that: it takes "
            "fsdp_version 2, which gathers weights layer by layer (TRANSFORMER_BASED_WRAP). Change it (accelerate "
            "config), or launch without FSDP and set training.shard=full."
        )
    from accelerate import FullyShardedDataParallelPlugin  # reads what the launch is set to

    plugin = FullyShardedDataParallelPlugin()
    return replace(
        own,
        reshard_after_forward=bool(plugin.reshard_after_forward),
        offload=os.environ.get("FSDP_OFFLOAD_PARAMS", "").lower() == "true",
        layers=tuple(plugin.transformer_cls_names_to_wrap or ()),
    )


# Settings of a launch, and whether textcl does what they may be set to.
_NOT_DONE: dict[str, Callable[[str], bool]] = {
    "VERSION": lambda value: value == "2",
    "AUTO_WRAP_POLICY": lambda value: value in ("", "transformer_based_wrap"),
    "ACTIVATION_CHECKPOINTING_OFFLOAD": lambda value: value in ("", "false"),
    "IGNORED_MODULES": lambda value: value in ("", "none"),
}


class Shards(Generic[Model]):
    """An encoder whose weights are shared out; that which it is made of is empty, but for the time of `whole`.

    Args:
        encoder: Equal on every rank. It gives its weights away, and gets them back, as trained, by `release`.
        ranks: Who holds a part.
        settings: How.

    Raises:
        ValueError: The machines have not equally many processes; begins with the setting.
    """

    def __init__(self, encoder: Model, ranks: Ranks, settings: ShardSettings) -> None:
        if ranks.device.type == "cpu":
            _give_memory_back()
        ranks.agree(encoder.state_dict().values())
        self._whole = encoder
        self.encoder = copy.deepcopy(encoder, {id(weight): weight for weight in encoder.parameters()})
        share_out(self.encoder, ranks, settings)
        self._empty()

    @contextmanager
    def whole(self) -> Iterator[Model]:
        """Yield the encoder with all its weights, as they are now; every rank calls it."""
        self._fill()
        try:
            yield self._whole
        finally:
            self._empty()

    def release(self) -> None:
        """Give the encoder all its weights, for good; every rank calls it."""
        for weight in self.encoder.parameters():
            weight.grad = None
        self._fill()

    def _fill(self) -> None:
        held = dict(self.encoder.named_parameters())
        for name, weight in self._whole.named_parameters():
            weight.data = whole_of(held[name]).detach()

    def _empty(self) -> None:
        for weight in self._whole.parameters():
            weight.data = weight.new_zeros(()).expand(weight.shape)  # its form, and no memory


def _give_memory_back() -> None:
    """Let layers that go give their memory back to the system: the C library else keeps blocks below 32 MB."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 1 << 20)


_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD of malloc.h


def share_out(encoder: TokenEncoder, ranks: Ranks, settings: ShardSettings) -> None:
    """Leave each rank its part of an encoder's weights, in place; every rank calls it with equal ones."""
    mesh = _mesh(ranks, settings.hybrid)
    offload = CPUOffloadPolicy() if settings.offload else OffloadPolicy()
    for tower in _towers(encoder):
        inner = _layers(tower.get_submodule("backbone"), settings.layers)
        for module in [*reversed(inner), tower]:  # what stands within another comes first
            fully_shard(
                module,
                mesh=mesh,
                reshard_after_forward=settings.reshard_after_forward,
                mp_policy=_formats(module, settings.precision),
                offload_policy=offload,
            )


def _towers(encoder: TokenEncoder) -> list[nn.Module]:
    return [module for module in encoder.modules() if hasattr(module, "backbone")]


def _mesh(ranks: Ranks, hybrid: bool) -> DeviceMesh:
    device, here = ranks.device.type, int(os.environ.get("LOCAL_WORLD_SIZE", ranks.count))
    if not hybrid or here == ranks.count:
        return init_device_mesh(device, (ranks.count,))
    if ranks.count % here:
        raise ValueError(
            f"shard: found hybrid, but this machine has {here} of {ranks.count} processes: every machine must have "
            "equally many. Set it to full."
        )
    return init_device_mesh(device, (ranks.count // here, here), mesh_dim_names=("machines", "processes"))


def _layers(backbone: nn.Module, names: tuple[str, ...]) -> list[nn.Module]:
    """Return the modules that are gathered one by one, each before those within it."""
    known = names or tuple(getattr(backbone, "_no_split_modules", None) or ())
    found = [module for module in backbone.modules() if type(module).__name__ in known and module is not backbone]
    if names and not found:
        raise ValueError(
            f"shard: this backbone has no layers of the class {' or '.join(names)}, which the launch names; leave "
            "them out of its settings."
        )
    lists = [list(module) for module in backbone.modules() if isinstance(module, nn.ModuleList)]
    return found or max(lists, key=len, default=[])


def _formats(module: nn.Module, precision: Precision) -> MixedPrecisionPolicy:
    """Return what a module's weights are gathered in, and their gradients added up in."""
    held = {weight.dtype for weight in module.parameters() if weight.requires_grad}
    if precision is Precision.FLOAT32 and torch.bfloat16 not in held:
        return MixedPrecisionPolicy(cast_forward_inputs=False)
    chosen = None if precision is Precision.FLOAT32 else precision.dtype
    return MixedPrecisionPolicy(param_dtype=chosen, reduce_dtype=torch.float32, cast_forward_inputs=False)


def is_part(tensor: Tensor) -> bool:
    """Say whether a tensor is shared out over the ranks."""
    return isinstance(tensor, DTensor)


def whole_of(tensor: Tensor) -> Tensor:
    """Return all of a tensor; every rank calls it."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def rows_of_part(tensor: Tensor) -> tuple[int, int]:
    """Return which rows of a tensor lie here: the first, and the one behind the last."""
    mesh = _part(tensor).device_mesh
    parts, own = mesh.size(mesh.ndim - 1), mesh.get_local_rank(mesh.ndim - 1)
    rows = -(-tensor.shape[0] // parts)
    first, last = (min(tensor.shape[0], rows * number) for number in (own, own + 1))
    return first, last


def writes(tensor: Tensor) -> bool:
    """Say whether a checkpoint takes the part of this rank, which others may hold too."""
    mesh = _part(tensor).device_mesh
    return mesh.ndim == 1 or mesh.get_local_rank(0) == 0


def like(rows: Tensor, other: Tensor) -> Tensor:
    """Return a tensor that is shared out as another is, made of the rows that lie here."""
    model = _part(other)
    return DTensor.from_local(
        rows.to(model.device),
        model.device_mesh,
        model.placements,
        run_check=False,
        shape=model.shape,
        stride=model.stride(),
    )


def _part(tensor: Tensor) -> DTensor:
    assert isinstance(tensor, DTensor)
    return tensor


def clip_gradients(parameters: Iterable[nn.Parameter], largest: float) -> float:
    """Scale the gradients down to a norm over all parameters, those that are shared out and those that are not.

    Args:
        parameters: Of all.
        largest: What the norm may be.

    Returns:
        The norm before.
    """
    having = [parameter for parameter in parameters if parameter.grad is not None]
    groups = [[p for p in having if is_part(p) is shared] for shared in (True, False)]
    gradients: list[list[Any]] = [[p.grad for p in group] for group in groups]
    norms = [whole_of(get_total_norm(group)) for group in gradients if group]
    total = torch.stack([norm.float() for norm in norms]).norm() if norms else torch.zeros(())
    for group in groups:
        clip_grads_with_norm_(group, largest, total)
    return float(total)
