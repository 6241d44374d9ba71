"""Peak memory of training an encoder of 110 million weights: all of them, in bf16, by an adapter, shared by processes.

The encoder has BERT-base's shape and random weights: memory does not depend on what they are. Each setting is a process
of its own, `textcl train` as a user runs it, for two steps; what a process holds that only opens the encoder and embeds
a text is measured too. A processor that does not multiply in bf16 is slow at what is held in bf16, which is left
out there. Of two processes that which holds more counts. The checkpoint's bytes are those of the disk.

Run: python eval/speed/large_encoder.py
"""

import argparse
import sys
import tempfile
from pathlib import Path

import torch
from machine import MODEL, peak, record, sentences
from transformers import AutoTokenizer, BertConfig, BertModel

from textcl.encoder.locate import find_folder
from textcl.util.precision import multiplies_in_bf16

ROWS = 8  # of a batch
SETTINGS = {
    "all weights": [],
    "weights in bf16": ["encoder.weights=bf16"],
    "adapter": ["encoder.adapter={rank: 8, alpha: 16}"],
    "adapter, weights in bf16": ["encoder.adapter={rank: 8, alpha: 16}", "encoder.weights=bf16"],
}
# Chunks of all sequences of the batch, 2 of each row, whose graphs are kept at once.
LONG = ["data.max_length=512", "data.sources.0.path={long}", "data.batch_size=4"]
LONG += ["training.live_tokens=4096", "training.chunk_tokens=4096"]
SETTINGS |= {"512 tokens": LONG, "512 tokens, recompute": [*LONG, "training.recompute=true"]}

BOTH = {"two processes": [], "two processes, weights shared out": ["training.shard=full"]}
LAUNCH = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
WANTED = 0.65  # of the memory of two processes that each hold all weights


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        weights = prepare(folder)
        words = ["encode", folder / "model", folder / "one.txt", "--out", folder / "one.npy", "--precision", "float32"]
        megabytes = {"opened": peak([sys.executable, "-m", "textcl", *words])}
        checkpoints = {}
        chosen = {**SETTINGS, **BOTH}
        if not multiplies_in_bf16(torch.device("cpu")):
            chosen = {setting: changes for setting, changes in chosen.items() if "encoder.weights=bf16" not in changes}
        for number, (setting, changes) in enumerate(chosen.items()):
            out = folder / f"run-{number}"
            megabytes[setting] = peak(train(folder, changes, arguments.steps, out, LAUNCH if setting in BOTH else []))
            files = [file for file in out.glob("checkpoints/**/*") if file.is_file()]
            checkpoints[setting] = sum(file.stat().st_size for file in files) / 2**20
            print(f"{setting:34} {megabytes[setting]:7.0f} MB at most, checkpoint {checkpoints[setting]:7.1f} MB")
    whole, parts = (megabytes[setting] for setting in BOTH)
    print(f"{parts / whole:.2f} of the memory where two processes share the weights out (wanted {WANTED} at most)")
    if not arguments.no_record:
        rounded = {
            "megabytes": {key: round(value) for key, value in megabytes.items()},
            "checkpoint_megabytes": {key: round(value, 1) for key, value in checkpoints.items()},
        }
        record(
            "large_encoder",
            {"weights": weights, "rows": ROWS, "steps": arguments.steps, **rounded, "share": round(parts / whole, 3)},
        )


def prepare(folder: Path) -> int:
    """Write the encoder and the texts, and return how many weights it has."""
    model = BertModel(BertConfig(), add_pooling_layer=False)
    model.save_pretrained(folder / "model")
    AutoTokenizer.from_pretrained(find_folder(MODEL)).save_pretrained(folder / "model")
    texts = sentences(1024)
    (folder / "short.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    (folder / "long.txt").write_text(
        "\n".join(" ".join(texts[row : row + 32]) for row in range(0, 1024, 16)) + "\n", encoding="utf-8"
    )
    (folder / "one.txt").write_text(texts[0] + "\n", encoding="utf-8")
    return sum(parameter.numel() for parameter in model.parameters())


def train(folder: Path, changes: list[str], steps: int, out: Path, launch: list[str]) -> list[str]:
    """Return the command of a run; `launch` is what python is given to start several processes."""
    shared = {
        "data.sources.0.path": folder / "short.txt", "data.batch_size": ROWS, "encoder.backbone": folder / "model",
        "encoder.pooling": "mean", "training.steps": steps, "training.epochs": "null", "training.precision": "float32",
        "evaluation.after": "[]",
    }  # fmt: skip
    own = [change.format(long=folder / "long.txt") if "{long}" in change else change for change in changes]
    return [
        sys.executable,
        *launch,
        "-m",
        "textcl",
        "train",
        "simcse",
        *(f"{key}={value}" for key, value in shared.items()),
        *own,
        "--out",
        str(out),
    ]


if __name__ == "__main__":
    main()
