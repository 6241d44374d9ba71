"""One run of sentence-transformers' trainer: SimCSE by dropout views, at the settings of our own run.

Run by table.py as a process of its own: python peer.py START CORPUS OUT SEED
"""

import sys
from pathlib import Path

from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

ROWS, RATE, TEMPERATURE = 64, 3e-5, 0.05


def main(start: str, corpus: str, out: str, seed: str) -> None:
    """Train one epoch on pairs of a sentence with itself, and save the model."""
    texts = Path(corpus).read_text(encoding="utf-8").splitlines()
    model = SentenceTransformer(start, device="cpu")
    settings = SentenceTransformerTrainingArguments(
        out,
        num_train_epochs=1,
        per_device_train_batch_size=ROWS,
        learning_rate=RATE,
        weight_decay=0.0,
        bf16=True,
        use_cpu=True,
        seed=int(seed),
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    data = Dataset.from_dict({"anchor": texts, "positive": texts})
    loss = MultipleNegativesRankingLoss(model, scale=1 / TEMPERATURE)
    SentenceTransformerTrainer(model, settings, data, loss=loss).train()
    model.save(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
