"""Data: sources (one a file), views of their rows, identities of texts, and batches."""

from textcl.data.batches import Batches
from textcl.data.concatenation import Concatenation
from textcl.data.docstrings import Docstrings
from textcl.data.identity import identities
from textcl.data.json_lines import JsonLines
from textcl.data.preview import (
    LengthDistribution,
    PreviewRow,
    PreviewView,
    length_distribution,
    preview,
    sample_originals,
)
from textcl.data.text_lines import TextLines
from textcl.data.views import ViewSpec, ViewText, are_identical, default_views, shares_draw, texts_of

__all__ = [
    "Batches",
    "Concatenation",
    "Docstrings",
    "JsonLines",
    "LengthDistribution",
    "PreviewRow",
    "PreviewView",
    "TextLines",
    "ViewSpec",
    "ViewText",
    "are_identical",
    "default_views",
    "identities",
    "length_distribution",
    "preview",
    "sample_originals",
    "shares_draw",
    "texts_of",
]
