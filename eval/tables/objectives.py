"""The table of objectives: every family on the same encoder and texts.

For every family and start STS-B dev chooses the learning rate among a few, after short runs of the first seed, and then
the best of six models on the way of each run; all else is the bundled recipe's.
"""

from collections.abc import Sequence
from pathlib import Path

from corpora import prepare
from objective_page import write_page
from objective_trials import BEST_ON_DEV, SEARCH, STARTS, all_trials
from runner import FailedError, Runner
from scoring import Scorer
from store import Store
from trial import SEEDS, Trial

CORPORA = ("wiki", "nli", "stsb", "en-de")


def make(data: Path, work: Path, results: Path, only: Sequence[str], rows: int | None) -> list[str]:
    """Do what is not done yet, and return the names of the runs that failed."""
    store = Store(results / "objectives.json", write_page)
    runner = Runner(data, work, store, prepare(data, work, CORPORA, rows), Scorer(data, rows))
    for start in STARTS:
        runner.score_start(start, ("sts", "scifact", "stsb-dev"))
    for trial in all_trials():
        if runner.wants(trial, only):
            try:
                runner.add(trial, (*_rate(runner, trial), BEST_ON_DEV) if trial.block == "families" else ())
            except FailedError as error:
                runner.leave_out(trial, error)
    return runner.failed


def _rate(runner: Runner, trial: Trial) -> tuple[str, ...]:
    """Return the learning rate that STS-B dev likes best after a short run of the first seed, as a change."""
    steps, rates = SEARCH[trial.start]
    for rate in rates:
        key = f"{trial.name}/{trial.start}/{rate}"
        if not runner.store.has("search", key):
            short = Trial("search", trial.name, trial.start, SEEDS[0], trial.recipe, trial.corpus, trial.changes)
            settings = (f"training.learning_rate={rate}", f"training.steps={steps}", "training.epochs=null")
            model = runner.trained(short, settings).model
            runner.store.keep("search", key, runner.scorer(model, ("stsb-dev",))["stsb-dev"])
    search = runner.store.saved()["search"]
    best = max(rates, key=lambda rate: search[f"{trial.name}/{trial.start}/{rate}"])
    return (f"training.learning_rate={best}",)
