"""What the processes of a launch share before the first step: the first pass, and the search for leaked texts."""

import os
from pathlib import Path

import pytest
import torch.distributed as dist
import torch.multiprocessing as mp

from textcl.data.sources import file_rows
from textcl.data.sources.text_files import TextLines
from textcl.distributed import Ranks, join_ranks
from textcl.evaluation.run import TaskTexts
from textcl.evaluation.task import TextPair
from textcl.workflows.leaks import leakage_of_run

LINES = [
    f"the {word} of row {row} is written down here for the test" for row in range(40) for word in ("first", "last")
]
LINES[7] = LINES[71] = "a text that is scored and that stands in two parts of the rows, in the first and in the last"
TASKS = {
    "scored": TaskTexts(
        {
            "texts": (
                LINES[7],
                LINES[60],
                "nobody has written this text, which is scored all the same",
                LINES[7] + " too",
            )
        },
        (TextPair(LINES[7], LINES[60], 1.0),),
    )
}


def test_two_processes_of_a_machine_read_a_file_through_once_and_find_the_leaks_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("\n".join(LINES))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    mp.spawn(_process, (tmp_path,), nprocs=2)
    alone = leakage_of_run(TextLines(str(tmp_path / "a.txt")), TASKS, Ranks())
    assert [copy.location.rpartition(" ")[2] for copy in alone["scored"].parts["texts"].exact] == ["8", "61"]
    assert [len(alone["scored"].parts["texts"].near)] == [1]
    for rank in (0, 1):
        passes, leaks = (tmp_path / f"rank-{rank}").read_text().split("\n", 1)
        assert (passes, leaks) == ("10"[rank], repr(alone))


def _process(rank: int, folder: Path) -> None:
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2")
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    passes, indexed = [], file_rows._indexed
    file_rows._indexed = lambda *arguments: passes.append(1) or indexed(*arguments)
    file_rows.LARGE = 100
    ranks = join_ranks()
    source = ranks.first_on_machine(lambda: TextLines(str(folder / "a.txt")))
    (folder / f"rank-{rank}").write_text(f"{len(passes)}\n{leakage_of_run(source, TASKS, ranks)!r}")
    dist.destroy_process_group()
