"""`textcl check`: what a recipe would do, without training."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from textwrap import shorten
from typing import TYPE_CHECKING

from textcl.cli.options import AllowCode, Changes, RecipeName
from textcl.text.spacing import split_words

if TYPE_CHECKING:
    from textcl.data.preview import PreviewRow
    from textcl.data.views import ViewText
    from textcl.types.text import Role
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


def _lines(found: Plan, max_length: int | dict[Role, int]) -> list[str]:
    lines = [
        f"rows        {found.rows:,}",
        f"batch       {found.batch_rows:,} rows",
        f"steps       {found.steps:,}, of {found.steps_per_epoch:,} an epoch",
        f"encoder     {found.parameters:,} parameters{_trained(found)}",
        *_mix(found),
        *(f"held out    {made.rows:,} rows, as task {made.task.name}: {made.how}" for made in found.held_out),
    ]
    for part in found.parts:
        lines += [*(["", f"source {part.name}"] if part.name else []), *_texts(part, max_length)]
        for example in part.examples:
            lines += ["", example.location, *_views(example)]
    return lines


def _trained(found: Plan) -> str:
    return "" if found.trained == found.parameters else f", {found.trained:,} of them trained"


def _mix(found: Plan) -> list[str]:
    """Show what each source of a mix gives to the first epoch."""
    width = max((len(source.name) for source in found.mix), default=0)
    return [
        f"mix         {source.name:<{width}}  {source.drawn_share:.2%} of the rows of an epoch, {source.share:.2%} "
        f"wanted: {source.drawn:,} drawn of {source.rows:,}, {source.drawn / source.rows:.2f} times each, in "
        f"{source.steps:,} steps"
        for source in found.mix
    ]


def _texts(part: PartPlan, max_length: int | dict[Role, int]) -> list[str]:
    lengths = part.lengths
    kept = max_length if isinstance(max_length, int) else ", ".join(f"{role} {n}" for role, n in max_length.items())
    tokens = ", ".join(f"{percent} % have at most {count}" for percent, count in lengths.percentiles.items())
    lines = [
        f"tokens      of the texts of {lengths.sampled:,} rows {tokens}",
        f"cut off     {lengths.cut_share:.1%} of the texts are longer than data.max_length = {kept}",
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


_WORDS = 400  # that are compared of a text: time grows with their square
_RUN = 12  # words of a stretch that is all alike before its middle is left out
_LONGEST = 80  # characters of a word


def word_changes(before: str, after: str) -> str:
    """Return the second text with the words of the first that went in [-…-] and those that came in {+…+}.

    The middle of a long stretch of one kind is left out; white space shows as single blanks.
    """
    old, new = _shown_words(before), _shown_words(after)
    first, second = ([word.rstrip() for word in words[:_WORDS]] for words in (old, new))
    parts = []
    for kind, start, end, new_start, new_end in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        gone, came = _shortened(old[start:end]), _shortened(new[new_start:new_end])
        if kind == "equal":
            parts.append(came)
        else:
            parts += [f"[-{gone}-]"] * bool(gone) + [f"{{+{came}+}}"] * bool(came)
    return " ".join(parts) + (" …" if max(len(old), len(new)) > _WORDS else "")


def _shown_words(text: str) -> list[str]:
    """Return words, each with a blank behind it where white space stands there."""
    words, gaps = split_words(text)
    return [f"{word} " if gap else word for word, gap in zip(words, gaps[1:], strict=True)]


def _shortened(words: Sequence[str]) -> str:
    """Return words as a text, without the middle of a long stretch and the end of a long word."""
    kept = words if len(words) <= _RUN else [*words[: _RUN // 2], "… ", *words[-_RUN // 2 :]]
    return "".join(word if len(word) <= _LONGEST else f"{word[:_LONGEST]}… " for word in kept).rstrip()
