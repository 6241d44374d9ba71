"""Memory and time of InfoNCE over a large batch: value and gradient, against sentence-transformers' cached loss.

Each figure is a process of its own, which has the embeddings and calls the loss: no encoder takes part. Memory is the
most that the process held beyond its inputs, which are the embeddings and their gradient. The peer is measured with
several sizes of its mini-batch, and the fastest counts. One rank of two goes through half of the rows.

Run: python eval/speed/loss.py
"""

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

from machine import record

MEMORY = ((16_384, 64, 300.0), (65_536, 384, 600.0))  # rows, width, megabytes beyond the inputs at most
ROWS, WIDTH = 8192, 384  # where time is measured
PEER = (32, 256, 1024)  # rows of the peer's mini-batch; 32 is its default
WANTED = {"times as fast as the peer": 1.0, "one rank of two, share of the time": 0.6}

CALL = """
import json, sys, time
from pathlib import Path
import torch
side, rows, width, size, repeats = sys.argv[1], *map(int, sys.argv[2:])

def megabytes(name):
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024

def ours(views, part):
    from textcl.objectives.info_nce import InfoNCE
    from textcl.types.batches import EmbeddedBatch
    from textcl.types.text import Role
    loss, count = InfoNCE(), len(views[0])
    identity = tuple(torch.arange(count) + view * count for view in range(len(views)))
    batch = EmbeddedBatch(views, views, (Role.ANCHOR, Role.POSITIVE), identity)
    if part == count:
        loss(batch).backward()
    else:
        loss.by_rows(batch).differentiated(0, part, loss.parameters()).backward()

def theirs(views, mini_batch):
    from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss
    loss = CachedMultipleNegativesRankingLoss([torch.nn.Identity()], mini_batch_size=mini_batch)
    loss.calculate_loss([[view] for view in views], with_backward=True)

work = ours if side == "textcl" else theirs
work(tuple(torch.randn(64, width).requires_grad_() for _ in range(2)), 64)
views = tuple(torch.randn(rows, width).requires_grad_() for _ in range(2))
for view in views:
    view.grad = torch.zeros_like(view)
Path("/proc/self/clear_refs").write_text("5")  # the peak of memory starts anew
before, seconds = megabytes("VmRSS"), []
for _ in range(repeats):
    start = time.perf_counter()
    work(views, size)
    seconds.append(time.perf_counter() - start)
print(json.dumps({"megabytes": megabytes("VmHWM") - before, "seconds": seconds}))
"""


def main() -> None:
    """Measure, print and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-record", action="store_true", help="Print only: a trial.")
    arguments = parser.parse_args()
    memory = {f"{rows} rows of {width}": call("textcl", rows, width, rows, 1) for rows, width, _ in MEMORY}
    sides = {"textcl": ("textcl", ROWS), "one rank of two": ("textcl", ROWS // 2)}
    sides |= {f"sentence-transformers, mini-batch {size}": ("peer", size) for size in PEER}
    found: dict[str, list[dict]] = {name: [] for name in sides}
    for _ in range(arguments.repeats):
        for name, (side, size) in sides.items():
            found[name].append(call(side, ROWS, WIDTH, size, 2))
    seconds = {name: [each["seconds"][-1] for each in runs] for name, runs in found.items()}
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    fastest = min((name for name in medians if name.startswith("sentence")), key=medians.__getitem__)
    ratios = {
        "times as fast as the peer": medians[fastest] / medians["textcl"],
        "one rank of two, share of the time": medians["one rank of two"] / medians["textcl"],
    }
    shown = {
        "wanted": WANTED | {f"megabytes at {rows} rows of {width}": most for rows, width, most in MEMORY},
        "megabytes": {name: round(run["megabytes"]) for name, run in memory.items()},
        "seconds_of_those": {name: round(run["seconds"][0], 2) for name, run in memory.items()},
        "seconds": {name: [round(value, 3) for value in values] for name, values in seconds.items()},
        "megabytes_at_8192": {name: round(max(run["megabytes"] for run in runs)) for name, runs in found.items()},
        "fastest_peer": fastest,
        "ratios": {name: round(value, 3) for name, value in ratios.items()},
    }
    print(json.dumps(shown, indent=2))
    if not arguments.no_record:
        record("loss", shown)


def call(side: str, rows: int, width: int, size: int, repeats: int) -> dict:
    """Run a side in a process of its own and return what it printed."""
    command = [sys.executable, "-c", CALL, side, *map(str, (rows, width, size, repeats))]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    return dict(json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
