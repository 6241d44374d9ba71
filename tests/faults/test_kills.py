"""Trainings that are killed before one of their file operations, or at any moment: they go on to the same bits."""

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.campaign import Case, try_cases
from tests.faults.commands import Command, run
from tests.faults.judge import fault_of, half_written

pytestmark = pytest.mark.faults
_TRAIN = ["train", "recipe.yaml", "evaluation.after=['sts:sts.jsonl']", "--out", "run"]
_BEST = "evaluation.during={suite: ./suite.yaml, every: 2, keep_best_by: own/spearman}"
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_OPERATIONS = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "shutil.rmtree")


def test_a_killed_training_goes_on_to_the_same_bits(base: Path) -> None:
    whole = {}
    for keeps_best in (False, True):
        outcome = run(_words(keeps_best), base, lambda: _kill_before(None, base / "run", base / "counted"))
        assert outcome.code == 0, outcome.err
        whole[keeps_best] = (_state(base / "run"), (base / "counted").read_bytes().count(b"\n"))
        (base / "counted").unlink()
        (base / "run").rename(base / f"unbroken-{keeps_best}")
    try_cases("kills", lambda rng: _case(rng, whole), base)


def _words(keeps_best: bool) -> list[str]:
    return [*_TRAIN, _BEST] if keeps_best else _TRAIN


def _case(rng: random.Random, whole: dict[bool, tuple[object, int]]) -> Case:
    keeps_best = rng.random() < 0.5
    wanted, operations = whole[keeps_best]
    words = _words(keeps_best)
    number = rng.randint(1, operations)
    moment = rng.uniform(0, 1.5) if rng.random() < 0.25 else None  # seconds

    def attempt(folder: Path) -> str | None:
        command = Command(words, folder, None if moment is not None else _killer(number, folder / "run"))
        if moment is not None:
            time.sleep(moment)
            command.kill(random.Random(number).choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        killed = command.wait()
        if "Traceback" in killed.err:
            return fault_of(killed)
        outcome = run([*words, "--resume"], folder)
        if outcome.code and "Without --resume one begins" in outcome.err:
            outcome = run(words, folder)
        fault = fault_of(outcome) or (f"it does not go on: {outcome.said}" if outcome.code else None)
        return fault or _difference(_state(folder / "run"), wanted) or half_written(folder)

    at = f"before its file operation {number}" if moment is None else f"after {moment:.2f} s"
    return Case(f"training killed {at}, {'with' if keeps_best else 'without'} a best model", attempt)


def _killer(number: int, place: Path) -> Callable[[], None]:
    return lambda: _kill_before(number, place, None)


def _kill_before(number: int | None, place: Path, counted: Path | None) -> None:
    """Let this process kill itself before its file operation of a number below a folder, or count them into a file."""
    seen = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal seen
        is_write = event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & _WRITES)
        if not is_write and event not in _OPERATIONS:
            return
        path = arguments[1] if event == "os.rename" else arguments[0]
        if not isinstance(path, str | bytes | os.PathLike) or place not in Path(os.fsdecode(path)).absolute().parents:
            return
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)
        if counted is not None:
            handle = os.open(counted, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(handle, b"\n")
            os.close(handle)

    sys.addaudithook(hook)


def _state(folder: Path) -> dict[str, object]:
    """Return what must not depend on a kill."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    weights = sorted(folder.rglob("*.safetensors"))
    return {
        "the log": [(line["step"], line["loss"], line["readings"]) for line in lines],
        "report.json": (folder / "report.json").read_text(),
        **{str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest() for file in weights},
    }


def _difference(found: dict[str, object], wanted: object) -> str | None:
    assert isinstance(wanted, dict)
    # A run that was asked to stop writes the step that it is at, so another checkpoint than of an unbroken run is kept.
    names = [name for name in {**found, **wanted} if (name in found and name in wanted) or "checkpoints" not in name]
    differing = [name for name in names if found.get(name) != wanted.get(name)]
    return f"differs from the unbroken run: {', '.join(differing)}" if differing else None
