"""`textcl check`: what a recipe would do, without training."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from textcl.cli.options import Changes, RecipeName

if TYPE_CHECKING:
    from textcl.data import PreviewRow
    from textcl.recipe import Plan

_WIDTH = 300  # characters that are shown of a text


def check(recipe: RecipeName, changes: Changes = None) -> None:
    """Check a recipe and print what it would do: every setting, the size of the run, its texts. Trains nothing."""
    from textcl.recipe import load_recipe, plan, resolved

    checked = load_recipe(recipe, changes or ())
    print(resolved(checked))
    for line in _lines(plan(checked), checked.data.max_length):
        print(line)


def _lines(found: Plan, max_length: int) -> list[str]:
    lengths = found.lengths
    tokens = ", ".join(f"{percent} % have at most {count}" for percent, count in lengths.percentiles.items())
    lines = [
        f"rows        {found.rows:,}",
        f"batch       {found.batch_rows:,} rows",
        f"steps       {found.steps:,}, of {found.steps_per_epoch:,} an epoch",
        f"encoder     {found.parameters:,} parameters",
        f"tokens      of the texts of {lengths.sampled:,} rows {tokens}",
        f"cut off     {lengths.cut_share:.1%} of the texts are longer than data.max_length = {max_length}",
    ]
    for example in found.examples:
        lines += ["", example.place, *_views(example)]
    return lines


def _views(example: PreviewRow) -> list[str]:
    lines = []
    for (role, text), names in zip(example.views, example.inputs, strict=True):
        lines.append(f"  {role:<9} {shorten(text, _WIDTH)}" + (f"  [input: {names}]" if names else ""))
    return lines
