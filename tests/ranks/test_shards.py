"""Processes that share the weights out train as one does, hold a part each, and read each other's checkpoints."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import nn

from tests.forks import on_ranks
from tests.ranks.test_two_towers import first_rows
from tests.tiny import sentence_batch, tiny_encoder, tiny_towers
from textcl.distributed import Ranks, join_ranks, part_here
from textcl.encoder.adapter import AdapterSettings, Savings, save_memory
from textcl.objectives.byol import BYOL
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.moco import MoCo
from textcl.training.checkpoint import newest_good
from textcl.training.gradient_cache import Memory
from textcl.training.loop import Loop, TrainingSettings
from textcl.training.optimisers import maker_of
from textcl.training.shards import Shards, ShardSettings, share_out
from textcl.training.step import Step
from textcl.training.target import EmaTarget, OnlineTarget
from textcl.types.batches import IntArray, PairBatch
from textcl.types.objective import Objective
from textcl.types.text import Role
from textcl.util.seeds import seeded

STEPS, SAVED, WIDTH = 5, 3, 16
PAIR = (Role.ANCHOR, Role.POSITIVE)


def bert(savings: Savings | None = None, kind: str = "bert") -> nn.Module:
    encoder = tiny_encoder(dropout=0.0, kind=kind)
    if savings is not None:
        with seeded(5):
            encoder.adapter = save_memory(encoder.backbone, savings, None)
    return encoder.double() if savings is None or not savings.half else encoder


SOME_KEPT = Memory(30, 60)


@dataclass(frozen=True)
class Case:
    make: Callable[[], nn.Module] = bert
    objective: Callable[[], Objective] = lambda: InfoNCE(temperature=0.1)
    rows: int = 7
    memory: Memory = SOME_KEPT
    hybrid: bool = False
    optimiser: str = "AdamW"
    atol: float = 1e-7


ADAPTER = Savings(AdapterSettings(rank=2, alpha=4.0))
CASES = {
    "InfoNCE": Case(),
    "nothing kept": Case(memory=Memory(30, 0)),
    "all kept": Case(memory=Memory(30, 10**6)),
    "three rows": Case(rows=3),
    "one row": Case(rows=1),
    "MoCo": Case(objective=lambda: MoCo(WIDTH, momentum=0.5, queue_size=9)),
    "BYOL": Case(objective=lambda: BYOL(WIDTH, hidden=16, projection=4)),
    "two towers": Case(lambda: tiny_towers(dropout=0.0).double()),
    "two towers, one row": Case(lambda: tiny_towers(dropout=0.0).double(), rows=1),
    "adapter": Case(lambda: bert(ADAPTER)),
    "adapter, MoCo": Case(lambda: bert(ADAPTER), lambda: MoCo(WIDTH, momentum=0.5, queue_size=9)),
    "recompute": Case(lambda: bert(Savings(recompute=True))),
    "hybrid": Case(hybrid=True),
    "ModernBERT": Case(lambda: bert(kind="modernbert")),
    "Lion": Case(optimiser="Lion"),
    "Muon": Case(optimiser="Muon", atol=1e-3),  # it multiplies in bf16
}


class Batches:
    """The sentences, shifted by a row each step."""

    def __init__(self, encoder: nn.Module, rows: int) -> None:
        self.whole, self.count = sentence_batch(encoder, PAIR), rows

    def batch(self, step: int, rank: int, ranks: int) -> PairBatch:
        return first_rows(self.whole, np.array_split(self.rows(step), ranks)[rank])

    def rows(self, step: int) -> IntArray:
        return (np.arange(self.count) + step) % 7

    def location(self, row: int) -> str:
        return f"row {row}"


def train(case: Case, ranks: Ranks, folder: Path, resume: bool = False) -> dict[str, object]:
    """Losses, final weights and parts of the weights of a run, from the newest checkpoint in the folder on."""
    from textcl.training import optimisers

    folder.mkdir(exist_ok=True)
    encoder = case.make().train()
    with seeded(2):
        objective = case.objective().double()
    batches = Batches(encoder, case.rows)
    target = OnlineTarget() if objective.momentum is None else None
    if target is None:
        target = EmaTarget(encoder, objective.momentum, ranks, seed=4, memory=case.memory)
    shards = None
    if ranks.count > 1:
        settings = ShardSettings(hybrid=case.hybrid)
        if isinstance(target, EmaTarget):
            share_out(target.encoder, ranks, settings)
        shards = Shards(encoder, ranks, settings)
        if isinstance(target, EmaTarget):
            target.follow(shards.encoder)
    trained = encoder if shards is None else shards.encoder
    step = Step(trained, objective, target, ranks, seed=3, memory=case.memory, is_shared_out=shards is not None)
    make = maker_of(getattr(optimisers, case.optimiser), {}, trained.modules())
    losses: list[float] = []
    chosen = TrainingSettings(
        steps=STEPS, learning_rate=1e-3, save_every=SAVED, keep_checkpoints=5, clip=0.5, optimiser=make
    )
    loop = Loop(step, batches, chosen, folder, [lambda entry: losses.append(entry.loss)])
    held = sum(part_here(weight).numel() for weight in trained.parameters())
    loop.run(loop.resume() if resume else 0)
    if shards is not None:
        shards.release()
    state = {name: tensor.clone() for name, tensor in encoder.state_dict().items()}
    return {"losses": losses, "weights": state, "held": held, "of": sum(w.numel() for w in encoder.parameters())}


def _process(rank: int, names: list[str], count: int, folder: Path, resume: bool) -> None:
    torch.set_num_threads(1)
    here = count // 2 if count == 4 else count  # four processes are two machines
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count), LOCAL_WORLD_SIZE=str(here))
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="29500")  # asked for of several machines; not used
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting-{count}", rank=rank, world_size=count)
    ranks = join_ranks()
    found = {name: train(CASES[name], ranks, folder / name, resume) for name in names}
    torch.save(found, folder / f"found-{count}-{rank}.pt")
    dist.destroy_process_group()


def of_processes(names: list[str], count: int, folder: Path, resume: bool = False) -> list[dict[str, dict]]:
    on_ranks(_process, names, count, folder, resume, count=count)
    return [torch.load(folder / f"found-{count}-{rank}.pt") for rank in range(count)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict]:
    """What one process trains, and where."""
    folder, found = tmp_path_factory.mktemp("alone"), {}

    def of(name: str) -> dict:
        if name not in found:
            found[name] = train(CASES[name], Ranks(), folder / name) | {"folder": folder / name}
        return found[name]

    return of


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What two processes train, all cases, and where."""
    folder = tmp_path_factory.mktemp("two")
    return {"found": of_processes(list(CASES), 2, folder), "folder": folder}


def assert_like(found: dict, alone: dict, atol: float, first: int = 0) -> None:
    np.testing.assert_allclose(found["losses"], alone["losses"][first:], rtol=0, atol=atol)
    for name, weight in alone["weights"].items():
        if name.endswith("key.bias"):  # no vector depends on it, so what moves it is noise
            continue
        torch.testing.assert_close(found["weights"][name], weight, rtol=0, atol=atol)


@pytest.mark.parametrize("name", CASES)
def test_two_processes_that_share_the_weights_train_as_one(two, alone, name: str) -> None:
    for rank in two["found"]:
        assert_like(rank[name], alone(name), CASES[name].atol)
    assert len(alone(name)["losses"]) == STEPS


def test_each_of_two_processes_holds_half_of_the_weights(two) -> None:
    for rank in two["found"]:
        assert abs(rank["InfoNCE"]["held"] / rank["InfoNCE"]["of"] - 0.5) < 0.01
    assert all(rank["hybrid"]["held"] < rank["hybrid"]["of"] for rank in two["found"])


AGAIN = ["InfoNCE", "MoCo", "two towers", "adapter", "adapter, MoCo", "Muon"]


@pytest.mark.parametrize("name", AGAIN)
def test_one_process_goes_on_from_the_checkpoint_of_two(two, alone, tmp_path: Path, name: str) -> None:
    shutil.copytree(two["folder"] / name, tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints" / f"step-{STEPS}")
    assert_like(train(CASES[name], Ranks(), tmp_path / "run", resume=True), alone(name), CASES[name].atol, SAVED)


@pytest.fixture(scope="module")
def three(two, alone, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    """What three processes make of the checkpoints of two, or (InfoNCE) of one."""
    folder = tmp_path_factory.mktemp("three")
    for name in AGAIN:
        shutil.copytree(alone(name)["folder"] if name == "InfoNCE" else two["folder"] / name, folder / name)
        shutil.rmtree(folder / name / "checkpoints" / f"step-{STEPS}")
    return of_processes(AGAIN, 3, folder, resume=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", AGAIN)
def test_three_processes_go_on_from_the_checkpoint_of_two_or_one(three, alone, name: str) -> None:
    for rank in three:
        assert_like(rank[name], alone(name), CASES[name].atol, SAVED)


@pytest.mark.slow
def test_four_processes_on_two_machines_train_as_one(alone, tmp_path: Path) -> None:
    names = ["hybrid", "three rows"]
    for rank in of_processes(names, 4, tmp_path):
        assert_like(rank["hybrid"], alone("hybrid"), 1e-7)
        assert_like(rank["three rows"], alone("three rows"), 1e-7)
        assert abs(rank["hybrid"]["held"] / rank["hybrid"]["of"] - 0.5) < 0.01
        assert abs(rank["three rows"]["held"] / rank["three rows"]["of"] - 0.25) < 0.03


def test_a_checkpoint_without_one_part_is_passed_over(two, tmp_path: Path) -> None:
    shutil.copytree(two["folder"] / "InfoNCE", tmp_path / "run")
    folder = tmp_path / "run" / "checkpoints"
    (folder / f"step-{STEPS}" / "part-1.pt").unlink()
    found = newest_good(folder)
    assert found is not None
    assert found.name == f"step-{SAVED}"
