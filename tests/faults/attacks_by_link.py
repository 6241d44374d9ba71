"""Attacks by links in folders that are published, written or deleted."""

import shutil
from functools import partial
from pathlib import Path

from tests.faults.attack import Attack

_PUSH = ["push", "done", "me/x", "--dry-run"]
_RESUME = [
    "train",
    "recipe.yaml",
    "training.steps=2",
    "evaluation.after=['sts:sts.jsonl']",
    "--out",
    "done",
    "--resume",
]
_INDEX = ["index", "model", "texts.txt", "--out", "ix"]
_PUBLISHED = ("model/extra.json", "model/deep.txt", "run.json", "report.json", "model/config.json", "model")
_WRITTEN = ("log.jsonl", "run.json", "report.html", "report.json", "page.json", "recipe.yaml", "run.log")
_FOLDERS = ("checkpoints/step-1", "checkpoints/step-99", "checkpoints", "best", "model", "sending")


def by_links() -> list[Attack]:
    """Return links to a file or a folder outside, where a run or an index has its own."""
    return [
        *(Attack(f"push with a link {name}", _PUSH, partial(_file, f"done/{name}"), True) for name in _PUBLISHED),
        *(
            Attack(f"{words[0]} with a link {name}", words, partial(_file, f"done/{name}"))
            for words in (_RESUME, [*_RESUME, "training.steps=4"], ["report", "done"])
            for name in _WRITTEN
        ),
        *(
            Attack(f"index with a link {name}", _INDEX, partial(_file, f"ix/{name}"))
            for name in ("index.json", "documents.sqlite", "asked.json")
        ),
        *(
            Attack(f"train on, a folder is a link: {name}", words, partial(_folder, f"done/{name}"))
            for words in (_RESUME, [*_RESUME, "training.steps=4"])
            for name in _FOLDERS
        ),
    ]


def _file(name: str, folder: Path) -> None:
    path = folder / name
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(folder / "outside" / "other.json")


def _folder(name: str, folder: Path) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        shutil.rmtree(path)
    path.symlink_to(folder / "outside")
