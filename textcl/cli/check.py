"""`textcl check`: what a recipe would do, without training."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from textcl.cli.options import AllowCode, Changes, RecipeName
from textcl.cli.word_changes import word_changes

if TYPE_CHECKING:
    from textcl.data.preview import PreviewRow
    from textcl.data.views import ViewText
    from textcl.workflows.run.prepare import PartPlan, Plan

_WIDTH = 300  # characters that are shown of a text


def check(recipe: RecipeName, changes: Changes = None, allow_code: AllowCode = None) -> None:
    """Check a recipe without training.

    Prints every setting, the number of rows and steps, text lengths, and what the views make of some rows.
    """
    from textcl.recipe.load import load_recipe, resolved
    from textcl.workflows.run.prepare import plan

    checked = load_recipe(recipe, changes or (), allow_code or ())
    print(resolved(checked))
    for line in _lines(plan(checked), checked.data.max_length):
        print(line)


def _lines(found: Plan, max_length: int) -> list[str]:
    lines = [
        f"rows        {found.rows:,}",
        f"batch       {found.batch_rows:,} rows",
        f"steps       {found.steps:,}, of {found.steps_per_epoch:,} an epoch",
        f"encoder     {found.parameters:,} parameters",
        *_mix(found),
    ]
    for part in found.parts:
        lines += [*(["", f"source {part.name}"] if part.name else []), *_texts(part, max_length)]
        for example in part.examples:
            lines += ["", example.place, *_views(example)]
    return lines


def _mix(found: Plan) -> list[str]:
    """Show what each source of a mix gives to the first epoch."""
    width = max((len(source.name) for source in found.mix), default=0)
    return [
        f"mix         {source.name:<{width}}  {source.drawn_share:.2%} of the rows of an epoch, {source.share:.2%} "
        f"wanted: {source.drawn:,} drawn of {source.rows:,}, {source.drawn / source.rows:.2f} times each, in "
        f"{source.steps:,} steps"
        for source in found.mix
    ]


def _texts(part: PartPlan, max_length: int) -> list[str]:
    lengths = part.lengths
    tokens = ", ".join(f"{percent} % have at most {count}" for percent, count in lengths.percentiles.items())
    lines = [
        f"tokens      of the texts of {lengths.sampled:,} rows {tokens}",
        f"cut off     {lengths.cut_share:.1%} of the texts are longer than data.max_length = {max_length}",
        f"unknown     {part.lost.unknown_share:.1%} of the tokens, which the tokenizer has no word for",
    ]
    if changed := _changed(part):
        lines.append(f"changed     by {'its' if part.name else 'data'}.views.*.augment: {changed} of the texts")
    return lines


def _changed(part: PartPlan) -> str:
    """Say how many texts the augmentations of each view change, for all views that have any."""
    views = zip(part.examples[0].views, part.lengths.changed_shares, strict=True)
    return ", ".join(f"{view.role} {share:.1%}" for view, share in views if len(view.draws) > 1)


def _views(example: PreviewRow) -> list[str]:
    """Show each view of a row: its text, and what the first epochs make of it where they change it."""
    lines = []
    for view in example.views:
        names = f"  [input: {view.input}]" if view.input else ""
        lines.append(f"  {view.role:<9} {shorten(view.draws[0].original, _WIDTH)}{names}")
        if len(view.draws) > 1:
            lines += [f"  {f'epoch {number}':>9} {_drawn(draw)}" for number, draw in enumerate(view.draws, start=1)]
    return lines


def _drawn(draw: ViewText) -> str:
    if draw.text == draw.original:
        return "(unchanged)"
    return word_changes(draw.original, draw.text)
