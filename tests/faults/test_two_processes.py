"""Two processes in one place: each works as if one came after the other, or one says that it may not."""

import json
import random
import time
from pathlib import Path

import pytest

from tests.faults.campaign import Case, try_cases
from tests.faults.commands import Command
from tests.faults.judge import fault_of, half_written

pytestmark = pytest.mark.faults
_STEPS = 8
_TRAIN = ["train", "recipe.yaml", "--out", "run"]
_INDEX = ["index", "model", "texts.txt", "--out", "two-ix"]
_EVALUATE = ["evaluate", "model", "sts:sts.jsonl", "--cache", "cache"]
_PAIRS = {
    "two trainings": (_TRAIN, [*_TRAIN, "seed=3"]),
    "a training, and one that goes on": (_TRAIN, [*_TRAIN, "--resume"]),
    "two indexes": (_INDEX, _INDEX),
    "two indexes of other texts": (_INDEX, ["index", "model", "pairs.jsonl", "--out", "two-ix"]),
    "two evaluations with a cache": (_EVALUATE, _EVALUATE),
    "two reports": (["report", "done"], ["report", "done"]),
}


def test_two_processes_in_one_place_tear_nothing(base: Path) -> None:
    try_cases("together", _case, base)


def _case(rng: random.Random) -> Case:
    name, commands = rng.choice(list(_PAIRS.items()))
    apart = rng.choice([0.0, 0.02, 0.1, 0.3, 0.8])  # seconds

    def attempt(folder: Path) -> str | None:
        first = Command(commands[0], folder)
        time.sleep(apart)
        second = Command(commands[1], folder)
        outcomes = [first.wait(), second.wait()]
        fault = next(filter(None, map(fault_of, outcomes)), None) or half_written(folder)
        if fault is None and all(outcome.code for outcome in outcomes):
            return f"neither came to its end: {outcomes[0].said} | {outcomes[1].said}"
        return fault or (_torn_run(folder / "run") if commands[0] is _TRAIN else None)

    return Case(f"{name}, {apart} s apart", attempt)


def _torn_run(run: Path) -> str | None:
    """Say what of a run folder does not belong together."""
    steps = [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()]
    if steps != list(range(1, _STEPS + 1)):
        return f"the log has the steps {steps}"
    seed = json.loads((run / "run.json").read_text())["seed"]
    if f"seed: {seed}\n" not in (run / "recipe.yaml").read_text():
        return f"run.json says seed {seed}, recipe.yaml another"
    return None
