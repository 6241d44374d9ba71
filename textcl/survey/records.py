"""The rows of any file, whatever they hold: what a look at a file reads before columns are named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from textcl.data.sources.beir import BEIR
from textcl.data.sources.concatenation import is_shard, kind_or_none, shards_of
from textcl.data.sources.text_files import FolderLines
from textcl.files.formats import FileKind, kind_of
from textcl.files.lines import EmptyFileError, refuse_absence
from textcl.files.rows import TEXT, Row, present, read_rows
from textcl.files.tables import dialect_of

_SOURCES = {
    FileKind.TEXT: "TextLines",
    FileKind.JSON: "JsonLines",
    FileKind.CSV: "CSV",
    FileKind.TSV: "TSV",
    FileKind.PARQUET: "Parquet",
    FileKind.ARROW: "Arrow",
}
_TRAINING = {"queries": ("queries-train.jsonl",), "qrels": ("qrels-train.tsv", "qrels/train.tsv")}  # of a BEIR folder


@dataclass(frozen=True, slots=True)
class Records:
    """The rows of a file in order, and how a recipe names it."""

    use: str  # the source
    settings: Mapping[str, str]  # beside path and columns
    rows: Iterator[Row]


def open_records(path: Path) -> Records:
    """Open a file, or a folder of texts, by its ending.

    Raises:
        DataError: It is missing, of an unknown kind, or cannot be read.
    """
    if path.is_dir():
        return _beir(path) if present(path / "corpus.jsonl").is_file() else _folder(path)
    kind = kind_of(path)
    refuse_absence(path)
    delimiter = dialect_of(path).delimiter if kind is FileKind.CSV else ","
    return Records(_SOURCES[kind], {} if delimiter == "," else {"delimiter": delimiter}, read_rows(path))


def _folder(path: Path) -> Records:
    """Open a folder of text files, or of shards of one kind with columns, where it holds no text."""
    kinds = {kind_or_none(file) for file in path.rglob("*") if is_shard(file, path)}
    found = [kind for kind in _SOURCES if kind in kinds and kind is not FileKind.TEXT]
    if len(found) == 1 and not any(path.rglob("*.txt*")):
        files = shards_of(str(path), found[0])
        delimiter = dialect_of(files[0]).delimiter if found[0] is FileKind.CSV else ","
        return Records(_SOURCES[found[0]], {} if delimiter == "," else {"delimiter": delimiter}, _shard_rows(files))
    source = FolderLines(str(path))
    rows = (Row(source.location(row), {TEXT: source[row].anchor}, row + 1) for row in range(len(source)))
    return Records("FolderLines", {}, rows)


def _shard_rows(files: list[Path]) -> Iterator[Row]:
    """Yield the rows of all shards; those without rows are passed over, unless all are."""
    empty = []
    for file in files:
        try:
            yield from read_rows(file)
        except EmptyFileError as error:
            empty.append(error)
    if len(empty) == len(files):
        raise empty[0]


def _beir(path: Path) -> Records:
    """Open a retrieval set, at the judgements for training where it has some."""
    settings: dict[str, str] = {}
    for name, choices in _TRAINING.items():
        found = next((choice for choice in choices if present(path / choice).is_file()), None)
        settings |= {} if found is None else {name: found}
    source = BEIR(str(path), settings.get("queries", "queries.jsonl"), settings.get("qrels", "qrels.tsv"))
    examples = ((source.location(row), source[row]) for row in range(len(source)))
    rows = (
        Row(location, {"query": row.anchor, "document": list(row.positives)}, row.row + 1) for location, row in examples
    )
    return Records("BEIR", settings, rows)
