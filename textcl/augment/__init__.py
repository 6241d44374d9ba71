"""Augmentations, one a file: of texts, and of the sequences that go into an encoder. Pure, all randomness passed in."""

from textcl.augment.feature_cutoff import FeatureCutoff
from textcl.augment.span_crop import SpanCrop
from textcl.augment.token_cutoff import TokenCutoff
from textcl.augment.token_shuffle import TokenShuffle

__all__ = ["FeatureCutoff", "SpanCrop", "TokenCutoff", "TokenShuffle"]
