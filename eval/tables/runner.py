"""Trains and scores the runs of a table, one after another, each in a process of its own and kept when it is done."""

import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from objective_trials import STARTS
from scoring import Scorer
from store import Store
from trial import LENGTH, MODEL, SEEDS, Trial

from textcl.encoder.opening import build_encoder
from textcl.errors import TextclError
from textcl.util.seeds import derive, seeded


class FailedError(Exception):
    """A command failed; its message is the command's own."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model, and what it cost."""

    model: Path
    alarm: bool  # the collapse alarm spoke
    minutes: float  # by the clock
    core_minutes: float


class Runner:
    """Adds runs to a table.

    Args:
        data: The folder of the shared data sets.
        work: Where runs in progress lie; no two processes share one.
        store: The results.
        corpora: The training files by the names that trials use.
        scorer: Scores models.
    """

    def __init__(self, data: Path, work: Path, store: Store, corpora: dict[str, Path], scorer: Scorer) -> None:
        self.data, self.work, self.store, self.corpora, self.scorer = data, work, store, corpora, scorer
        self.failed: list[str] = []
        self._kept: dict[str, Trained] = {}  # by what was run

    def score_start(self, start: str, wanted: Sequence[str], seed: int = SEEDS[0]) -> None:
        """Score the encoder that runs start from, untrained."""
        key = start if seed == SEEDS[0] else f"{start}/{seed}"
        if not self.store.has("starts", key):
            self.store.keep("starts", key, self.scorer(self._start(start, seed), wanted))

    def wants(self, trial: Trial, only: Sequence[str]) -> bool:
        """Say whether a run is one of those asked for and is not there yet."""
        return all(part in trial.key for part in only) and not self.store.has("runs", trial.key)

    def add(self, trial: Trial, more: tuple[str, ...] = ()) -> None:
        """Train and score a run; one that fails is told and left out, and the table goes on."""
        try:
            trained = self._kept.get(_named(trial, more)) or self.trained(trial, more)
            before = _own_seconds()
            scores = self.scorer(trained.model, trial.scores)
        except (FailedError, TextclError) as error:
            self.leave_out(trial, error)
            return
        result = {"scores": scores, "minutes": round(trained.minutes, 1), "alarm": trained.alarm}
        costs = {"training": trained.core_minutes, "scoring": (_own_seconds() - before) / 60}
        result["core_minutes"] = {what: round(minutes, 2) for what, minutes in costs.items()}
        self.store.keep("runs", trial.key, result | {"changes": [*trial.changes, *more]})

    def kept(self, trial: Trial, more: tuple[str, ...]) -> Trained:
        """Train a run for `add` to score later, if it is asked for in this process.

        Raises:
            FailedError: The trainer failed.
        """
        name = _named(trial, more)
        self._kept[name] = self.trained(trial, more, f"kept-{len(self._kept)}")
        return self._kept[name]

    def leave_out(self, trial: Trial, error: Exception) -> None:
        """Tell why a run failed, and remember that it did."""
        print(f"{trial.key} is left out. {error}", file=sys.stderr, flush=True)
        self.failed.append(trial.key)

    def trained(self, trial: Trial, more: tuple[str, ...], folder: str = "run") -> Trained:
        """Train a run into a folder of the work folder's, in place of what is there.

        Raises:
            FailedError: The trainer failed.
        """
        out = self.work / folder
        shutil.rmtree(out, ignore_errors=True)
        print(f"{time.strftime('%H:%M')} {_named(trial, more)}", flush=True)
        begin, before = time.monotonic(), children_seconds()
        published = run_command(self._command(trial, more, out), "training")
        minutes, cores = (time.monotonic() - begin) / 60, (children_seconds() - before) / 60
        return Trained(out / "model" if trial.recipe else out, "collapsing" in published, minutes, cores)

    def _command(self, trial: Trial, more: tuple[str, ...], out: Path) -> list[str]:
        corpus = str(self.corpora[trial.corpus])
        if trial.recipe is None:
            start = str(self._start(trial.start, trial.seed))
            return [sys.executable, str(Path(__file__).with_name("peer.py")), start, corpus, str(out), str(trial.seed)]
        changes = [
            f"seed={trial.seed}",
            f"data.sources.0.path={corpus}",
            f"encoder.backbone={MODEL}",
            "evaluation.after=[]",
            f"evaluation.data_dir={self.data}",
            *trial.changes,
            *more,
        ]
        return textcl("train", trial.recipe, *changes, "--out", str(out))

    def _start(self, start: str, seed: int) -> Path | str:
        """Return the untrained encoder of a start: all of MiniLM, or a folder that it is saved to."""
        if start not in STARTS:
            return MODEL
        folder = self.work / f"start-{start}"
        with seeded(derive(seed, "encoder")):  # as a run of this seed draws its weights
            encoder = build_encoder(MODEL, layers=4, random_init=start == "random", pooling="mean", max_length=LENGTH)
        encoder.save(folder)
        return folder


def _named(trial: Trial, more: tuple[str, ...]) -> str:
    return f"{trial.key} {' '.join(more)}".strip()


def textcl(*arguments: str) -> list[str]:
    """Return a command of textcl's, to be run by the Python that runs this."""
    return [sys.executable, "-m", "textcl", *arguments]


def run_command(command: Sequence[str], name: str) -> str:
    """Run a command and return what it wrote to its error stream; `name` is what a message calls it.

    Raises:
        FailedError: It failed.
    """
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise FailedError(f"{name} ended with code {done.returncode}:\n{done.stderr}")
    return done.stderr


def children_seconds() -> float:
    """Return the seconds that processes started here have spent on any core."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _own_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
