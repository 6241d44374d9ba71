"""Data: sources (one a file), views of their rows, identities of texts, and batches."""

from typing import TYPE_CHECKING

from textcl.lazy import lazy

if TYPE_CHECKING:
    from textcl.data.sources.arrow import Arrow
    from textcl.data.sources.beir import BEIR
    from textcl.data.sources.concatenation import Concatenation
    from textcl.data.sources.docstrings import Docstrings
    from textcl.data.sources.documents import Documents
    from textcl.data.sources.hub_dataset import HubDataset
    from textcl.data.sources.json_lines import JsonLines
    from textcl.data.sources.parquet import Parquet
    from textcl.data.sources.tables import CSV, TSV
    from textcl.data.sources.text_files import FolderLines, FolderTexts, TextLines
    from textcl.data.sources.wordnet import WordNet
else:
    __getattr__, __dir__ = lazy(__name__)

__all__ = [
    "BEIR",
    "CSV",
    "TSV",
    "Arrow",
    "Concatenation",
    "Docstrings",
    "Documents",
    "FolderLines",
    "FolderTexts",
    "HubDataset",
    "JsonLines",
    "Parquet",
    "TextLines",
    "WordNet",
]
