"""What the processes of a test of ranks run; each writes its gradient to a file of its own."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn

from tests.contracts.objectives import CASES, target_of
from tests.forks import on_ranks
from tests.toy import PAIR, ToyEncoder, flat_gradient, share, toy_batch
from textcl.distributed import Ranks, join_ranks
from textcl.training.gradient_cache import Memory
from textcl.training.step import Step
from textcl.types.batches import PairBatch
from textcl.types.text import Role
from textcl.util.seeds import seeded

CHUNKED = Memory(chunk_tokens=16, live_tokens=40)
IN_BLOCKS = Memory(chunk_tokens=16, live_tokens=40, loss_rows=2)
WHOLE = Memory(10**9, 10**9)  # a norm over the batch needs several rows a chunk


@dataclass(frozen=True)
class Case:
    objective: str
    rows: int = 12
    roles: tuple[Role, ...] = PAIR
    mixes_rows: bool = False
    forgets_factor: bool = False
    repeats: bool = False

    @property
    def name(self) -> str:
        """What the case is called in the list of tests."""
        return f"{self.objective}, {self.rows} rows, {'-'.join(self.roles)}{', repeats' * self.repeats}"


class WithoutFactor(Step):
    """The mistake of many libraries: the gradient of the own rows, not multiplied by the number of ranks."""

    def _own_gradient(self, leaves: Tensor, rows: int) -> Tensor:
        return super()._own_gradient(leaves, rows) / self.ranks.count


def outcome(case: Case, ranks: Ranks) -> dict[str, Tensor]:
    """Loss and gradient on this rank of the second of two steps, when weights, queues and averages have moved."""
    encoder = ToyEncoder(mixes_rows=case.mixes_rows)
    with seeded(2):
        objective = CASES[case.objective].make().double()
    chunked = CHUNKED if ranks.count == 1 else IN_BLOCKS
    memory = WHOLE if case.mixes_rows else chunked
    kind = WithoutFactor if case.forgets_factor else Step
    target = target_of(objective, encoder, ranks, memory)
    step = kind(encoder, objective, target, ranks, seed=3, memory=memory)
    for number in (5, 6):
        whole = toy_batch(case.rows, case.roles, seed=number)
        batch = share(repeating(whole) if case.repeats else whole, ranks.rank, ranks.count)
        encoder.zero_grad()
        objective.zero_grad()
        result = step.backward(batch, number)
        gradient = flat_gradient([encoder, objective])
        if not case.forgets_factor:
            descend([encoder, objective])
        target.update()
        objective.after_step(result.batch)
    return {"loss": torch.tensor(result.loss), "tokens": torch.tensor(result.tokens), "gradient": gradient}


def repeating(batch: PairBatch) -> PairBatch:
    """The first and the last row, which stand on two ranks, share their anchor, and a negative with a positive."""
    identity = [view.identity.copy() for view in batch.views]
    identity[0][-1] = identity[0][0]
    if len(identity) > 2:
        identity[2][0] = identity[1][-1]
    views = (replace(view, identity=own) for view, own in zip(batch.views, identity, strict=True))
    return replace(batch, views=tuple(views))


def descend(modules: list[nn.Module]) -> None:
    """Take a step of plain gradient descent."""
    with torch.no_grad():
        for module in modules:
            for parameter in module.parameters():
                if parameter.grad is not None:
                    parameter -= 0.1 * parameter.grad


def run(cases: list[Case], count: int, folder: Path) -> list[list[dict[str, Tensor]]]:
    """Return the outcome of every case on every rank of `count` gloo processes."""
    on_ranks(_process, cases, count, folder, count=count)
    return [torch.load(folder / f"rank-{rank}.pt") for rank in range(count)]


def _process(rank: int, cases: list[Case], count: int, folder: Path) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count), LOCAL_WORLD_SIZE=str(count))
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=count)
    ranks = join_ranks()
    assert (ranks.rank, ranks.count, ranks.is_main) == (rank, count, rank == 0)
    torch.save([outcome(case, ranks) for case in cases], folder / f"rank-{rank}.pt")
    dist.destroy_process_group()
