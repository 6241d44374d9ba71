"""The records of any file with columns, whatever they hold: what a look at a file reads before columns are named."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from textcl.data.sources.arrow import arrow_batches, arrow_errors
from textcl.data.sources.beir import BEIR
from textcl.data.sources.file_rows import line_spans, open_content
from textcl.data.sources.json_lines import json_record
from textcl.data.sources.tables import table_names, table_record, table_spans
from textcl.data.sources.text_files import FolderLines
from textcl.errors import DataError
from textcl.files.lines import decoded, refuse_absence
from textcl.files.tables import TSV, Dialect, delimiter_of, refuse_twins

_ENDINGS = {
    ".txt": "TextLines",
    ".jsonl": "JsonLines",
    ".ndjson": "JsonLines",
    ".json": "JsonLines",  # which is refused where it is one value over many lines
    ".csv": "CSV",
    ".tsv": "TSV",
    ".parquet": "Parquet",
    ".arrow": "Arrow",
    ".feather": "Arrow",
}
_TRAINING = {"queries": ("queries-train.jsonl",), "qrels": ("qrels-train.tsv", "qrels/train.tsv")}  # of a BEIR folder
TEXT = "text"  # what the one column of a file without columns is called


@dataclass(frozen=True, slots=True)
class Records:
    """The records of a file in order, and how a recipe names it."""

    use: str  # the source
    settings: Mapping[str, str]  # beside path and columns
    rows: Iterator[Mapping[str, object]]


def open_records(path: Path) -> Records:
    """Open a file, or a folder of texts, by its ending.

    Raises:
        DataError: It is missing, of an unknown kind, or cannot be read.
    """
    if path.is_dir():
        return _folder(path)
    ending = Path(path.name.lower().removesuffix(".gz")).suffix
    use = _ENDINGS.get(ending)
    if use is None:
        refuse_absence(path)
        raise DataError(f"{path} ends in '{ending}'; textcl reads {', '.join(_ENDINGS)}, and folders of text files.")
    if use in ("Parquet", "Arrow"):
        refuse_absence(path)
        return Records(use, {}, _parquet(path) if use == "Parquet" else _arrow(path))
    return _table(path, use) if use in ("CSV", "TSV") else Records(use, {}, _lines(path, is_json=use == "JsonLines"))


def _lines(path: Path, is_json: bool) -> Iterator[Mapping[str, object]]:
    for span in line_spans(open_content(path)):
        place = f"{path}, line {span.number}"
        line = decoded(span.raw, place).strip()
        yield json_record(line, place) if is_json else {TEXT: line}


def _table(path: Path, use: str) -> Records:
    content = open_content(path)
    dialect, settings = TSV, {}
    if use == "CSV":
        delimiter = delimiter_of(next((line for line in content.lines() if line.strip()), b"").decode(errors="replace"))
        dialect = Dialect(delimiter, is_quoted=True)
        settings = {} if delimiter == "," else {"delimiter": delimiter}
    names = table_names(content, dialect)
    refuse_twins(names, f"{path}, line 1")
    spans = table_spans(content, dialect)
    next(spans)
    rows = (table_record(span.raw, dialect, names, f"{path}, line {span.number}") for span in spans)
    return Records(use, settings, rows)


def _folder(path: Path) -> Records:
    if (path / "corpus.jsonl").is_file() or (path / "corpus.jsonl.gz").is_file():
        return _beir(path)
    source = FolderLines(str(path))
    return Records("FolderLines", {}, ({TEXT: source[row].anchor} for row in range(len(source))))


def _beir(path: Path) -> Records:
    """Open a retrieval set, at the judgements for training where it has some."""
    settings: dict[str, str] = {}
    for name, choices in _TRAINING.items():
        found = next(
            (choice for choice in choices if (path / choice).is_file() or (path / f"{choice}.gz").is_file()), None
        )
        settings |= {} if found is None else {name: found}
    source = BEIR(str(path), settings.get("queries", "queries.jsonl"), settings.get("qrels", "qrels.tsv"))
    examples = (source[row] for row in range(len(source)))
    return Records("BEIR", settings, ({"query": row.anchor, "document": list(row.positives)} for row in examples))


def _parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    with arrow_errors(path), pq.ParquetFile(path, memory_map=True) as table:
        for batch in table.iter_batches(1000, use_threads=False):
            yield from batch.to_pylist()


def _arrow(path: Path) -> Iterator[Mapping[str, Any]]:
    with arrow_errors(path), pa.memory_map(str(path)) as source:
        for batch in arrow_batches(source):
            for start in range(0, batch.num_rows, 1000):
                yield from batch.slice(start, 1000).to_pylist()
