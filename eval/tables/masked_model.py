"""The masked language model behind the table: none was at hand, so all of MiniLM learns to predict words here."""

import time
from collections.abc import Sequence
from pathlib import Path

import torch
from corpora import SEED, read, sampled
from runner import Runner
from transformers import AutoTokenizer, BertForMaskedLM, DataCollatorForLanguageModeling, get_scheduler
from trial import MODEL

from textcl.encoder.locate import find_folder
from textcl.util.atomic import new_folder
from textcl.util.quiet import quiet_transformers
from textcl.util.seeds import seeded

Batch = dict[str, torch.Tensor]
STEPS, BATCH, RATE = 600, 128, 3e-4
TESTED = 1_000  # sentences
_LENGTH = 64  # tokens
_MASKED = 0.15  # of the tokens, as in BERT


def masked_model(runner: Runner, rows: int | None) -> Path:
    """Return the folder of the model; where it is not there yet, train it and keep how well it guesses.

    It sees the sentences that no run of the table is trained on, once, and is tested on those of the runs.
    """
    out = runner.work / "masked-model"
    if out.exists() and runner.store.has("masked_model", "accuracy"):
        return out
    print(f"{time.strftime('%H:%M')} masked-model", flush=True)
    tested = list(read(runner.corpora["wiki"]))
    own = set(tested)
    others = [text for text in read(runner.data / "sentences/wiki-mixed.txt.gz") if text not in own]
    with seeded(SEED), quiet_transformers():  # the head is drawn
        folder = find_folder(MODEL)
        tokenizer = AutoTokenizer.from_pretrained(folder)
        collate = DataCollatorForLanguageModeling(tokenizer, mlm_probability=_MASKED, seed=SEED)

        def batches(texts: Sequence[str]) -> list[Batch]:
            sequences = [tokenizer(text, truncation=True, max_length=_LENGTH) for text in texts]
            return [collate(sequences[start : start + BATCH]) for start in range(0, len(sequences), BATCH)]

        model = BertForMaskedLM.from_pretrained(folder, dtype=torch.float32)
        _train(model, batches(sampled(others, min(len(others), BATCH * STEPS if rows is None else rows))))
        accuracy = _accuracy(model, batches(tested[:TESTED]))
    with new_folder(out) as temporary:
        model.save_pretrained(temporary)
        tokenizer.save_pretrained(temporary)
    runner.store.keep("masked_model", "accuracy", round(100 * accuracy, 1))
    return out


def _train(model: BertForMaskedLM, batches: Sequence[Batch]) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    schedule = get_scheduler("linear", optimizer, max(1, len(batches) // 10), len(batches))
    model.train()
    for step, batch in enumerate(batches, start=1):
        logits, wanted = _guesses(model, batch)
        loss = torch.nn.functional.cross_entropy(logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 50 == 0:
            print(f"{time.strftime('%H:%M')} masked-model, step {step}, loss {loss.item():.2f}", flush=True)


@torch.inference_mode()
def _accuracy(model: BertForMaskedLM, batches: Sequence[Batch]) -> float:
    """Return the share of masked tokens whose likeliest guess is right."""
    model.train(mode=False)
    right = [logits.argmax(dim=1) == wanted for logits, wanted in (_guesses(model, batch) for batch in batches)]
    return float(torch.cat(right).double().mean())


def _guesses(model: BertForMaskedLM, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the logits (M, vocabulary) at the masked tokens alone, and what stood there (M,)."""
    masked = batch["labels"] >= 0
    with torch.autocast("cpu", torch.bfloat16):
        hidden = model.bert(batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
        return model.cls(hidden[masked]).float(), batch["labels"][masked]
