"""Augmentations, one a file: of texts, and of the sequences that go into an encoder. Pure, all randomness passed in."""

from typing import TYPE_CHECKING

from textcl.lazy import lazy

if TYPE_CHECKING:
    from textcl.augment.adjacent_span import AdjacentSpan
    from textcl.augment.back_translated import BackTranslated
    from textcl.augment.case_noise import CaseNoise
    from textcl.augment.composed import Chain, OneOf, Sometimes
    from textcl.augment.cutoff import FeatureCutoff, TokenCutoff
    from textcl.augment.masked_substitution import MaskedSubstitution
    from textcl.augment.punctuation_noise import PunctuationNoise
    from textcl.augment.span_crop import SpanCrop
    from textcl.augment.synonyms import Synonyms
    from textcl.augment.template import Template
    from textcl.augment.token_shuffle import TokenShuffle
    from textcl.augment.typos import Typos
    from textcl.augment.word_deletion import WordDeletion
    from textcl.augment.word_repetition import WordRepetition
    from textcl.augment.word_shuffle import WordShuffle
    from textcl.augment.word_swap import WordSwap
else:
    __getattr__, __dir__ = lazy(__name__)

__all__ = [
    "AdjacentSpan",
    "BackTranslated",
    "CaseNoise",
    "Chain",
    "FeatureCutoff",
    "MaskedSubstitution",
    "OneOf",
    "PunctuationNoise",
    "Sometimes",
    "SpanCrop",
    "Synonyms",
    "Template",
    "TokenCutoff",
    "TokenShuffle",
    "Typos",
    "WordDeletion",
    "WordRepetition",
    "WordShuffle",
    "WordSwap",
]
