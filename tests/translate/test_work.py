"""Batches in several processes, killed and gone on with."""

import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.forks import METHOD, started
from tests.translate.stand_ins import Plain, dying, plain, slow, stuck
from textcl.errors import ModelError, TextclError
from textcl.translate.engine import Decoding, Engine
from textcl.translate.round_trip import Route
from textcl.translate.work import Work, translated
from textcl.util.processes import open_pool
from textcl.workflows.back_translate import open_engine

DRAWN = Decoding(temperature=0.7)
LOTS = [[f"text {4 * batch + number}" for number in range(4)] for batch in range(8)]


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that have everything imported."""
    monkeypatch.setattr("textcl.translate.work.open_pool", lambda count, _, *begin: open_pool(count, METHOD, *begin))


def work(folder: Path, opening: Callable[[], Engine]) -> Work:
    return Work(opening, folder / "cache.sqlite", (Route("de"), Route("de", 1), Route("fr")), "en", DRAWN, 17)


def texts_of(request: Work, workers: int) -> list[list[list[str | None]]]:
    return [[[trip.text for trip in own] for own in trips] for _, trips in translated(request, LOTS, workers)]


def test_two_workers_give_what_one_process_gives(tmp_path: Path) -> None:
    one = texts_of(work(tmp_path / "one", plain), 1)
    assert [batch for batch, _ in translated(work(tmp_path / "one", plain), LOTS, 1)] == LOTS
    assert texts_of(work(tmp_path / "two", plain), 2) == one
    assert len(one) == 8
    assert len(set(one[0][0])) == 3


@pytest.mark.usefixtures("forks")
def test_an_error_of_a_worker_comes_out_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="needs a converted model"):
        texts_of(work(tmp_path, partial(open_engine, "ctranslate2")), 2)


@pytest.mark.usefixtures("forks")
def test_a_worker_that_dies_is_told(tmp_path: Path) -> None:
    with pytest.raises(TextclError, match=r"A worker process died; .* the same command goes on"):
        texts_of(work(tmp_path, dying), 2)


def translate_slowly(folder: Path, workers: int) -> None:
    for _ in translated(work(folder, partial(slow, str(folder))), LOTS, workers):
        (folder / "batch").touch()


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_killed_run_goes_on_and_ends_like_one_that_was_not_killed(tmp_path: Path, workers: int) -> None:
    process = started(translate_slowly, tmp_path, workers, output=tmp_path / "said", environment=os.environ)
    while not (tmp_path / "batch").exists():
        assert process.is_alive(), (tmp_path / "said").read_text()
        time.sleep(0.05)
    process.kill()
    process.join()
    _wait_until_gone([int(file.stem) for file in tmp_path.glob("*.pid")])
    engine = Plain()
    found = texts_of(work(tmp_path, lambda: engine), 1)
    assert found == texts_of(work(tmp_path / "fresh", plain), 1)
    assert 0 < sum(map(len, engine.calls)) < 32 * 6  # texts and legs: some were kept, some were left


@pytest.mark.usefixtures("forks")
@pytest.mark.parametrize("stop", [KeyboardInterrupt, None])
def test_stopping_does_not_wait_for_what_the_workers_are_at(tmp_path: Path, stop: type[BaseException] | None) -> None:
    batches = translated(work(tmp_path, partial(stuck, str(tmp_path))), LOTS, 2)
    next(batches)
    begun = time.monotonic()
    if stop is None:
        batches.close()
    else:
        with pytest.raises(stop):
            batches.throw(stop)
    _wait_until_gone([int(file.stem) for file in tmp_path.glob("*.pid")])
    assert time.monotonic() - begun < 60  # one batch takes 120 and more
    engine = Plain()
    assert [text for batch, _ in translated(work(tmp_path, lambda: engine), LOTS[:1]) for text in batch] == LOTS[0]
    assert engine.calls == []  # what was done is in the cache


def _wait_until_gone(processes: list[int]) -> None:
    assert processes
    deadline = time.monotonic() + 20
    while any(_runs(process) for process in processes):
        assert time.monotonic() < deadline, "a worker outlives the run that was killed"
        time.sleep(0.05)


def _runs(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
