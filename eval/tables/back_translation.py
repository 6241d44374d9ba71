"""The back-translations behind the table, made once by `textcl augment back-translate` with Apertium's Esperanto."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from runner import FailedError, children_seconds, run_command, textcl
from store import Store

from textcl.errors import TextclError
from textcl.workflows.back_translate import open_engine

PIVOT = "eo"


def absent() -> str:
    """Return what is missing here for translating; empty: nothing."""
    try:
        engine = open_engine("apertium", None, None)
        engine.version("en", PIVOT)
        engine.version(PIVOT, "en")
    except TextclError as error:
        return str(error)
    return ""


def translated(texts: Path, work: Path, store: Store) -> Path:
    """Return the file of back-translations; where it is not there yet, make it and keep what became of the texts.

    Raises:
        FailedError: The command failed, or a text was lost on the way.
    """
    out = work / "back-translated.jsonl"
    if out.exists() and store.has("translations", PIVOT):
        return out
    command = ["augment", "back-translate", str(texts), "--out", str(out), "--pivot", PIVOT, "--force"]
    print(f"{time.strftime('%H:%M')} textcl {' '.join(command)}", flush=True)
    begin = children_seconds()
    # A cache of its own, so that a repeat does not rest on what this user translated before.
    run_command(textcl(*command, "--cache", str(work / "translations.sqlite")), "back-translation")
    reasons = Counter(row["reason"] for row in _rows(out.with_suffix(".rejected.jsonl")))
    count = sum(1 for line in texts.open(encoding="utf-8") if line.strip())
    kept = sum(1 for _ in _rows(out))
    if kept + sum(reasons.values()) != count:
        raise FailedError(f"back-translation: of {count} texts {kept} were kept and {sum(reasons.values())} refused.")
    made = {"texts": count, "kept": kept, "refused": dict(reasons.most_common())}
    store.keep("translations", PIVOT, made | {"core_minutes": round((children_seconds() - begin) / 60, 2)})
    return out


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)
