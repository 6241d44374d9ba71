"""What titles are worth as questions: the recipe `documents` on CISI, scored on CISI's own queries.

A small encoder, the lower four layers of all-MiniLM, learns from the titles of the documents: each is a question, all
of MiniLM finds and scores negatives for it, and the encoder learns these scores. No query and no judgement is read in
training. The score is nDCG@10 before and after, on the same queries. Sized for a share of two busy cores: the
collection is small, texts are cut at 64 tokens in training and scoring, and a run reads 384 titles. Writes
`eval/results/questions.json` after each seed; a seed that is there is not run again.

Run: python eval/tables/questions.py --data-dir ../shared/data
"""

import argparse
import json
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from trial import MODEL, SEEDS

import textcl
from textcl.distributed import join_ranks
from textcl.embedding.embed import Embedding, Model, model_embed
from textcl.encoder.opening import build_encoder
from textcl.evaluation.run import evaluate
from textcl.evaluation.significance import Interval, differences, scores
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.task import Sample, Task
from textcl.util.atomic import write_json

RECORD = Path(__file__).parents[1] / "results" / "questions.json"
SET, METRIC = "cisi", "ndcg@10"
LENGTH, LAYERS = 64, 4
CHANGES = {
    "data.sources.0.judge": MODEL,
    "data.sources.0.negatives": 2,
    "data.max_length": LENGTH,
    "data.batch_size": 16,
    "training.epochs": None,
    "training.steps": 24,
    "training.learning_rate": 2e-4,
    "evaluation.after": [],
}


def sample_of(model: Model, task: Task) -> Sample:
    """Score a model on the queries of a collection."""
    return evaluate([task], model_embed(model, Embedding("auto"), join_ranks()))[task.name]


def plain(score: Interval) -> dict[str, float]:
    """Return a score with its interval, in points."""
    return {name: round(100 * float(getattr(score, name)), 2) for name in ("value", "low", "high")}


def add_seeds(task: Task, folder: Path, start: Path, work: Path, record: dict[str, Any]) -> None:
    """Train and score with each seed, and keep each as it is done."""
    before = sample_of(str(start), task)
    own = record.setdefault(task.name, {"start": plain(scores(before)[METRIC]), "seeds": {}})
    for seed in SEEDS:
        if str(seed) in own["seeds"]:
            continue
        changes = CHANGES | {"seed": seed, "data.sources.0.path": str(folder), "encoder.backbone": str(start)}
        run = textcl.train("documents", changes=changes, out=work / f"{task.name}-{seed}", progress=True)
        after = sample_of(run.model(precision="auto"), task)
        change = differences(before, after)[METRIC]
        own["seeds"][str(seed)] = {
            "after": plain(scores(after)[METRIC]),
            "change": {**plain(change), "p": change.p, "verdict": change.verdict},
        }
        gains = [found["change"]["value"] for found in own["seeds"].values()]
        own["gain"] = {"mean": round(mean(gains), 2), "spread": round(stdev(gains), 2) if len(gains) > 1 else None}
        write_json(RECORD, record)
        print(task.name, seed, json.dumps(own["seeds"][str(seed)]), flush=True)


def main() -> None:
    """Train and score what is not there yet, and write the record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--work", type=Path, default=Path("runs/questions"))
    asked = parser.parse_args()
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    record["settings"] = CHANGES | {"layers": LAYERS, "metric": METRIC}
    start = asked.work / "start"
    if not start.exists():
        build_encoder(MODEL, layers=LAYERS, max_length=LENGTH).save(start)
    tasks = {task.name: task for task in load_tasks(["classic"], asked.data_dir)}
    add_seeds(tasks[SET], asked.data_dir / "retrieval" / SET, start, asked.work, record)


if __name__ == "__main__":
    main()
