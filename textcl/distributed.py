"""The processes of a run, and all that they say to each other: the one file that speaks to `torch.distributed`."""

import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import TypeVar, cast

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn

from textcl.errors import ElsewhereError

Result = TypeVar("Result")
_SMALL = 2**18  # numbers of a tensor that is copied into a message with others
_LAUNCHED = ("LOCAL_RANK", "PMI_SIZE", "OMPI_COMM_WORLD_SIZE", "MV2_COMM_WORLD_SIZE")  # of processes that are several
_YES = ("1", "true", "yes")
_NOTHING = torch.zeros(0, dtype=torch.uint8)
_PATIENCE = timedelta(days=30)  # with what one process does for all, such as the search for leaked texts
_WORD, _PAUSE = 60.0, 0.001  # seconds of waiting before a word of it, and between two looks at the most

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among the processes of a run. Every method is called by all of them, in the same order."""

    rank: int = 0
    count: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    local_rank: int = 0  # among those of this machine
    local_count: int = 1

    @property
    def is_main(self) -> bool:
        """Whether this process writes the log, the checkpoints and the report."""
        return self.rank == 0

    def gather(self, rows: Tensor) -> Tensor:
        """Join the rows of all ranks, in the order of ranks; shares may be unequal or empty. No gradient flows.

        Args:
            rows: This rank's rows, (b, ...).

        Returns:
            The rows of all ranks, (B, ...).
        """
        if self.count == 1:
            return rows.detach()
        sizes = self._sizes(len(rows))
        padded = rows.new_zeros((max(sizes), *rows.shape[1:]))
        padded[: len(rows)] = rows.detach()
        shares = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(shares, padded)
        return torch.cat([share[:size] for share, size in zip(shares, sizes, strict=True)])

    def offset(self, rows: int) -> int:
        """Return where this rank's rows start among the rows of all ranks."""
        return 0 if self.count == 1 else sum(self._sizes(rows)[: self.rank])

    def sum(self, values: Sequence[float]) -> list[float]:
        """Add each value up over the ranks."""
        if self.count == 1:
            return list(values)
        total = torch.tensor(values, dtype=torch.float64)
        self._wait_and_add(total)
        return [float(value) for value in total]

    def numbers(self, number: int) -> list[int]:
        """Return the number of each rank, in the order of ranks."""
        return [number] if self.count == 1 else self._sizes(number)

    def first(self, text: str) -> str:
        """Return the text of rank 0."""
        if self.count == 1:
            return text
        said = torch.from_numpy(np.frombuffer(text.encode(), dtype=np.uint8).copy()) if self.is_main else _NOTHING
        return bytes(self.gather(said.to(self.device)).cpu().numpy()).decode()

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over the ranks; small ones of a number format in one message."""
        if self.count == 1:
            return
        small = [tensor for tensor in tensors if tensor.numel() <= _SMALL]
        for dtype in dict.fromkeys(tensor.dtype for tensor in small):
            group = [tensor for tensor in small if tensor.dtype == dtype]
            flat = torch.cat([tensor.reshape(-1) for tensor in group])
            dist.all_reduce(flat)
            for tensor, part in zip(group, flat.split([tensor.numel() for tensor in group]), strict=True):
                tensor.copy_(part.view_as(tensor))
        for tensor in tensors:
            if tensor.numel() > _SMALL:
                dist.all_reduce(tensor)

    def each(self, own: Result) -> list[Result]:
        """Return what each rank has, in the order of ranks; it is pickled on its way."""
        if self.count == 1:
            return [own]
        self.wait()
        found: list[Result] = [own] * self.count
        dist.all_gather_object(found, own, group=_patient_group())
        return found

    def any(self, flag: bool) -> bool:
        """Say whether the flag is up on any rank, so that all ranks act on it in the same step."""
        return self.sum([float(flag)])[0] > 0

    def together(self, work: Callable[[], Result]) -> Result:
        """Do this rank's part of some work; where it fails on one rank, it fails on all, so that none waits for ever.

        The work itself must not talk to other ranks.

        Raises:
            ElsewhereError: It failed on a lower rank, or on another while it went well here. The lowest rank that
                failed raises its own error.
        """
        if self.count == 1:
            return work()
        failure: Exception | None = None
        try:
            result = work()
        except Exception as error:
            failure = error
        failed = [rank for rank, has_failed in enumerate(self._sizes(int(failure is not None))) if has_failed]
        if not failed:
            return result
        if failure is not None and failed[0] == self.rank:
            raise failure
        raise ElsewhereError(f"Process {failed[0]} of this launch failed, and its own message says why.") from failure

    def first_on_machine(self, work: Callable[[], Result]) -> Result:
        """Do the same work on the first rank of each machine, then on the others, which find what that has kept.

        The work itself must not talk to other ranks. Raises as `together` does.
        """
        is_first = self.local_rank == 0
        first = self.together(lambda: work() if is_first else None)
        later = self.together(lambda: None if is_first else work())
        return cast("Result", first if is_first else later)  # of the one that was done

    def average_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by its mean over the ranks, one message for all of them.

        A parameter that has a gradient on some ranks only counts as zero on the others.
        """
        if self.count == 1:
            return
        trained = [parameter for parameter in parameters if parameter.requires_grad]
        has_gradient = torch.tensor([parameter.grad is not None for parameter in trained], device=self.device).int()
        dist.all_reduce(has_gradient, op=dist.ReduceOp.MAX)
        used = [parameter for parameter, used in zip(trained, has_gradient.tolist(), strict=True) if used]
        for dtype in dict.fromkeys(parameter.dtype for parameter in used):
            self._average([parameter for parameter in used if parameter.dtype == dtype])

    def agree(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite tensors by those of rank 0, so that all ranks start from the same numbers."""
        if self.count > 1:
            self.wait()
            for tensor in tensors:
                dist.broadcast(tensor.detach(), src=0)

    def wait(self) -> None:
        """Wait until every rank is here, however long that takes."""
        if self.count > 1:
            self._wait_and_add(torch.zeros(1))

    def _sizes(self, rows: int) -> list[int]:
        sizes = torch.zeros(self.count, dtype=torch.int64)
        sizes[self.rank] = rows
        self._wait_and_add(sizes)
        return [int(size) for size in sizes]

    def _wait_and_add(self, numbers: Tensor) -> None:
        """Add a few numbers up over the ranks, past any time-out of the launch: what one is at may take hours."""
        started, pause, is_said = time.monotonic(), 0.0, False
        adding = dist.all_reduce(numbers, group=_patient_group(), async_op=True)
        while not adding.is_completed():
            time.sleep(pause)
            pause = min(_PAUSE, pause + _PAUSE / 100)
            if not is_said and time.monotonic() - started > _WORD:
                _log.warning("Process %d has waited a minute for another of this launch, and waits on.", self.rank)
                is_said = True
        adding.wait()

    def _average(self, parameters: list[nn.Parameter]) -> None:
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        parts = flat.split([gradient.numel() for gradient in gradients])
        for parameter, part in zip(parameters, parts, strict=True):
            parameter.grad = part.view_as(parameter)


def part_here(tensor: Tensor) -> Tensor:
    """Return the part of a tensor that lies here: all of it, unless the ranks share it out."""
    part: Callable[[], Tensor] | None = getattr(tensor, "to_local", None)
    return tensor if part is None else part()


def wants_shards() -> bool:
    """Say whether the launch is set to share weights out (FSDP of `accelerate launch`)."""
    return os.environ.get("ACCELERATE_USE_FSDP", "").lower() in _YES


def join_ranks() -> Ranks:
    """Join the processes that `accelerate launch` or `torchrun` started; alone, return a single rank.

    Accelerate chooses the device. It uses NCCL on CUDA devices and gloo on CPUs.
    """
    from accelerate import PartialState  # slow to import, and needed by runs only

    state = PartialState(cpu=_is_for_cpus())
    if state.num_processes > 1:
        _patient_group()
    here = int(os.environ.get("LOCAL_WORLD_SIZE", state.num_processes))
    return Ranks(state.process_index, state.num_processes, state.device, state.local_process_index, here)


def _is_for_cpus() -> bool:
    """Say whether a launch works on CPUs: it is set to, no GPU is there, or it has several processes on Apple's."""
    if os.environ.get("ACCELERATE_USE_CPU", "").lower() in _YES:
        return True
    if torch.cuda.is_available():
        return False
    return not torch.backends.mps.is_available() or any(name in os.environ for name in _LAUNCHED)


@cache
def _patient_group() -> dist.ProcessGroup | None:
    """Return the group of all ranks in which they wait for each other; all of them make it, at the start."""
    group: dist.ProcessGroup | None = dist.new_group(backend="gloo", timeout=_PATIENCE)
    return group
