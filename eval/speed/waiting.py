"""The share of a run's time that its steps wait for data, with worker processes and without, `textcl train` as a user.

Read from `log.jsonl`: the mean over the steps after the first, which waits for the workers to start. Beside it stand
the rows a second, since on few cores a worker takes from the step what it saves it.

Run: python eval/speed/waiting.py
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from machine import MODEL, record, sentences

RECIPES = ("quickstart", "crops", "esimcse", "simcse")
WANTED = 0.02  # of the time, at most, with the usual workers
ROWS = 4096  # of the corpus
SIDES = {"usual workers": "null", "no worker": "0"}  # data.workers


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", default=RECIPES)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.txt"
        corpus.write_text("\n".join(sentences(ROWS)) + "\n", encoding="utf-8")
        results = {name: compared(name, corpus, arguments.steps, arguments.repeats) for name in arguments.recipes}
    for name, sides in results.items():
        for side, figures in sides.items():
            print(f"{name:12} {side:16} " + "  ".join(f"{key} {value}" for key, value in figures.items()))
    print(f"wanted with the usual workers: at most {WANTED}")
    if not arguments.no_record:
        record("waiting", {"steps": arguments.steps, "recipes": results, "wanted": WANTED})


def compared(recipe: str, corpus: Path, steps: int, repeats: int) -> dict[str, dict[str, float]]:
    """Train with workers and without, in turn; return the medians of each side."""
    runs: dict[str, list[dict[str, float]]] = {side: [] for side in SIDES}
    for _ in range(repeats):
        for side, workers in SIDES.items():
            runs[side].append(trained(recipe, corpus, steps, workers))
    return {
        side: {key: round(statistics.median(run[key] for run in own), 5) for key in own[0]}
        for side, own in runs.items()
    }


def trained(recipe: str, corpus: Path, steps: int, workers: str) -> dict[str, float]:
    """Train in a fresh process and read its log."""
    changes = [f"training.steps={steps}", "training.epochs=null", "evaluation.after=[]", f"data.workers={workers}"]
    if recipe != "quickstart":
        changes += [f"data.sources.0.path={corpus}", f"encoder.backbone={MODEL}", "encoder.pooling=mean"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "textcl", "train", recipe, *changes, "--out", str(out)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return {
        "waiting_share": statistics.mean(line["waiting_share"] for line in log[1:]),
        "first_step": log[0]["waiting_share"],
        "rows_per_second": statistics.median(line["rows_per_second"] for line in log[1:]),
    }


if __name__ == "__main__":
    main()
