"""The campaign's own control: verbs that are broken on purpose are judged wrong, and a good one is not."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.faults.campaign import Case, wrong_of
from tests.faults.commands import Outcome, run
from tests.faults.judge import fault_of, steering
from textcl.errors import DataError

pytestmark = pytest.mark.faults


def judged(work: object, folder: Path, limit: float = 60.0) -> str | None:
    return fault_of(run(work, folder, limit=limit), ["mine.yaml"])  # type: ignore[arg-type]


def raises(error: Exception) -> object:
    def verb() -> None:
        raise error

    return verb


@pytest.mark.parametrize(
    ("verb", "fault"),
    [
        (raises(KeyError("anchor")), "traceback: KeyError: 'anchor'"),
        (raises(DataError("something is wrong")), "the error names none of mine.yaml: Error: something is wrong"),
        (raises(SystemExit(3)), "exit code 3 without an error"),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "killed by SIGKILL"),
        (raises(DataError("mine.yaml, line 3: found a 7")), None),
        (lambda: None, None),
    ],
)
def test_a_broken_verb_is_judged_wrong(verb: object, fault: str | None, tmp_path: Path) -> None:
    assert judged(verb, tmp_path) == fault


def test_a_verb_that_never_ends_is_judged_wrong(tmp_path: Path) -> None:
    assert judged(lambda: time.sleep(60), tmp_path, limit=0.5) == "it hangs"


def test_an_attack_that_works_is_judged_wrong() -> None:
    assert fault_of(Outcome(0, "", ""), must_fail=True) == "it worked"
    assert steering(Outcome(0, "a \x1b]0;owned", "")) == "the screen got the control character U+001B"


def test_a_wrong_case_is_reported_with_how_to_repeat_it_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.campaign._numbers", lambda kind: range(2))
    monkeypatch.setattr("tests.faults.campaign.SEED", "5")
    monkeypatch.setattr("tests.faults.campaign.TRIED", {})
    draws = iter([Case("good", lambda folder: None), Case("bad", lambda folder: "it failed")])

    def draw(rng: random.Random) -> Case:
        return next(draws)

    assert wrong_of("recipes", draw, tmp_path) == [
        "recipes:1 bad: it failed\n    alone: FAULTS_SEED=5 FAULTS_ONLY=recipes:1 make faults"
    ]


def test_a_case_follows_from_the_seed_and_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.faults.campaign.TRIED", {})
    monkeypatch.setattr("tests.faults.campaign.SEED", "5")

    def names(numbers: list[int]) -> list[float]:
        drawn: list[float] = []
        monkeypatch.setattr("tests.faults.campaign._numbers", lambda kind: numbers)
        wrong_of("recipes", lambda rng: drawn.append(rng.random()) or Case("", lambda folder: None), tmp_path)
        return drawn

    assert names([0, 1, 2])[2:] == names([2])
