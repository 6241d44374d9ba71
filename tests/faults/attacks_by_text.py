"""Attacks by texts and names, which steer a screen or bring markup, and by small files that are large unpacked."""

import gzip
import json
from pathlib import Path

import numpy as np

from tests.faults.attack import SCRIPT, Attack
from tests.faults.attacks_by_model import Pickled
from tests.faults.attacks_by_recipe import RECIPE_VERBS

_TEXTS = (
    "\x1b]0;owned\x07 a man", "\x9b2J a man", "a \u202eman", "[/red] a man", f"{SCRIPT} a man",
    "\x1b]52;c;b3duZWQ=\x07",
)  # fmt: skip


def by_texts() -> list[Attack]:
    """Return texts that stand in data, in names of tasks, columns and ids, and on the command line."""
    return [
        Attack(f"{' '.join(words[:3])!a} of {text!a}", words, lambda folder, text=text: _spread(text, folder))
        for text in _TEXTS
        for words in _reading(text)
    ]


def _spread(text: str, folder: Path) -> None:
    """Write a text into data, a suite and the files of a run."""
    (folder / "own.txt").write_text(f"{text}\n{text} plays\na dog\n")
    rows = [{"anchor": f"{text} {row}", "positive": text, text: text} for row in range(12)]
    (folder / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = {"name": "".join(filter(str.isprintable, text)), "kind": "sts", "bundled": "sts.jsonl"}
    (folder / "suite.yaml").write_text(json.dumps({"description": "x", "tasks": [task]}))
    for name in ("report.json", "run.json", "log.jsonl"):
        file, written = folder / "done" / name, json.dumps(text)[1:-1]
        file.write_text(file.read_text().replace("sts.jsonl", written).replace("small", written))


def _reading(text: str) -> list[list[str]]:
    check = ["check", "recipe.yaml"]
    return [
        ["index", "model", "own.txt", "--out", "own-ix"], ["search", "ix", text], ["report", "done"],
        ["init", "own.jsonl", "--out", "i.yaml"], ["init", "own.txt", "--out", "i.yaml"], ["compare", "done", "done"],
        ["leaks", "own.txt", "./suite.yaml"], ["evaluate", "model", "./suite.yaml", "--html", "e.html"],
        ["clean", "own.jsonl", "--out", "c.jsonl"], ["push", "done", "me/x", "--dry-run"], [text], ["check", text],
        [*check, "data.sources=[{use: JsonLines, path: own.jsonl}]"], [*check, f"{text}=1"], [*check, f"name={text}"],
        [*check, "data.sources=[{use: JsonLines, path: own.jsonl, anchor: nothing}]"],
        ["train", "recipe.yaml", "training.steps=2", "evaluation.after=[./suite.yaml]",
         "data.sources=[{use: JsonLines, path: own.jsonl}]", "--out", "run"],
        ["encode", text, "own.txt", "--out", "v.npy"], ["evaluate", "model", f"sts:{text}"],
        ["encode", "model", "own.txt", f"--{text}"],
    ]  # fmt: skip


def bombs() -> list[Attack]:
    """Return small files that are large when they are read."""
    sources = {"txt": "TextLines", "jsonl": "JsonLines", "csv": "CSV"}
    one_line = [
        words
        for ending, source in sources.items()
        for words in (
            ["encode", "model", f"own.{ending}.gz", "--out", "v.npy"],
            ["init", f"own.{ending}.gz", "--out", "i.yaml"],
            ["index", "model", f"own.{ending}.gz", "--out", "own-ix"],
            ["check", "recipe.yaml", f"data.sources=[{{use: {source}, path: own.{ending}.gz}}]"],
        )
    ]
    return [
        *(Attack(f"{words[0]}: aliases that grow", words, _aliases, is_refused=True) for words in RECIPE_VERBS),
        *(Attack(f"{' '.join(words)}: a line of 6 GB", words, _long_lines, is_refused=True) for words in one_line),
        *(
            Attack(f"search: {what}", ["search", "ix", "a man"], prepare, is_refused=True)
            for what, prepare in {"a huge array": _huge_array, "a pickled array": _pickled_array}.items()
        ),
    ]


def _aliases(folder: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    for name in ("recipe.yaml", "done/recipe.yaml"):
        (folder / name).write_text("\n".join(lines))


def _long_lines(folder: Path) -> None:
    block = gzip.compress(b"a " * (8 << 20)) * 400  # one after another they are one file
    for ending, start in {"txt": b"a", "jsonl": b'{"anchor": "', "csv": b'anchor,positive\n"'}.items():
        (folder / f"own.{ending}.gz").write_bytes(gzip.compress(start) + block)


def _huge_array(folder: Path) -> None:
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 16), }".ljust(117) + b"\n"
    for file in (folder / "ix").rglob("*.npy"):
        file.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)


def _pickled_array(folder: Path) -> None:
    for file in (folder / "ix").rglob("*.npy"):
        np.save(file, np.array([Pickled()], dtype=object), allow_pickle=True)
