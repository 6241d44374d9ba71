"""Seconds of the first pass over a JSONL file, a CSV file and shards: by two worker processes, against one process.

Both sides open the same rows, with a cache of their own that is empty, and must find the same fingerprint and the same
locations of all rows. They are measured in turn, so that the ratio is that of one machine at one time. It wants two
idle cores.

Run: python eval/speed/first_pass.py
"""

import argparse
import csv
import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from machine import alternate, ratio, record, sentences, show

from textcl.data import CSV, JsonLines
from textcl.data.sources.file_rows import FirstPass, passing
from textcl.types.text import Source

WANTED = 1.7  # times as fast with two workers
SHARDS = 8


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    arguments = parser.parse_args()
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder:
        for kind, opened in written(Path(folder), arguments.rows).items():
            sides = {f"{workers} of {kind}": partial(seconds_of, opened, workers) for workers in (1, 2)}
            refuse_difference(opened)
            seconds = alternate(sides, arguments.repeats)
            one, two = seconds.values()
            faster = ratio(one, two)
            show(seconds, {f"one process over {kind}": (faster, WANTED)})
            found[kind] = {
                "seconds": {name: [round(value, 3) for value in own] for name, own in seconds.items()},
                "rows_per_second_of_one": round(arguments.rows / min(one)),
                "times_as_fast": faster,
            }
    if not arguments.no_record:
        record("first_pass", {"rows": arguments.rows, "wanted": WANTED, **found})


def written(folder: Path, rows: int) -> dict[str, Callable[[], Source]]:
    """Write the same rows in three ways, and return how each is opened."""
    texts = sentences(2 * min(rows, 50_000))
    pairs = [(f"{texts[2 * row % len(texts)]} {row}", texts[(2 * row + 1) % len(texts)]) for row in range(rows)]
    lines = [json.dumps({"anchor": one, "positive": other}) + "\n" for one, other in pairs]
    (folder / "rows.jsonl").write_text("".join(lines), encoding="utf-8")
    with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("anchor", "positive"), *pairs])
    (folder / "shards").mkdir()
    for shard in range(SHARDS):
        (folder / "shards" / f"part-{shard}.jsonl").write_text("".join(lines[shard::SHARDS]), encoding="utf-8")
    return {
        "JSONL": partial(JsonLines, str(folder / "rows.jsonl")),
        "CSV": partial(CSV, str(folder / "rows.csv")),
        "shards": partial(JsonLines, str(folder / "shards")),
    }


def opened_anew(opened: Callable[[], Source], workers: int) -> Source:
    """Open a source for which nothing is kept yet; what is kept of it goes with the folder."""
    with tempfile.TemporaryDirectory() as cache, passing(FirstPass(workers)):
        os.environ["XDG_CACHE_HOME"] = cache
        return opened()


def seconds_of(opened: Callable[[], Source], workers: int) -> float:
    """Return how long the pass takes."""
    start = time.perf_counter()
    opened_anew(opened, workers)
    return time.perf_counter() - start


def refuse_difference(opened: Callable[[], Source]) -> None:
    """End where two workers find something else than one process."""
    one, two = (opened_anew(opened, workers) for workers in (1, 2))
    locations = ([source.location(row) for row in range(len(source))] for source in (one, two))
    if one.fingerprint != two.fingerprint or next(locations) != next(locations):
        raise SystemExit("Two workers find other rows than one process.")


if __name__ == "__main__":
    main()
