"""The text augmentations under contract: every one of `textcl.augment.__all__`.

An augmentation stands here for settings that deserve a case of their own, and for files that it needs. Any other is
built as the example of its docstring has it; where it has a rate, its idle form is the one with a rate of 0.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.tiny import masked_language_model
from tests.wordnet_sample import write_wordnet
from textcl.augment.adjacent_span import AdjacentSpan
from textcl.augment.back_translated import BackTranslated
from textcl.augment.case_noise import CaseNoise
from textcl.augment.composed import Chain, OneOf, Sometimes
from textcl.augment.masked_substitution import MaskedSubstitution
from textcl.augment.punctuation_noise import PunctuationNoise
from textcl.augment.span_crop import SpanCrop
from textcl.augment.synonyms import Synonyms
from textcl.augment.template import Template
from textcl.augment.typos import Typos
from textcl.augment.word_deletion import WordDeletion
from textcl.augment.word_repetition import WordRepetition
from textcl.augment.word_shuffle import WordShuffle
from textcl.augment.word_swap import WordSwap
from textcl.recipe.catalogue import Entry, entries
from textcl.recipe.components import AUGMENTATION, build
from textcl.types.text import Augmentation

PLAIN = "a dog runs quickly to the big old car and the man sees one two three four five six red birds in a tree"


@dataclass(frozen=True)
class Case:
    """An augmentation, made in a folder of its own; `idle` is one that can change nothing."""

    make: Callable[[Path], Augmentation]
    draws: bool = True  # whether other random numbers make other texts
    idle: Callable[[Path], Augmentation] | None = None


def translated(folder: Path, p: float = 0.5) -> BackTranslated:
    path = folder / "translated.jsonl"
    path.write_text(json.dumps({"text": PLAIN, "translations": ["a hound", "one dog"]}) + "\n", encoding="utf-8")
    return BackTranslated(str(path), p)


SPECIAL: dict[str, Case] = {
    "AdjacentSpan": Case(lambda _: AdjacentSpan("anchor", 2, 8)),
    "AdjacentSpan positive": Case(lambda _: AdjacentSpan("positive", 2, 8)),
    "BackTranslated": Case(translated, idle=lambda folder: translated(folder, 0.0)),
    "CaseNoise everywhere": Case(lambda _: CaseNoise(1.0)),
    "Chain": Case(lambda _: Chain([WordDeletion(0.5), Typos(0.5)]), idle=lambda _: Chain([WordSwap(0.0), Typos(0.0)])),
    "MaskedSubstitution": Case(
        lambda folder: MaskedSubstitution(masked_language_model(folder)),
        idle=lambda folder: MaskedSubstitution(masked_language_model(folder), rate=0.0),
    ),
    "OneOf": Case(lambda _: OneOf([SpanCrop(), WordSwap()], [1.0, 2.0]), idle=lambda _: OneOf([Typos(0.0)])),
    "PunctuationNoise": Case(lambda _: PunctuationNoise(), idle=lambda _: PunctuationNoise(0.0, 0.0)),
    "PunctuationNoise everywhere": Case(lambda _: PunctuationNoise(1.0, 1.0)),
    "Sometimes": Case(lambda _: Sometimes(WordDeletion(0.5)), idle=lambda _: Sometimes(WordDeletion(1.0), p=0.0)),
    "Synonyms": Case(
        lambda folder: Synonyms(folder=str(write_wordnet(folder))),
        idle=lambda folder: Synonyms(0.0, str(write_wordnet(folder))),
    ),
    "Template": Case(lambda _: Template(), draws=False),
    "Typos everywhere": Case(lambda _: Typos(1.0)),
    "WordDeletion everywhere": Case(lambda _: WordDeletion(1.0)),
    "WordRepetition everywhere": Case(lambda _: WordRepetition(1.0)),
    "WordShuffle": Case(lambda _: WordShuffle(), idle=lambda _: WordShuffle(0)),
    "WordSwap everywhere": Case(lambda _: WordSwap(1.0)),
}


def of_example(entry: Entry) -> Case:
    """The augmentation as its docstring has it."""
    (component,) = entry.section()["augment"]

    def make(_: Path, **changes: float) -> Augmentation:
        return build({**component, **changes}, AUGMENTATION, "augment")

    return Case(make, idle=partial(make, rate=0.0) if "rate" in entry.settings else None)


CASES = {entry.name: of_example(entry) for entry in entries(AUGMENTATION) if entry.name not in SPECIAL} | SPECIAL
