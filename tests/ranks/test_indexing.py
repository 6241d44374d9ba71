"""Two processes write the index that one writes, file by file."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist

from tests.forks import on_ranks
from tests.tiny import tiny_encoder
from tests.workflows.test_index import TEXTS, Watched
from textcl.files.corpora import Corpus
from textcl.workflows import index as indexing
from textcl.workflows.index import index_corpus


@pytest.mark.slow
def test_two_processes_write_the_index_of_one(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text("\n".join(TEXTS))
    tiny_encoder().save(tmp_path / "model")
    for count in (1, 2):
        (tmp_path / str(count)).mkdir()
        on_ranks(_process, count, tmp_path, count=count)
    one, two = (np.load(tmp_path / f"{count}" / "out" / "index" / "vectors.npy") for count in (1, 2))
    np.testing.assert_array_equal(one, two)
    assert len(one) == len(TEXTS)
    embedded = [int((tmp_path / "2" / f"rank-{rank}").read_text()) for rank in (0, 1)]
    assert embedded == [26, 24]  # shards of 8: 0, 2, 4 and 6 of two rows; 1, 3 and 5


def _process(rank: int, count: int, folder: Path) -> None:
    torch.set_num_threads(1)
    own = folder / str(count)
    if count > 1:
        os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(count), LOCAL_WORLD_SIZE=str(count))
        dist.init_process_group("gloo", init_method=f"file://{own}/meeting", rank=rank, world_size=count)
    indexing.SHARD_ROWS = 8
    embedded = []
    write = indexing.Shards.write
    indexing.Shards.write = lambda self, number, vectors: embedded.append(len(vectors)) or write(self, number, vectors)
    index_corpus(
        str(folder / "model"), Corpus(folder / "corpus.txt"), own / "out",
        factory="exact", train_rows=None, precision="float32", progress=Watched(),
    )  # fmt: skip
    (own / f"rank-{rank}").write_text(str(sum(embedded)))
    if count > 1:
        dist.destroy_process_group()
