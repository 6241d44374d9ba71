"""The table of objectives as a page: mean ± standard deviation over the seeds that are done."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from cells import cell, header, line

from textcl.util.atomic import new_file

HEAD = """# Objectives, side by side

Made by `python eval/tables/table.py --data-dir ../shared/data`, which goes on where it was stopped; all numbers
are in [`objectives.json`](objectives.json).

**What the encoder is.** No raw masked-language-model checkpoint was at hand. *Tuned* is the first four of the six
layers of all-MiniLM-L6-v2 with mean pooling: the lower part of a model that was tuned for sentences, the best
stand-in that was found, not an untuned encoder. *Random* is the same shape with random weights, a proof that an
objective learns at all, no more. *Whole* is all six layers, a tuned sentence encoder.

**What is equal.** The same 20,000 Wikipedia sentences once (one epoch, batch 64, cut at 32 tokens), no labels, span
crops as views (two of 30 to 100 % of the words; SwAV has two short ones more), dropout on. Nothing was chosen on a
test set: for each family and start STS-B dev chose a learning rate of four (after 64 steps from the tuned layers, 156
from random ones; from the tuned layers the best two went a whole run; first seed), and in each run of a family the best
of the models after every 52nd of its 313 steps; all else is the bundled recipe's. Scoring keeps 128 tokens of a text.
Numbers are percent: mean Spearman of STS12-16, STS-B and SICK-R, and nDCG@10 on SciFact; mean ± standard deviation over
seeds, and how many seeds are done.
"""
BLOCKS = {
    "parity": "## Parity: dropout views, InfoNCE, ours and sentence-transformers' trainer on the same rows",
    "families": "## Families, all on crop views",
    "supervised": (
        "## Supervised, from all six layers\n\nTriplets of SNLI dev and test and CAD (7,928 rows), STS-B train (5,749 "
        "pairs), 20,000 English-German pairs of Tatoeba;\none epoch of the bundled recipe each. "
        "`sts@128` is of the first 128 numbers of a vector, `sts@4-layers` of the first 4 layers alone."
    ),
}
Results = Mapping[str, Any]  # Any: JSON


def write_page(results: Results, path: Path) -> None:
    """Write the page of what is done so far."""
    parts = [HEAD, *(_block(results, block) for block in BLOCKS), _search(results)]
    with new_file(path) as temporary:
        temporary.write_text("\n".join(parts), encoding="utf-8")


def _block(results: Results, block: str) -> str:
    rows: dict[tuple[str, str], list[Results]] = {}
    for key, run in results["runs"].items():
        of_block, name, start, _ = key.split("/")
        if of_block == block:
            rows.setdefault((start, name), []).append(run)
    columns = _columns(runs[0]["scores"] for runs in rows.values())
    lines = [BLOCKS[block], "", *_header(columns)]
    for start in ("tuned", "random", "whole"):
        own = {name: runs for (of_start, name), runs in rows.items() if of_start == start}
        if block == "families":
            own = dict(sorted(own.items(), key=lambda row: -fmean(run["scores"]["sts"] for run in row[1])))
        untrained = [{"scores": scores} for key, scores in results["starts"].items() if key.split("/")[0] == start]
        if own and untrained:
            lines.append(_row(start, "*(start)*", untrained, columns))
        lines += [_row(start, name, runs, columns) for name, runs in own.items()]
    return "\n".join([*lines, ""])


def _search(results: Results) -> str:
    """Return what the learning rates were chosen by."""
    rows: dict[tuple[str, str], dict[str, list[str]]] = {}
    for part in ("search", "finals"):
        for key, value in results.get(part, {}).items():
            name, start, rate = key.split("/")
            rows.setdefault((start, name), {}).setdefault(part, []).append(f"{rate}: {value:.2f}")
    lines = [
        "## How the learning rates were chosen: Spearman on STS-B dev",
        "",
        *header(["start", "objective", "short runs", "whole runs"]),
    ]
    for row, found in sorted(rows.items(), reverse=True):
        lines.append(line([*row, *(", ".join(found.get(part, ["-"])) for part in ("search", "finals"))]))
    return "\n".join([*lines, ""])


def _columns(scores: Iterable[Results]) -> list[str]:
    """Return the scores that some row has, the single STS sets left to the JSON file where their mean is shown."""
    found = dict.fromkeys(name for row in scores for name in row)
    return [name for name in found if "sts" not in found or name == "sts" or not name.startswith(("sts1", "sick"))]


def _header(columns: list[str]) -> list[str]:
    names = ["start", "objective", *columns, "seeds", "learning rate"]
    return header(names)


def _row(start: str, name: str, runs: Sequence[Results], columns: list[str]) -> str:
    cells = [cell([run["scores"][column] for run in runs if column in run["scores"]]) for column in columns]
    alarm = " (collapse alarm)" if any(run.get("alarm") for run in runs) else ""
    rate = _rate(runs[0]["changes"]) if "changes" in runs[0] else "-"
    return line([start, name + alarm, *cells, str(len(runs)), rate])


def _rate(changes: list[str]) -> str:
    """Return the learning rate that a run was given, or that it has from its recipe."""
    prefix = "training.learning_rate="
    rates = [change.removeprefix(prefix) for change in changes if change.startswith(prefix)]
    return rates[-1] if rates else "the recipe's"
