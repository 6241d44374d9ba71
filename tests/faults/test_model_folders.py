"""Model folders, indexes and run folders in which a file is damaged: each verb works, or names the folder."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from tests.faults.campaign import Case, try_cases
from tests.faults.changes import changed_bytes, changed_value
from tests.faults.commands import run
from tests.faults.judge import fault_of, half_written

pytestmark = pytest.mark.faults
_READ_BY = {
    "model": [["encode", "model", "texts.txt", "--out", "v.npy"], ["check", "recipe.yaml"]],
    "made": [["encode", "made", "texts.txt", "--out", "v.npy"], ["evaluate", "made", "sts:sts.jsonl"]],
    "ix": [["search", "ix", "a man sings"]],
    "done": [
        ["report", "done"], ["push", "done", "me/x", "--dry-run"], ["compare", "done", "done"],
        ["reproduce", "done", "--out", "again"],
        ["train", "recipe.yaml", "training.steps=2", "--out", "done", "--resume"],
    ],
}  # fmt: skip
_ODD_JSON = (b"null", b"[]", b"{}", b"7", b'"x"', b"[{}]", b'{"a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}")


def test_a_damaged_folder_works_or_is_named(base: Path) -> None:
    files = {name: sorted(path for path in (base / name).rglob("*") if path.is_file()) for name in _READ_BY}
    try_cases("models", lambda rng: _case(rng, base, files), base)


def _case(rng: random.Random, base: Path, files: dict[str, list[Path]]) -> Case:
    name = rng.choice(["model", "made", "made", "ix", "done", "done"])
    file = rng.choice(files[name])
    what, content = _changed(file, rng)
    words = rng.choice(_READ_BY[name])
    inside = file.relative_to(base)

    def attempt(folder: Path) -> str | None:
        if content is None:
            (folder / inside).unlink()
        else:
            (folder / inside).write_bytes(content)
        outcome = run(words, folder)
        return fault_of(outcome, [name]) or half_written(folder) or _no_number(folder)

    return Case(f"{' '.join(words[:2])}: {inside} {what}", attempt)


def _changed(file: Path, rng: random.Random) -> tuple[str, bytes | None]:
    content, kind = file.read_bytes(), rng.random()
    if kind < 0.1:
        return "absent", None
    if file.suffix != ".json" or kind < 0.3:
        return changed_bytes(content, rng) if content else ("a byte", b"\xff")
    if kind < 0.4:
        odd = rng.choice(_ODD_JSON)
        return repr(odd[:12]), odd
    value = json.loads(content)
    if not value:
        return "null", b"null"
    what, found = changed_value(value, rng)
    return what, json.dumps(found).encode("utf-8", "surrogatepass")


def _no_number(folder: Path) -> str | None:
    """Say whether vectors that were written hold something that is no number."""
    file = folder / "v.npy"
    if file.exists() and not np.isfinite(np.load(file)).all():
        return "the vectors are not finite"
    return None
