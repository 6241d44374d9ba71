"""Domain adaptation of all-MiniLM as a user would do it: unsupervised views, pairs, pairs with mined hard negatives.

Each step is a command of textcl's: `mine` once a domain, by the model that is about to be trained, then `train`.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path

from runner import Runner, children_seconds, run_command, textcl
from trial import MODEL, SEEDS, Trial

PAIRED, MINED = "pairs", "pairs with mined negatives"
UNSUPERVISED = {"unsupervised crops": "crops", "unsupervised crops, SimCLR": "simclr"}
STEPS = {**UNSUPERVISED, PAIRED: "pairs", MINED: "triplets"}  # by their recipes, at their learning rates
SCORES = {"SciFact": "scifact:256", "docstrings": "docstrings"}  # of each domain its own
ELSEWHERE = "stsb-test"  # what is lost on the way
MINING = ("--range", "10:100", "--relative-margin", "0.05", "--negatives", "5")
_TEXTS = {"SciFact": "scifact", "docstrings": "docstrings"}
_KEPT = "training.live_tokens=12288"  # graphs of whole batches: no second forward pass, and the same result
_PAIRS = {
    "SciFact": ("data.batch_size=32", "training.epochs=3", _KEPT),
    "docstrings": ("data.max_length=64", _KEPT),
}
_NEGATIVES = (  # each epoch draws another of the mined ones
    "data.sources.0.negative=negatives",
    "data.views=[{role: anchor}, {role: positive}, {role: negative}]",
)


def domain_trials() -> Iterator[Trial]:
    """Yield the first seed's runs."""
    for domain, own in SCORES.items():
        for step, recipe in STEPS.items():
            changes = ("data.max_length=64",) if step in UNSUPERVISED else _PAIRS[domain]
            changes += _NEGATIVES if step == MINED else ()
            corpus = _TEXTS[domain] if step in UNSUPERVISED else mined_name(domain)
            scores = (own, ELSEWHERE)
            yield Trial("domains", f"{domain}, {step}", "whole", SEEDS[0], recipe, corpus, changes, scores)


def mined_name(domain: str) -> str:
    """Return what trials call the file of a domain's pairs with hard negatives."""
    return f"{domain}-mined"


def mined(runner: Runner, domain: str, rows: int | None) -> Path:
    """Return the domain's pairs with hard negatives; where they are not there yet, mine them.

    Raises:
        FailedError: The command failed.
    """
    out = runner.work / f"{mined_name(domain)}.jsonl"
    if out.exists() and runner.store.has("mining", domain):
        return out
    pairs = runner.data / "retrieval/scifact" if domain == "SciFact" else runner.corpora["docstring-pairs"]
    command = ["mine", str(pairs), "--model", MODEL, "--out", str(out), "--force", *MINING]
    print(f"{time.strftime('%H:%M')} textcl {' '.join(command)}", flush=True)
    begin = children_seconds()
    run_command(textcl(*command), f"mining {domain}")
    lines = out.read_text(encoding="utf-8").splitlines()[:rows]
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")
    runner.store.keep("mining", domain, _summary(lines) | {"core_minutes": round((children_seconds() - begin) / 60, 2)})
    return out


def _summary(lines: list[str]) -> dict[str, float]:
    """Return how many pairs have negatives, and mean cosines with positives and negatives."""
    found = [json.loads(line) for line in lines]
    negatives = [score for row in found for score in row["scores"]]
    positive = sum(row["positive_score"] for row in found) / len(found)
    return {"pairs": len(found), "positive": round(positive, 4), "negative": round(sum(negatives) / len(negatives), 4)}
