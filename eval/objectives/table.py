"""The table of objectives: every family on the same encoder and texts. Stop it when you like; it goes on where it was.

Each finished run is kept in eval/results/objectives.json, and eval/results/objectives.md is written anew after each.
For every family and start STS-B dev chooses the learning rate among a few, after short runs of the first seed; all else
is the bundled recipe's. Hours on two CPU cores; several of these may run side by side, each with a --work of its own.

Run: python eval/objectives/table.py --data-dir ../shared/data
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from corpora import prepare
from page import write_page
from scoring import score
from trials import LENGTH, MODEL, SEARCH, SEEDS, STARTS, Trial, all_trials

from textcl.atomic import new_file
from textcl.encoder import build_encoder
from textcl.seeds import seeded

RESULTS = Path(__file__).parents[1] / "results" / "objectives.json"


def main() -> None:
    """Do what is not done yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument(
        "--work", type=Path, default=Path("runs/objectives"), help="training files and runs in progress"
    )
    parser.add_argument("--only", default="", help="only runs whose name holds this text: families/BYOL")
    arguments = parser.parse_args()
    table = Table(arguments.data_dir, arguments.work)
    for start in STARTS:
        table.score_start(start)
    for trial in all_trials():
        if arguments.only in trial.key:
            table.add(trial)


class Table:
    """The results so far, and how to add to them."""

    def __init__(self, data: Path, work: Path) -> None:
        self.data, self.work = data, work
        self.corpora = prepare(data, work)
        self.results = saved()

    def score_start(self, start: str) -> None:
        """Score the encoder that runs start from, untrained."""
        if start in self.results["starts"]:
            return
        scores = score(self._start(start, SEEDS[0]), ("sts", "scifact", "stsb-dev"), self.data)
        self._keep("starts", start, scores)

    def add(self, trial: Trial) -> None:
        """Train and score one run, unless it is there."""
        self.results = saved()
        if trial.key in self.results["runs"]:
            return
        rate = () if trial.block != "families" else (f"training.learning_rate={self._rate(trial)}",)
        begin = time.monotonic()
        model, alarm = self._trained(trial, rate)
        minutes = (time.monotonic() - begin) / 60
        result = {"scores": score(model, trial.scores, self.data), "minutes": round(minutes, 1), "alarm": alarm}
        self._keep("runs", trial.key, result | {"changes": [*trial.changes, *rate]})

    def _rate(self, trial: Trial) -> str:
        """Return the learning rate that STS-B dev likes best after a short run of the first seed."""
        steps, rates = SEARCH[trial.start]
        for rate in rates:
            key = f"{trial.name}/{trial.start}/{rate}"
            if key not in self.results["search"]:
                short = Trial("search", trial.name, trial.start, SEEDS[0], trial.recipe, trial.corpus, trial.changes)
                settings = (f"training.learning_rate={rate}", f"training.steps={steps}", "training.epochs=null")
                model, _ = self._trained(short, settings)
                self._keep("search", key, score(model, ("stsb-dev",), self.data)["stsb-dev"])
        found = {rate: self.results["search"][f"{trial.name}/{trial.start}/{rate}"] for rate in rates}
        return max(found, key=lambda rate: found[rate])

    def _trained(self, trial: Trial, more: tuple[str, ...]) -> tuple[Path, bool]:
        """Train in a process of its own; return the model's folder and whether the collapse alarm spoke."""
        out = self.work / "run"
        shutil.rmtree(out, ignore_errors=True)
        print(f"{time.strftime('%H:%M')} {trial.key} {' '.join(more)}", flush=True)
        done = subprocess.run(
            self._command(trial, more, out), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        if done.returncode:
            sys.exit(f"{trial.key} failed:\n{done.stderr}")
        return (out / "model" if trial.recipe else out), "collapsing" in done.stderr

    def _command(self, trial: Trial, more: tuple[str, ...], out: Path) -> list[str]:
        corpus = str(self.corpora[trial.corpus])
        if trial.recipe is None:
            peer = Path(__file__).with_name("peer.py")
            return [
                sys.executable,
                str(peer),
                str(self._start(trial.start, trial.seed)),
                corpus,
                str(out),
                str(trial.seed),
            ]
        changes = [
            f"seed={trial.seed}",
            f"data.sources.0.path={corpus}",
            f"encoder.backbone={MODEL}",
            "evaluation.after=[]",
            *trial.changes,
            *more,
        ]
        return [sys.executable, "-m", "textcl", "train", trial.recipe, *changes, "--out", str(out)]

    def _start(self, start: str, seed: int) -> Path:
        """Save the untrained encoder of a start, and return its folder."""
        folder = self.work / f"start-{start}"
        with seeded(seed):
            encoder = build_encoder(MODEL, layers=4, random_init=start == "random", pooling="mean", max_length=LENGTH)
        encoder.save(folder)
        return folder

    def _keep(self, part: str, key: str, value: object) -> None:
        self.results = saved()  # another process may have added to it
        self.results[part][key] = value
        with new_file(RESULTS) as temporary:
            temporary.write_text(json.dumps(self.results, indent=1) + "\n", encoding="utf-8")
        write_page(self.results, RESULTS.with_suffix(".md"))


def saved() -> dict[str, dict[str, Any]]:
    """Return the results so far (`Any`: JSON)."""
    if RESULTS.exists():
        return dict(json.loads(RESULTS.read_text()))
    versions = {name: version(name) for name in ("torch", "transformers", "sentence-transformers")}
    return {"versions": versions, "starts": {}, "search": {}, "runs": {}}


if __name__ == "__main__":
    main()
