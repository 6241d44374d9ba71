"""Two processes give two towers the gradient that one gives them, even where a rank has no rows."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist
from torch import Tensor

from tests.forks import on_ranks
from tests.tiny import sentence_batch, tiny_towers
from tests.toy import flat_gradient
from textcl.distributed import Ranks, join_ranks
from textcl.objectives.info_nce import InfoNCE
from textcl.training.gradient_cache import Memory
from textcl.training.step import Step
from textcl.training.target import OnlineTarget
from textcl.types.batches import PairBatch
from textcl.types.text import Role

ROWS = (7, 3, 1)  # over two ranks: 4 and 3, 2 and 1, 1 and none


def first_rows(batch: PairBatch, rows: np.ndarray) -> PairBatch:
    views = tuple(
        replace(
            view,
            tokens=replace(
                view.tokens, ids=tuple(view.tokens.ids[row] for row in rows), skipped=view.tokens.skipped[rows]
            ),
            identity=view.identity[rows],
            texts=tuple(view.texts[row] for row in rows),
        )
        for view in batch.views
    )
    return PairBatch(views, batch.rows[rows])


def gradient(rows: int, ranks: Ranks) -> Tensor:
    encoder = tiny_towers(dropout=0.0).double().train()
    own = np.array_split(np.arange(rows), ranks.count)[ranks.rank]
    step = Step(encoder, InfoNCE(temperature=0.1), OnlineTarget(), ranks, seed=3, memory=Memory(30, 60))
    step.backward(first_rows(sentence_batch(encoder, tuple(Role)), own), 1)
    return flat_gradient([encoder])


def _process(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2")
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    ranks = join_ranks()
    torch.save([gradient(rows, ranks) for rows in ROWS], folder / f"rank-{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def gradients(tmp_path_factory: pytest.TempPathFactory) -> list[list[Tensor]]:
    """For each rank the gradient of each number of rows."""
    folder = tmp_path_factory.mktemp("towers")
    on_ranks(_process, folder)
    return [torch.load(folder / f"rank-{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("case", range(len(ROWS)), ids=[f"{rows} rows" for rows in ROWS])
def test_two_ranks_give_both_towers_the_gradient_of_one(gradients: list[list[Tensor]], case: int) -> None:
    alone = gradient(ROWS[case], Ranks())
    assert alone.norm() > 1e-3
    for rank in gradients:
        torch.testing.assert_close(rank[case], alone, rtol=0, atol=1e-10)
