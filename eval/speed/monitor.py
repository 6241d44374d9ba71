"""The share of a run's time that the collapse monitor takes, `textcl train` on MiniLM.

Every tenth batch is read. Beside the embeddings it reads what a projector makes of them, where there is one.

Run: python eval/speed/monitor.py
"""

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

from machine import MODEL, record, sentences

from textcl.recipe.load import load_recipe
from textcl.training.loop import Loop
from textcl.workflows.run.train import train_recipe

RECIPES = ("crops", "simclr", "swav")
WANTED = 0.01  # of the time, at most
ROWS = 4096  # of the corpus


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", default=RECIPES)
    parser.add_argument("--steps", type=int, default=30, help="A multiple of ten, so that each reading has its steps.")
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    arguments = parser.parse_args()
    shares = {name: share_of(name, arguments.steps) for name in arguments.recipes}
    for name, share in shares.items():
        print(f"{name:12} {share:.5f}")
    print(f"wanted: at most {WANTED}")
    if not arguments.no_record:
        record("monitor", {"steps": arguments.steps, "shares": shares, "wanted": WANTED})


def share_of(recipe: str, steps: int) -> float:
    """Train, and return the time that the readings took over that of all steps with them."""
    spent: list[float] = []
    read = Loop._readings

    def timed(loop: Loop, *arguments: Any) -> dict[str, float]:
        start = time.perf_counter()
        found = read(loop, *arguments)
        spent.append(time.perf_counter() - start)
        return found

    with tempfile.TemporaryDirectory() as folder, patch.object(Loop, "_readings", timed):
        corpus, out = Path(folder) / "corpus.txt", Path(folder) / "run"
        corpus.write_text("\n".join(sentences(ROWS)) + "\n", encoding="utf-8")
        changes = [f"data.sources.0.path={corpus}", f"encoder.backbone={MODEL}", "evaluation.after=[]"]
        changes += [f"training.steps={steps}", "training.epochs=null"]
        train_recipe(load_recipe(recipe, changes), out)
        log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    seconds = sum(64 / line["rows_per_second"] for line in log)  # of the steps without their readings
    assert len(spent) == steps // 10
    return round(sum(spent) / (seconds + sum(spent)), 5)


if __name__ == "__main__":
    main()
