"""Seconds and memory of holding 5 % of a million pairs out, of which a fifth share a text with others.

Measured is the split alone, with the file open and nothing of it kept in the cache: every text is read and folded, the
groups of rows that share texts are found, and 5 % of the rows are chosen. The memory is the most that this process and
a worker needed beyond what it held before. It wants two idle cores.

Run: python eval/speed/held_out.py
"""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

from machine import record, sentences

from textcl.data import JsonLines
from textcl.data.held_out import Amount, Divided, hold_out
from textcl.data.sources.file_rows import FirstPass, passing
from textcl.data.workers import cores

WANTED_SECONDS, WANTED_GB = 15, 1.0


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        source = JsonLines(str(written(Path(folder) / "pairs.jsonl", arguments.rows)))
        before = most_memory()
        seconds = [seconds_of(source) for _ in range(arguments.repeats)]
        gigabytes = most_memory() - before
    print(f"{min(seconds):.1f} s of {WANTED_SECONDS}, and {gigabytes:.2f} GB of {WANTED_GB:g} more than before")
    if not arguments.no_record:
        found = {
            "rows": arguments.rows,
            "seconds": [round(each, 2) for each in seconds],
            "gigabytes": round(gigabytes, 3),
        }
        record("held_out", {**found, "wanted_seconds": WANTED_SECONDS, "wanted_gigabytes": WANTED_GB})


def written(file: Path, rows: int) -> Path:
    """Write pairs; each fifth has the anchor of another row."""
    texts = sentences(min(2 * rows, 50_000))
    with file.open("w", encoding="utf-8") as out:
        for row in range(rows):
            anchor = f"{texts[2 * row % len(texts)]} {row - 1 if row % 5 == 4 else row}"
            positive = f"{texts[(2 * row + 1) % len(texts)]} {row}"
            out.write(json.dumps({"anchor": anchor, "positive": positive}) + "\n")
    return file


def seconds_of(source: JsonLines) -> float:
    """Return how long the split takes; what is kept of it goes with the folder."""
    with tempfile.TemporaryDirectory() as cache, passing(FirstPass(cores())):
        os.environ["XDG_CACHE_HOME"] = cache
        start = time.perf_counter()
        divided = hold_out([source], Amount(0.05))
        taken = time.perf_counter() - start
    refuse_leaks(divided)
    return taken


def refuse_leaks(divided: Divided) -> None:
    """End where a text of some held-out rows stands in the part to train on."""
    train, held = divided.train[0], divided.held[0]
    some = {text for row in range(0, len(held), 100) for text in (held[row].anchor, *held[row].positives)}
    if abs(len(held) - 0.05 * (len(train) + len(held))) > 1 or any(
        train[row].anchor in some for row in range(len(train))
    ):
        raise SystemExit("The split leaks, or is of another size.")


def most_memory() -> float:
    """Return the most memory that this process and one of its workers have needed so far, in GB."""
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(each).ru_maxrss for each in who) / 2**20


if __name__ == "__main__":
    main()
