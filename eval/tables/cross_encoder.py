"""A cross-encoder trained by sentence-transformers on mined pairs: a text's positive is 1, two of its negatives are 0.

Run by judged.py as a process of its own: python cross_encoder.py START MINED OUT
"""

import json
import sys
from pathlib import Path

import torch
from datasets import Dataset
from sentence_transformers.cross_encoder import (
    CrossEncoder,
    CrossEncoderTrainer,
    CrossEncoderTrainingArguments,
)
from sentence_transformers.cross_encoder.losses import BinaryCrossEntropyLoss

from textcl.encoder.locate import find_folder

ROWS, RATE, NEGATIVES, LENGTH, SEED = 32, 5e-5, 2, 96, 17


def main(start: str, mined: str, out: str) -> None:
    """Train one epoch, and save the model."""
    rows = [json.loads(line) for line in Path(mined).read_text(encoding="utf-8").splitlines()]
    pairs = [(row["anchor"], row["positive"], 1.0) for row in rows]
    pairs += [(row["anchor"], text, 0.0) for row in rows for text in row["negatives"][:NEGATIVES]]
    data = Dataset.from_dict(dict(zip(("anchor", "text", "label"), map(list, zip(*pairs, strict=True)), strict=True)))
    torch.manual_seed(SEED)
    model = CrossEncoder(
        str(find_folder(start)), num_labels=1, max_length=LENGTH, device="cpu", activation_fn=torch.nn.Identity()
    )
    settings = CrossEncoderTrainingArguments(
        out,
        num_train_epochs=1,
        per_device_train_batch_size=ROWS,
        learning_rate=RATE,
        warmup_steps=0.1,
        bf16=True,
        use_cpu=True,
        seed=SEED,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    loss = BinaryCrossEntropyLoss(model, pos_weight=torch.tensor(float(NEGATIVES)))
    CrossEncoderTrainer(model, settings, data, loss=loss).train()
    model.save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
