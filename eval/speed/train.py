"""A training step: textcl against sentence-transformers' trainer on the same texts; MiniLM, dropout views, batch 64.

Each side runs in processes of its own, in turn. A step counts from the end of the one before it to its own end. The
trainer's loss is MultipleNegativesRankingLoss on pairs of a sentence with itself.

Run: python eval/speed/train.py
On a GPU, whose first steps load kernels: python eval/speed/train.py --steps 90 --warm-up 40 --name train-gpu
"""

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import torch
from machine import MODEL, alternate, ratio, record, sentences, show, train_command

from textcl.encoder.locate import find_folder

ROWS = 64
WANTED = {"trainer float32": 5.0, "trainer bf16": 3.0}  # times as fast


def main() -> None:
    """Measure, print and record; or, as a process of one side, train and print the seconds of each step."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10, help="of a process, warm-up included")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--warm-up", type=int, default=2, help="steps of a process that do not count")
    parser.add_argument("--name", default="train", help="of the file of results")
    parser.add_argument("--trainer", choices=["float32", "bf16"], help=argparse.SUPPRESS)
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.trainer:
        texts = arguments.corpus.read_text().splitlines()
        pairs = {"anchor": texts, "positive": texts}
        print(json.dumps(seconds_of_trainer(find_folder(MODEL), pairs, ROWS, bf16=arguments.trainer == "bf16")))
        return
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.txt"
        corpus.write_text("\n".join(sentences(ROWS * arguments.steps)) + "\n", encoding="utf-8")
        measured = alternate(sides(corpus, arguments.steps, arguments.warm_up), arguments.repeats)
    compare(measured, arguments)


def compare(measured: dict[str, list[float]], arguments: argparse.Namespace) -> None:
    """Print and record how many times faster we are than each trainer."""
    faster = {name: ratio(measured[name], measured["textcl"]) for name in WANTED}
    show(measured, {name: (faster[name], wanted) for name, wanted in WANTED.items()})
    counted = arguments.steps - arguments.warm_up
    record(
        arguments.name,
        {"rows": ROWS, "steps": counted, "seconds_a_step": measured, "times_as_fast": faster, "wanted": WANTED},
    )


def sides(corpus: Path, steps: int, warm_up: int) -> dict[str, Callable[[], float]]:
    """Return for each side what measures the mean seconds of its steps."""
    this = [sys.executable, __file__, "--corpus", str(corpus), "--trainer"]
    return {
        "trainer float32": lambda: mean(json.loads(output_of([*this, "float32"]))[warm_up:]),
        "trainer bf16": lambda: mean(json.loads(output_of([*this, "bf16"]))[warm_up:]),
        "textcl": lambda: mean(seconds_of_textcl(corpus, steps)[warm_up:]),
    }


def output_of(command: list[str]) -> str:
    """Run a command and return its last line; its messages stay visible."""
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()[-1]


def seconds_of_textcl(corpus: Path, steps: int) -> list[float]:
    """Train by `textcl train` and return the seconds of each step, from the log of the run."""
    with tempfile.TemporaryDirectory() as folder:
        output_of(train_command(corpus, Path(folder) / "run", ROWS, steps))
        log = (Path(folder) / "run" / "log.jsonl").read_text().splitlines()
    return [ROWS / json.loads(line)["rows_per_second"] for line in log]


def seconds_of_trainer(folder: Path, pairs: dict[str, list[str]], rows: int, *, bf16: bool = False) -> list[float]:
    """Train one epoch by sentence-transformers and return the seconds of each step after the first."""
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss
    from transformers import TrainerCallback

    ends: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: object, **__: object) -> None:
            ends.append(time.perf_counter())

    on_gpu = torch.cuda.is_available()
    model = SentenceTransformer(str(folder), device="cuda" if on_gpu else "cpu")
    with tempfile.TemporaryDirectory() as out:
        settings = SentenceTransformerTrainingArguments(
            out,
            num_train_epochs=1,
            per_device_train_batch_size=rows,
            bf16=bf16,
            use_cpu=not on_gpu,
            save_strategy="no",
            report_to="none",
        )
        loss = MultipleNegativesRankingLoss(model)
        SentenceTransformerTrainer(model, settings, Dataset.from_dict(pairs), loss=loss, callbacks=[Clock()]).train()
    return [after - before for before, after in itertools.pairwise(ends)]


if __name__ == "__main__":
    main()
