"""A campaign: cases of a kind, drawn by a seed and a number, until the kind's share of the time is used."""

import os
import random
import shutil
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO

import pytest

SEED = os.environ.get("FAULTS_SEED") or str(random.SystemRandom().randrange(1_000_000))
SECONDS = float(os.environ.get("FAULTS_SECONDS") or 140)  # of all kinds together
_ONLY, _, _NUMBER = os.environ.get("FAULTS_ONLY", "").partition(":")  # kind:number, a case alone
_AT_ONCE = min(os.cpu_count() or 1, 4)  # cases

# How much of the time each kind gets.
SHARES = {
    "recipes": 0.2,
    "data": 0.2,
    "models": 0.2,
    "attacks": 0.1,
    "limits": 0.1,
    "together": 0.08,
    "kills": 0.12,
}
TRIED: dict[str, int] = {}  # cases, by their kind


@dataclass(frozen=True)
class Case:
    """Something that is tried.

    Attributes:
        name: What it is, for a report.
        attempt: Tries it in a folder with copies of the base, and says what is wrong; None: nothing.
    """

    name: str
    attempt: Callable[[Path], str | None]


@dataclass
class _Running:
    number: int
    case: Case
    folder: Path
    pid: int
    verdict: IO[str]


def try_cases(kind: str, draw: Callable[[random.Random], Case], base: Path) -> None:
    """Try cases of a kind, and fail with those that went wrong; the arguments are those of `wrong_of`."""
    wrong = wrong_of(kind, draw, base)
    if wrong:
        pytest.fail("\n".join(wrong), pytrace=False)


def wrong_of(kind: str, draw: Callable[[random.Random], Case], base: Path) -> list[str]:
    """Try cases of a kind, some at once, and return a line for each that went wrong.

    Args:
        kind: One of `SHARES`.
        draw: Makes a case; everything about it follows from the generator.
        base: Whose files each case finds copies of in its folder.
    """
    running: list[_Running] = []
    wrong: list[str] = []
    for number in _numbers(kind):
        while len(running) >= _AT_ONCE:
            wrong += _ended(kind, running)
        running.append(_started(number, draw(random.Random(f"{SEED} {kind} {number}")), base))
        TRIED[kind] = TRIED.get(kind, 0) + 1
    while running:
        wrong += _ended(kind, running)
    return wrong


def _numbers(kind: str) -> Iterator[int]:
    """Yield the numbers of the cases to try: one alone, or as many as there is time for."""
    if _ONLY:
        yield from [int(_NUMBER)] if kind == _ONLY else []
        return
    end = time.monotonic() + SECONDS * SHARES[kind]
    for number in count():
        if time.monotonic() > end:
            return
        yield number


def _started(number: int, case: Case, base: Path) -> _Running:
    folder = Path(tempfile.mkdtemp(prefix="faults-"))
    shutil.copytree(base, folder, dirs_exist_ok=True, symlinks=True)
    verdict = tempfile.TemporaryFile("w+", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    pid = os.fork()
    if not pid:
        try:
            os.setsid()
            verdict.write(case.attempt(folder) or "")
        except BaseException:
            verdict.write(f"the campaign itself failed: {traceback.format_exc()}")
        finally:
            verdict.flush()
            os._exit(0)
    return _Running(number, case, folder, pid, verdict)


def _ended(kind: str, running: list[_Running]) -> Iterator[str]:
    """Wait a little, take away the cases that are over, and yield a line for each that went wrong."""
    time.sleep(0.003)
    for entry in list(running):
        if os.waitpid(entry.pid, os.WNOHANG) == (0, 0):
            continue
        running.remove(entry)
        entry.verdict.seek(0)
        fault = entry.verdict.read()
        entry.verdict.close()
        shutil.rmtree(entry.folder, ignore_errors=True)
        if fault:
            yield (
                f"{kind}:{entry.number} {entry.case.name}: {fault}\n"
                f"    alone: FAULTS_SEED={SEED} FAULTS_ONLY={kind}:{entry.number} make faults"
            )
