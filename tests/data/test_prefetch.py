"""Batches from workers are those that are made here, in order; what goes wrong in a worker is told."""

import multiprocessing
import os
import pickle
import random
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.data.sources import Rows, anchors
from tests.data.test_batches import CROPS, content
from tests.data.tokens import tokenize
from tests.forks import started
from tests.tiny import SENTENCES, masked_language_model, tiny_encoder
from textcl.augment import MaskedSubstitution
from textcl.augment.cutoff import TokenCutoff
from textcl.data.batches import Batches
from textcl.data.sources.text_files import TextLines
from textcl.data.views import ViewSpec
from textcl.data.workers import Ahead, leaving_cores, made_ahead, usual_workers
from textcl.errors import DataError, TrainingError
from textcl.types.text import Example, Role

NEGATIVES = Rows(
    *(Example(0, f"an anchor {row}", (f"p {row}", f"q {row}"), (f"n {row}",), row / 7) for row in range(23))
)
TRIPLETS = (*CROPS, ViewSpec(Role.NEGATIVE, input=(TokenCutoff(0.5),)))


def crops(rows: int = 23) -> Batches:
    return Batches(anchors(rows), CROPS, tokenize, 5, seed=3)


@pytest.fixture
def opened() -> Iterator[list[Ahead]]:
    made: list[Ahead] = []
    yield made
    for ahead in made:
        ahead.close()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_workers_make_the_batches_of_this_process_in_their_order(workers: int) -> None:
    made = Batches(NEGATIVES, TRIPLETS, tokenize, 5, seed=3)
    steps = range(3, 2 * made.steps_per_epoch + 1)  # from the middle of an epoch into the third
    with made_ahead(made, workers) as ahead:
        found = [ahead.batch(step, 1, 3) for step in steps]
    for step, batch in zip(steps, found, strict=True):
        expected = made.batch(step, 1, 3)
        assert content(batch) == content(expected)
        for view, wanted in zip(batch.views, expected.views, strict=True):
            assert (view.texts, view.role, view.tokens.pad_id) == (wanted.texts, wanted.role, wanted.tokens.pad_id)
            assert view.tokens.skipped.tolist() == wanted.tokens.skipped.tolist()
            assert np.array_equal(view.tokens.lengths, wanted.tokens.lengths)


def test_steps_in_any_order_are_the_same_batches() -> None:
    made = crops()
    request = [(4, 0, 1), (5, 0, 1), (2, 0, 1), (2, 0, 1), (3, 1, 2), (4, 1, 2), (5, 0, 2)]
    with made_ahead(made, 2) as ahead:
        assert [content(ahead.batch(*share)) for share in request] == [content(made.batch(*share)) for share in request]
        assert ahead.rows(7).tolist() == made.rows(7).tolist()
        assert ahead.location(7) == made.location(7)


def test_an_empty_share_comes_through() -> None:
    made = Batches(anchors(4), CROPS, tokenize, 2, seed=3)
    with made_ahead(made, 1) as ahead:
        assert [len(view.tokens) for view in ahead.batch(0, 2, 3).views] == [0, 0]


def test_a_faulty_row_is_told_at_its_step_as_it_is_told_without_workers() -> None:
    examples = [Example(0, f"text {row}", ("other",), score=None if row == 9 else 1.0) for row in range(20)]
    made = Batches(Rows(*examples), CROPS, tokenize, 2, seed=3)
    faulty = next(step for step in range(10) if 9 in made.rows(step))
    assert faulty > 1
    with made_ahead(made, 2) as ahead:
        for step in range(faulty):
            ahead.batch(step)
        with pytest.raises(DataError, match=r"^rows, row 9: found no score, but rows, row 0 has one"):
            ahead.batch(faulty)
        assert content(ahead.batch(faulty + 1)) == content(made.batch(faulty + 1))


class OwnError(Exception):
    """Can be pickled, but not unpickled: it asks for more than it passes on."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)


class Fails:
    def __call__(self, text: str, rng: random.Random) -> str:
        raise OwnError("an error of one's own", text)


def test_an_error_that_can_not_be_sent_is_told_and_not_taken_for_a_death() -> None:
    made = Batches(anchors(8), (CROPS[0], ViewSpec(Role.POSITIVE, (Fails(),))), tokenize, 4, seed=3)
    with made_ahead(made, 1) as ahead, pytest.raises(RuntimeError, match="OwnError: an error of one's own") as told:
        ahead.batch(0)
    assert "in __call__" in str(told.value.__cause__)


def test_a_worker_that_is_killed_is_told(opened: list[Ahead]) -> None:
    ahead = Ahead(crops(), 2)
    opened.append(ahead)
    ahead.batch(0)
    os.kill(children()[0], signal.SIGKILL)
    with pytest.raises(TrainingError, match=r"worker process .* died; .* With data\.workers=0"):
        take(ahead, count(1))  # it is found out when the other has nothing to hand over


def test_no_worker_is_left_in_the_end_whatever_ends_it() -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupt(made_ahead(crops(), 2))
    assert children() == []


def test_workers_stay_deaf_to_ctrl_c_and_heed_sigterm(opened: list[Ahead]) -> None:
    before = signal.signal(signal.SIGTERM, lambda number, frame: None)  # as a run has it
    try:
        ahead = Ahead(crops(), 1)
        opened.append(ahead)
        ahead.batch(0)
        (worker,) = children()
        os.kill(worker, signal.SIGINT)
        assert [len(ahead.batch(step).rows) for step in range(1, 4)] == [5, 5, 5]
        os.kill(worker, signal.SIGTERM)
        with pytest.raises(TrainingError, match="died"):
            take(ahead, count(4))
    finally:
        signal.signal(signal.SIGTERM, before)


class Counting:
    """Counts the texts that it sees, over all processes."""

    def __init__(self) -> None:
        self.seen: Synchronized[int] = multiprocessing.get_context("fork").Value("i", 0)

    def __call__(self, text: str, rng: random.Random) -> str:
        with self.seen.get_lock():
            self.seen.value += 1
        return text


def test_workers_run_ahead_but_not_far(opened: list[Ahead]) -> None:
    counting = Counting()
    ahead = Ahead(Batches(anchors(400), (CROPS[0], ViewSpec(Role.POSITIVE, (counting,))), tokenize, 4, seed=3), 2)
    opened.append(ahead)
    ahead.batch(0)
    deadline = time.monotonic() + 20
    while counting.seen.value < 5 * 4:  # the step's own, and two for each worker
        assert time.monotonic() < deadline, "the workers do not run ahead"
        time.sleep(0.01)
    time.sleep(0.2)
    assert counting.seen.value == 5 * 4


def test_what_a_spawned_worker_is_sent_makes_the_same_batches(tmp_path: Path) -> None:
    (tmp_path / "lines.txt").write_text("a man plays the guitar\ntwo dogs run\nfish\nthe old woman reads\n")
    made = Batches(TextLines(str(tmp_path / "lines.txt")), TRIPLETS[:2], tiny_encoder().tokenize, 2, seed=3)
    sent = pickle.loads(pickle.dumps(made))  # noqa: S301 (our own bytes)
    assert [content(sent.batch(step)) for step in range(4)] == [content(made.batch(step)) for step in range(4)]


def test_spawned_workers_make_the_same_batches(opened: list[Ahead]) -> None:
    ahead = Ahead(crops(), 1, "spawn")
    opened.append(ahead)
    assert [content(ahead.batch(step)) for step in range(3)] == [content(crops().batch(step)) for step in range(3)]


def fork_beside_threads(folder: Path) -> None:
    torch.set_num_threads(2)
    encoder = tiny_encoder()
    encoder.encode(SENTENCES * 50)  # its threads, and those of its tokenizer, run from here on
    torch.rand(500, 500) @ torch.rand(500, 500)
    change = MaskedSubstitution(masked_language_model(folder), rate=0.5)
    views = (ViewSpec(Role.ANCHOR), ViewSpec(Role.POSITIVE, (change,)))
    made = Batches(Rows(*(Example(0, text) for text in SENTENCES)), views, encoder.tokenize, 7, seed=3)
    change(SENTENCES[1], random.Random(1))  # here too it has run before the workers are there
    with made_ahead(made, 2) as ahead:
        texts = [ahead.batch(step).views[1].texts for step in range(4)]
    assert texts == [made.batch(step).views[1].texts for step in range(4)]


def test_forked_workers_do_without_the_threads_of_torch_and_of_tokenizers(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TOKENIZERS_PARALLELISM"}
    process = started(fork_beside_threads, tmp_path / "masked", output=tmp_path / "said", environment=environment)
    process.join(120)
    said = (tmp_path / "said").read_text()
    assert process.exitcode == 0, said
    assert "forked" not in said


@pytest.mark.parametrize(
    ("cores", "ranks", "workers"), [(1, 1, 1), (2, 1, 1), (4, 1, 3), (64, 1, 4), (64, 8, 4), (8, 4, 1)]
)
def test_the_usual_workers_are_the_cores_to_spare(
    cores: int, ranks: int, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("textcl.data.workers.cores", lambda: cores)
    assert usual_workers(ranks) == workers
    assert usual_workers(ranks, spared=0) == min(4, max(1, cores // ranks))


def test_torch_computes_on_half_of_its_threads_beside_workers_and_on_all_of_them_afterwards() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with leaving_cores():
            taken = torch.get_num_threads()
        assert (taken, torch.get_num_threads()) == (1, 3)
    finally:
        torch.set_num_threads(before)


def take(ahead: Ahead, steps: Iterable[int]) -> None:
    for step in steps:
        ahead.batch(step)


def interrupt(opening: AbstractContextManager[Batches | Ahead]) -> None:
    with opening as ahead:
        ahead.batch(0)
        assert len(children()) == 2
        raise KeyboardInterrupt


def children() -> list[int]:
    return [process.pid for process in multiprocessing.active_children() if process.pid is not None]
