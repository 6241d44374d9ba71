"""Small things to break: a model, texts, pairs, evaluation sets, a recipe, an index, a finished run."""

import json
import random
from pathlib import Path
from typing import Any

from tests.faults.commands import run
from tests.tiny import WORDS, tiny_backbone, tiny_encoder, tiny_tokenizer
from textcl.files.yaml import write_yaml


def sentences(count: int, seed: int = 17) -> list[str]:
    """Return distinct sentences."""
    rng = random.Random(seed)
    return [" ".join([*rng.choices(WORDS, k=rng.randint(3, 7)), f"number {number}"]) for number in range(count)]


def json_lines(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as a file of JSON lines."""
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def pair_rows(count: int = 24) -> list[dict[str, Any]]:
    """Return triplets with a score and a label."""
    texts = sentences(3 * count)
    return [
        {"anchor": a, "positive": b, "negative": c, "score": number % 6, "label": number % 4}
        for number, (a, b, c) in enumerate(zip(texts[::3], texts[1::3], texts[2::3], strict=True))
    ]


def sts_rows(count: int = 16) -> list[dict[str, Any]]:
    """Return pairs with a similarity."""
    texts = sentences(2 * count, 23)
    return [
        {"sentence1": a, "sentence2": b, "score": number % 6}
        for number, (a, b) in enumerate(zip(texts[::2], texts[1::2], strict=True))
    ]


def plain_recipe() -> dict[str, Any]:
    """Return a recipe over the files of `lay_out`."""
    return {
        "name": "small",
        "data": {
            "sources": [{"use": "JsonLines", "path": "pairs.jsonl"}],
            "max_length": 16,
            "batch_size": 8,
            "workers": 0,
        },
        "encoder": {"backbone": "model"},
        "training": {"steps": 8, "save_every": 2, "precision": "float32", "learning_rate": 1e-3},
    }


def rich_recipe() -> dict[str, Any]:
    """Return a recipe that uses most settings."""
    found = plain_recipe()
    crop = {"use": "SpanCrop", "low": 0.5, "high": 0.9}
    either = {"use": "OneOf", "of": [{"use": "WordDeletion", "rate": 0.2}, {"use": "Typos"}], "weights": [1, 2]}
    positive = {"role": "positive", "augment": [crop, either], "input": [{"use": "TokenCutoff", "rate": 0.1}]}
    pairs = {"use": "JsonLines", "path": "pairs.jsonl", "anchor": "anchor", "positive": "positive", "score": "score"}
    found["data"] |= {
        "sources": [
            {"name": "one", "source": pairs, "objective": {"use": "InfoNCE", "temperature": 0.1}},
            {
                "name": "two", "source": {"use": "TextLines", "path": "texts.txt"},
                "views": [{"role": "anchor"}, positive], "prompts": {"anchor": "a: "},
            },
        ],
        "mixing": {"weights": [1.0, 2.0], "temperature": None, "one_source_per_batch": True},
    }  # fmt: skip
    found["encoder"] |= {
        "pooling": "mean", "layers": 1, "dropout": 0.1, "prompts": {"anchor": "q: ", "positive": "d: "},
        "documents": {"pooling": "cls", "layers": 1, "random_init": True},
    }  # fmt: skip
    matryoshka = {"use": "Matryoshka", "objective": {"use": "InfoNCE"}, "dimensions": [4, 8]}
    found["objective"] = {"use": "Sum", "objectives": [{"use": "InfoNCE"}, matryoshka], "weights": [1, 0.5]}
    held_out = {"name": "held-out", "source": {"use": "JsonLines", "path": "pairs.jsonl"}}
    found["evaluation"] = {
        "during": {"suite": "./suite.yaml", "every": 3, "keep_best_by": "own/spearman"},
        "after": ["sts:sts.jsonl", held_out],
    }
    found["hub"] = {"repo": "me/model", "private": True, "license": "mit", "language": ["en"], "datasets": ["a/b"]}
    return found


def lay_out(folder: Path) -> Path:
    """Write everything into a folder, by textcl where it is textcl that writes such things."""
    tiny_backbone().save_pretrained(folder / "model")
    tiny_tokenizer().save_pretrained(folder / "model")
    tiny_encoder().save(folder / "made")
    (folder / "texts.txt").write_text("\n".join(sentences(24)) + "\n")
    (folder / "pairs.jsonl").write_bytes(json_lines(pair_rows()))
    (folder / "sts.jsonl").write_bytes(json_lines(sts_rows()))
    suite = {"description": "one set", "tasks": [{"name": "own", "kind": "sts", "bundled": "sts.jsonl"}]}
    (folder / "suite.yaml").write_text(write_yaml(suite))
    (folder / "recipe.yaml").write_text(write_yaml(plain_recipe()))
    for words in (
        ["train", "recipe.yaml", "training.steps=2", "evaluation.after=['sts:sts.jsonl']", "--out", "done"],
        ["index", "model", "texts.txt", "--out", "ix"],
    ):
        outcome = run(words, folder)
        assert outcome.code == 0, outcome.err
    return folder
