"""What one process does for all may take longer than the time-out of the launch; a plain collective may not."""

import os
import time
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist

from tests.forks import on_ranks
from textcl.distributed import join_ranks

TIME_OUT, WORK = timedelta(seconds=1), 1.8


def _process(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2")
    store = dist.FileStore(f"{folder}/meeting", 2)
    dist.init_process_group("gloo", store=store, rank=rank, world_size=2, timeout=TIME_OUT)
    ranks = join_ranks()
    said = []
    for wait in (
        lambda: ranks.together(lambda: time.sleep(WORK) if ranks.is_main else None),
        lambda: (time.sleep(WORK * ranks.is_main), ranks.wait()),
        lambda: (time.sleep(WORK * ranks.is_main), ranks.agree([torch.zeros(2)])),
        lambda: (time.sleep(WORK * ranks.is_main), ranks.gather(torch.zeros(2))),
        lambda: (time.sleep(WORK * ranks.is_main), ranks.any(False)),
        lambda: (time.sleep(WORK * ranks.is_main), dist.all_reduce(torch.zeros(2))),
    ):
        try:
            wait()
            said.append("waited")
        except RuntimeError:
            said.append("gave up")
    (folder / f"said-{rank}").write_text(", ".join(said))


def test_processes_wait_for_the_work_of_one_past_the_time_out_of_the_launch(tmp_path: Path) -> None:
    on_ranks(_process, tmp_path)
    assert (tmp_path / "said-1").read_text() == "waited, waited, waited, waited, waited, gave up"
