"""The table of objectives: every family on the same encoder and texts.

For every family and start STS-B dev chooses the learning rate among a few, after short runs of the first seed and, from
the tuned layers, whole runs with the best two; then the best of six models on the way of each run. All else is the
bundled recipe's.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from corpora import prepare
from objective_page import write_page
from objective_trials import BEST_ON_DEV, FINALISTS, SEARCH, STARTS, all_trials
from runner import FailedError, Runner
from scoring import Scorer
from store import Store
from trial import SEEDS, Trial

CORPORA = ("wiki", "nli", "stsb", "en-de")
DEV = "stsb-dev"


def make(data: Path, work: Path, results: Path, only: Sequence[str], rows: int | None) -> list[str]:
    """Do what is not done yet, and return the names of the runs that failed."""
    store = Store(results / "objectives.json", write_page)
    runner = Runner(data, work, store, prepare(data, work, CORPORA, rows), Scorer(data, rows))
    for start in STARTS:
        for seed in SEEDS if start == "random" else SEEDS[:1]:
            runner.score_start(start, ("sts", "scifact", DEV), seed)
    runner.score_start("whole", ("sts", "sts@128", "sts@64", "scifact", "tatoeba"))
    for trial in all_trials():
        if runner.wants(trial, only):
            try:
                runner.add(trial, _settings(runner, trial) if trial.block == "families" else ())
            except FailedError as error:
                runner.leave_out(trial, error)
    return runner.failed


def _settings(runner: Runner, trial: Trial) -> tuple[str, ...]:
    """Return the changes that STS-B dev chose for a family and a start."""
    finalists = _finalists(runner, trial)
    if len(finalists) > 1:
        first = replace(trial, seed=SEEDS[0])
        of_rate = {rate: _whole_run(runner, first, rate) for rate in finalists}
        finalists.sort(key=lambda rate: -of_rate[rate])
    return _changes(finalists[0])


def _finalists(runner: Runner, trial: Trial) -> list[str]:
    """Return the learning rates that STS-B dev likes best after a short run of the first seed, the best one first."""
    steps, rates = SEARCH[trial.start]
    found: dict[str, float] = {}
    for rate in rates:
        key = f"{trial.name}/{trial.start}/{rate}"
        if not runner.store.has("search", key):
            short = Trial("search", trial.name, trial.start, SEEDS[0], trial.recipe, trial.corpus, trial.changes)
            settings = (f"training.learning_rate={rate}", f"training.steps={steps}", "training.epochs=null")
            runner.store.keep("search", key, runner.scorer(runner.trained(short, settings).model, (DEV,))[DEV])
        found[rate] = runner.store.saved()["search"][key]
    return sorted(rates, key=lambda rate: -found[rate])[: FINALISTS[trial.start]]


def _whole_run(runner: Runner, first: Trial, rate: str) -> float:
    """Return what STS-B dev says of the first seed's whole run at a learning rate; the run is kept for its own row."""
    key = f"{first.name}/{first.start}/{rate}"
    if not runner.store.has("finals", key):
        model = runner.kept(first, _changes(rate)).model
        runner.store.keep("finals", key, runner.scorer(model, (DEV,))[DEV])
    return float(runner.store.saved()["finals"][key])


def _changes(rate: str) -> tuple[str, ...]:
    return (f"training.learning_rate={rate}", BEST_ON_DEV)
