"""The table of augmentations: one recipe on the same sentences with other views, and domain adaptation.

Of the combinations all have a run of the first seed, and the one that STS-B dev likes best has the other seeds too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from augmentation_page import write_page
from augmentation_rows import COMBINATIONS, PLAIN, SCORES, VIEWS, best_combination, row_trial
from back_translation import absent, translated
from changed import changed_share
from corpora import prepare
from domains import ELSEWHERE, domain_trials, mined, mined_name
from domains import SCORES as DOMAIN_SCORES
from masked_model import masked_model
from runner import FailedError, Runner
from scoring import Scorer
from store import Store
from trial import SEEDS, Trial

from textcl.augment.synonyms import Synonyms
from textcl.errors import TextclError

CORPORA = ("wiki", "scifact", "docstring-pairs", "docstrings")
LEAST_CHANGED = 1.0  # percent of the rows; views that change fewer are dropout alone


def make(data: Path, work: Path, results: Path, only: Sequence[str], rows: int | None) -> list[str]:
    """Do what is not done yet, and return the names of the runs that failed."""
    store = Store(results / "augmentations.json", write_page)
    runner = Runner(data, work, store, prepare(data, work, CORPORA, rows), Scorer(data, rows))
    runner.score_start("tuned", SCORES)
    runner.score_start("whole", (*DOMAIN_SCORES.values(), ELSEWHERE))
    for seed in SEEDS:
        for trial in _of_seed(runner, seed):
            if runner.wants(trial, only) and _is_ready(runner, trial, rows):
                runner.add(trial)
    return runner.failed


def _of_seed(runner: Runner, seed: int) -> Iterator[Trial]:
    """Yield the runs of a seed in their order; which combination it has is known when its turn comes."""
    for name in VIEWS:
        yield replace(row_trial(name, runner.work), seed=seed)
    for trial in domain_trials():
        yield replace(trial, seed=seed)
    names = list(COMBINATIONS)
    if seed != SEEDS[0]:
        best = best_combination(runner.store.saved())
        names = [] if best is None else [best]
        if best is None:
            print(f"Seed {seed} has no combination yet: not all of seed {SEEDS[0]} are there. Call again.", flush=True)
    for name in names:
        yield replace(row_trial(name, runner.work), seed=seed)


def _is_ready(runner: Runner, trial: Trial, rows: int | None) -> bool:
    """Make what a run rests on, and say whether it can be run and differs from dropout alone."""
    try:
        if trial.block == "domains":
            for domain in DOMAIN_SCORES:
                if trial.corpus == mined_name(domain):
                    runner.corpora[trial.corpus] = mined(runner, domain, rows)
            return True
        reason = _absence(trial)
        if not reason and trial.wants == "apertium":
            translated(runner.corpora["wiki"], runner.work, runner.store)
        if trial.wants == "masked model":
            masked_model(runner, rows)
        reason = reason or _likeness(runner, trial)
    except (FailedError, TextclError) as error:
        runner.leave_out(trial, error)
        return False
    if runner.store.saved().get("left_out", {}).get(trial.name, "") != reason:
        runner.store.keep("left_out", trial.name, reason)
    return not reason


def _absence(trial: Trial) -> str:
    """Return what a run lacks here; empty: nothing."""
    if trial.wants == "apertium":
        return absent()
    try:
        if trial.wants == "wordnet":
            Synonyms()
    except TextclError as error:
        return str(error)
    return ""


def _likeness(runner: Runner, trial: Trial) -> str:
    """Return why a run would be that of dropout alone; empty: it would not."""
    if not runner.store.has("changed", trial.name):
        runner.store.keep("changed", trial.name, round(changed_share(runner, trial), 2))
    share = runner.store.saved()["changed"][trial.name]
    if trial.name == PLAIN or share >= LEAST_CHANGED:
        return ""
    return f"it changes {share} % of the rows as this encoder reads them, so it is dropout alone"
