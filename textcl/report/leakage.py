"""Leakage as JSON, as a table and as examples."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from textwrap import shorten

from rich.table import Table

from textcl.evaluation.leakage import Copy, Leakage, PartLeakage
from textcl.text.folding import SHORT
from textcl.util.atomic import write_json

EXAMPLES = 3  # copies of each part that a report holds
UNKNOWN = "unknown"  # in a report: the pairs of a task that does not say which texts it compares
_WIDTH = 150  # characters that are shown of a text


def leakage_json(leakage: Mapping[str, Leakage], examples: int | None = EXAMPLES) -> dict[str, object]:
    """Return leakage as JSON knows it, with this many copies of each part; None: all."""
    return {task: _task(found, examples) for task, found in leakage.items()}


def write_leakage(path: Path, leakage: Mapping[str, Leakage]) -> None:
    """Write leakage with every copy. It appears whole or not at all."""
    write_json(path, leakage_json(leakage, None))


def leakage_table(leakage: Mapping[str, Leakage]) -> Table:
    """Return a row for each part of each task, and one for its pairs."""
    table = Table("task", "of its")
    for name in ("distinct", "exact", "near", "leaked"):
        table.add_column(name, justify="right", no_wrap=True)
    for task, found in leakage.items():
        for number, (label, part) in enumerate(found.parts.items()):
            exact, near = len(part.exact), len(part.near)
            table.add_row(
                task if number == 0 else "", label, f"{part.texts:,}", f"{exact:,}", f"{near:,}", f"{part.share:.1%}"
            )
        if found.pairs is not None and found.pairs.both:
            together = found.pairs.together
            share = together / found.pairs.pairs
            table.add_row("", "pairs, side by side", f"{found.pairs.pairs:,}", f"{together:,}", "", f"{share:.1%}")
        table.add_section()
    return table


def leakage_lines(leakage: Mapping[str, Leakage]) -> Iterator[str]:
    """Yield what the table cannot say: pairs that leak or are not known, and a copy of each sort."""
    for task, found in leakage.items():
        if not found.knows_pairs:
            yield f"{task}: it does not say which texts it compares, so its pairs were not checked, only single texts."
        pairs = found.pairs
        if pairs is not None and pairs.both:
            graded = "" if pairs.same_grade is None else f", {pairs.same_grade:,} with their own score or label"
            yield (
                f"{task}: {pairs.both:,} pairs have both texts in the training text, {pairs.together:,} of them side "
                f"by side{graded}."
            )
        for label, part in found.parts.items():
            if part.short:
                yield (
                    f"{task}, {label}: {part.short:,} of the {len(part.exact):,} exact copies have at most {SHORT} "
                    "letters and digits; they may be chance."
                )
            for copy in (*part.exact[:1], *part.near[:1]):
                yield from _shown(task if label == "texts" else f"{task}, {label}", copy)


def _task(found: Leakage, examples: int | None) -> dict[str, object]:
    parts = {label: _part(part, examples) for label, part in found.parts.items()}
    if not found.knows_pairs:
        return {**parts, "pairs": UNKNOWN}
    return {**parts, "pairs": None if found.pairs is None else asdict(found.pairs)}


def _part(part: PartLeakage, examples: int | None) -> dict[str, object]:
    counts = {"texts": part.texts, "short": part.short, "exact": len(part.exact), "near": len(part.near)}
    copies = [asdict(copy) for copy in (*part.exact[:examples], *part.near[:examples])]
    return {**counts, "share": part.share, "copies": copies}


def _shown(what: str, copy: Copy) -> Iterator[str]:
    kind = "exact" if copy.share == 1 else f"near, {copy.share:.0%} of its runs of words"
    yield f"{what}, {kind}: {shorten(copy.text, _WIDTH)}"
    yield f"    {copy.location}: {shorten(copy.found, _WIDTH)}"
