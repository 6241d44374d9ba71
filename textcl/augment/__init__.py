"""Text augmentations, one a file: pure functions from text to text, all randomness passed in."""

from textcl.augment.span_crop import SpanCrop

__all__ = ["SpanCrop"]
