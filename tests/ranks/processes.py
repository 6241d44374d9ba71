"""What the processes of a test of ranks run; each writes its gradient to a file of its own."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import Tensor

from tests.contracts.objectives import CASES
from tests.toy import ToyEncoder, flat_gradient, share, toy_batch
from textcl.training import Memory, OnlineTarget, Ranks, Step, join_ranks

CHUNKED = Memory(chunk_tokens=16, live_tokens=40)
WHOLE = Memory(10**9, 10**9)  # a norm over the batch needs several rows a chunk


@dataclass(frozen=True)
class Case:
    objective: str
    rows: int = 12
    negatives: int = 0
    mixes_rows: bool = False
    forgets_factor: bool = False


class WithoutFactor(Step):
    """The mistake of many libraries: the gradient of the own rows, not multiplied by the number of ranks."""

    def _own_gradient(self, leaves: Tensor, rows: int) -> Tensor:
        return super()._own_gradient(leaves, rows) / self.ranks.count


def outcome(case: Case, ranks: Ranks) -> dict[str, Tensor]:
    """Loss and gradient of one step on this rank."""
    encoder, objective = ToyEncoder(mixes_rows=case.mixes_rows), CASES[case.objective]()
    memory = WHOLE if case.mixes_rows else CHUNKED
    kind = WithoutFactor if case.forgets_factor else Step
    step = kind(encoder, objective, OnlineTarget(), ranks, seed=3, memory=memory)
    batch = share(toy_batch(case.rows, case.negatives), ranks.rank, ranks.count)
    result = step.backward(batch, number=5)
    gradient = flat_gradient([encoder, objective])
    return {"loss": torch.tensor(result.loss), "tokens": torch.tensor(result.tokens), "gradient": gradient}


def run(cases: list[Case], count: int, folder: Path) -> list[list[dict[str, Tensor]]]:
    """Return the outcome of every case on every rank of `count` gloo processes."""
    mp.spawn(_process, (cases, count, folder), nprocs=count)
    return [torch.load(folder / f"rank-{rank}.pt") for rank in range(count)]


def _process(rank: int, cases: list[Case], count: int, folder: Path) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count), LOCAL_WORLD_SIZE=str(count))
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=count)
    ranks = join_ranks()
    assert (ranks.rank, ranks.count, ranks.is_main) == (rank, count, rank == 0)
    torch.save([outcome(case, ranks) for case in cases], folder / f"rank-{rank}.pt")
    dist.destroy_process_group()
