"""A machine that runs short of disk, of handles or of room in a file: a line says so, nothing half written stays."""

import errno
import os
import random
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.campaign import Case, try_cases
from tests.faults.commands import run
from tests.faults.judge import fault_of, half_written

pytestmark = pytest.mark.faults
_VERBS = {
    "train": ["train", "recipe.yaml", "training.steps=4", "evaluation.after=['sts:sts.jsonl']", "--out", "out/run"],
    "encode": ["encode", "model", "texts.txt", "--out", "out/v.npy"],
    "index": ["index", "model", "texts.txt", "--out", "out/ix"],
    "mine": ["mine", "pairs.jsonl", "--model", "model", "--out", "out/m.jsonl", "--range", "0:20"],
    "clean": ["clean", "pairs.jsonl", "--out", "out/c.jsonl"],
    "init": ["init", "pairs.jsonl", "--out", "out/i.yaml"],
    "evaluate": ["evaluate", "model", "sts:sts.jsonl", "--json", "out/e.json", "--cache", "out/cache"],
    "leaks": ["leaks", "texts.txt", "./suite.yaml", "--json", "out/l.json"],
    "reproduce": ["reproduce", "done", "--out", "out/again"],
}
_TELLS = ("disk", "space", "written", "full", "room", "large", "open files", "read", "made", "used")


def test_a_machine_that_runs_short_is_told_in_a_line(base: Path) -> None:
    try_cases("limits", _case, base)


def _case(rng: random.Random) -> Case:
    verb, words = rng.choice(list(_VERBS.items()))
    limit, before = rng.choice([_full_disk, _small_files, _few_handles])(rng)

    def attempt(folder: Path) -> str | None:
        (folder / "out").mkdir()
        outcome = run(words, folder, before)
        return fault_of(outcome, _TELLS) or half_written(folder)

    return Case(f"{verb}: {limit}", attempt)


def _full_disk(rng: random.Random) -> tuple[str, Callable[[], None]]:
    """Let the disk be full from some point on: whatever is opened for writing then fails."""
    left = rng.randint(0, 60)

    def before() -> None:
        opened = 0

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal opened
            if event != "open" or not isinstance(arguments[2], int) or not arguments[2] & (os.O_WRONLY | os.O_RDWR):
                return
            path = os.fspath(arguments[0]) if isinstance(arguments[0], str | os.PathLike) else ""
            if "out" not in str(path).split("/"):
                return
            opened += 1
            if opened > left:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

        sys.addaudithook(hook)

    return f"a disk that is full after {left} files", before


def _small_files(rng: random.Random) -> tuple[str, Callable[[], None]]:
    size = rng.choice([4096, 10_000, 40_000, 100_000])  # what the command says is a file too
    return f"files of at most {size} bytes", lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def _few_handles(rng: random.Random) -> tuple[str, Callable[[], None]]:
    more = rng.choice([0, 1, 2, 3, 5, 8, 13])

    def before() -> None:
        taken = len(list(Path("/proc/self/fd").iterdir())) - 1
        resource.setrlimit(resource.RLIMIT_NOFILE, (taken + more, taken + more))

    return f"{more} more open files", before
