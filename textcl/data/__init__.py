"""Data: sources (one a file), views of their rows, identities of texts, and batches."""

from textcl.data.batches import Batches
from textcl.data.mixed_batches import MixedBatches
from textcl.data.orders import Blended, LabelGroups, shares_of
from textcl.data.prefetch import made_ahead
from textcl.data.preview import (
    LengthDistribution,
    PreviewRow,
    PreviewView,
    length_distribution,
    preview,
    sample_originals,
)
from textcl.data.sources.arrow import Arrow
from textcl.data.sources.beir import BEIR
from textcl.data.sources.concatenation import Concatenation
from textcl.data.sources.docstrings import Docstrings
from textcl.data.sources.hub_dataset import HubDataset
from textcl.data.sources.json_lines import JsonLines
from textcl.data.sources.parquet import Parquet
from textcl.data.sources.tables import CSV, TSV
from textcl.data.sources.text_files import FolderLines, FolderTexts, TextLines
from textcl.data.sources.wordnet import WordNet
from textcl.data.token_cache import KeptTokens, is_whole, keep_tokens, tables_of
from textcl.data.views import ViewSpec, ViewText, are_identical, default_views, shares_draw, texts_of
from textcl.data.workers import usual_workers
from textcl.text.folding import identities

__all__ = [
    "BEIR",
    "CSV",
    "TSV",
    "Arrow",
    "Batches",
    "Blended",
    "Concatenation",
    "Docstrings",
    "FolderLines",
    "FolderTexts",
    "HubDataset",
    "JsonLines",
    "KeptTokens",
    "LabelGroups",
    "LengthDistribution",
    "MixedBatches",
    "Parquet",
    "PreviewRow",
    "PreviewView",
    "TextLines",
    "ViewSpec",
    "ViewText",
    "WordNet",
    "are_identical",
    "default_views",
    "identities",
    "is_whole",
    "keep_tokens",
    "length_distribution",
    "made_ahead",
    "preview",
    "sample_originals",
    "shares_draw",
    "shares_of",
    "tables_of",
    "texts_of",
    "usual_workers",
]
