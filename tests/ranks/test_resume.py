"""Processes that do not share a disk go on from one step, or not at all."""

import os
import shutil
from pathlib import Path

import pytest
import torch
import torch.distributed as dist

from tests.contracts.objectives import target_of
from tests.forks import on_ranks
from tests.toy import ToyEncoder
from tests.training.test_loop import ToyBatches, make_loop
from textcl.distributed import Ranks, join_ranks
from textcl.errors import TrainingError
from textcl.objectives.info_nce import InfoNCE
from textcl.training.gradient_cache import Memory
from textcl.training.loop import Loop, TrainingSettings
from textcl.training.step import Step


def loop_of(folder: Path, ranks: Ranks) -> Loop:
    encoder, objective = ToyEncoder(), InfoNCE()
    target = target_of(objective, encoder, ranks, Memory(32, 64))
    step = Step(encoder, objective, target, ranks, seed=1, memory=Memory(32, 64))
    return Loop(step, ToyBatches(), TrainingSettings(steps=4, learning_rate=1e-2, save_every=2), folder, [])


def _process(rank: int, meeting: Path, folders: list[Path]) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2")
    dist.init_process_group("gloo", init_method=f"file://{meeting}/meeting", rank=rank, world_size=2)
    try:
        said = f"goes on from {loop_of(folders[rank], join_ranks()).resume()}"
    except TrainingError as error:
        said = str(error)
    (meeting / f"said-{rank}").write_text(said)
    dist.destroy_process_group()


def said(meeting: Path, folders: list[Path]) -> list[str]:
    """What each of two processes says of going on, each in its own folder."""
    meeting.mkdir()
    on_ranks(_process, meeting, folders)
    return [(meeting / f"said-{rank}").read_text() for rank in range(2)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of four steps, with the checkpoints of steps 2 and 4."""
    folder = tmp_path_factory.mktemp("resume") / "trained"
    make_loop(folder, steps=4).run()
    return folder


def test_equal_folders_go_on_from_the_newest_step(trained: Path, tmp_path: Path) -> None:
    shutil.copytree(trained, tmp_path / "copy")
    assert said(tmp_path / "meeting", [trained, tmp_path / "copy"]) == ["goes on from 4"] * 2


@pytest.mark.parametrize("other", ["empty", "older", "of another run"])
def test_different_folders_are_refused_by_every_process(trained: Path, tmp_path: Path, other: str) -> None:
    folder = tmp_path / "other"
    if other == "of another run":
        make_loop(folder, steps=4, learning_rate=3e-2).run()
    elif other == "older":
        shutil.copytree(trained, folder)
        shutil.rmtree(folder / "checkpoints" / "step-4")
    else:
        folder.mkdir()
    steps = {"empty": 0, "older": 2, "of another run": 4}[other]
    for words in said(tmp_path / "meeting", [trained, folder]):
        assert f"(process 0: step 4, process 1: step {steps})" in words
        assert "copy the whole folder" in words
