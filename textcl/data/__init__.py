"""Data: sources (one a file), views of their rows, identities of texts, and batches."""

from textcl.data.ahead import made_ahead
from textcl.data.arrow import Arrow
from textcl.data.batches import Batches
from textcl.data.beir import BEIR
from textcl.data.concatenation import Concatenation
from textcl.data.csv_rows import CSV
from textcl.data.data_workers import usual_workers
from textcl.data.docstrings import Docstrings
from textcl.data.folder_lines import FolderLines
from textcl.data.folder_texts import FolderTexts
from textcl.data.hub_dataset import HubDataset
from textcl.data.identity import identities
from textcl.data.json_lines import JsonLines
from textcl.data.kept_tokens import KeptTokens, is_whole, keep_tokens, tables_of
from textcl.data.parquet import Parquet
from textcl.data.preview import (
    LengthDistribution,
    PreviewRow,
    PreviewView,
    length_distribution,
    preview,
    sample_originals,
)
from textcl.data.text_lines import TextLines
from textcl.data.tsv_rows import TSV
from textcl.data.views import ViewSpec, ViewText, are_identical, default_views, shares_draw, texts_of
from textcl.data.wordnet import WordNet

__all__ = [
    "BEIR",
    "CSV",
    "TSV",
    "Arrow",
    "Batches",
    "Concatenation",
    "Docstrings",
    "FolderLines",
    "FolderTexts",
    "HubDataset",
    "JsonLines",
    "KeptTokens",
    "LengthDistribution",
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
    "tables_of",
    "texts_of",
    "usual_workers",
]
