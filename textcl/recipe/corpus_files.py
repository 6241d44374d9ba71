"""The documents of a corpus, streamed: a text file, JSONL, CSV or a BEIR folder, plain or gzipped."""

import csv
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from textcl.data.lines import read_lines
from textcl.errors import DataError
from textcl.evaluation.rows import Row
from textcl.index.documents import Document

_JSON, _TABLES = (".jsonl", ".ndjson", ".json"), {".csv": ",", ".tsv": "\t"}
_BEIR = "corpus.jsonl"


def read_corpus(path: Path, text_column: str | None = None, id_column: str | None = None) -> Iterator[Document]:
    """Yield the documents of a corpus as they stand in it.

    A text file holds a text a line; a blank line is refused. In JSONL and in CSV or TSV with a first line of names the
    texts are in `text_column`; an empty one is refused. A BEIR folder holds `corpus.jsonl`, from which title and text
    are joined; its documents may be empty, as some benchmarks' are. Where no ids are given, they are the line numbers.

    Args:
        path: A file, or a folder with `corpus.jsonl` or `corpus.jsonl.gz`.
        text_column: Of JSONL and CSV; None: `text`.
        id_column: Of JSONL and CSV; None: ids are line numbers.

    Raises:
        DataError: Something is missing or faulty; says where.
    """
    path = path.expanduser()
    kind = Path(path.name.removesuffix(".gz")).suffix.lower()
    if path.is_dir() or kind not in (*_JSON, *_TABLES):
        if text_column is not None or id_column is not None:
            what = "a BEIR folder has _id, title and text" if path.is_dir() else "a text file has none"
            raise DataError(f"{path}: columns are named for JSONL and CSV; {what}. Leave them out.")
        yield from _beir(path) if path.is_dir() else _lines(path)
    else:
        yield from _columns(path, kind, text_column or "text", id_column)


def _columns(path: Path, kind: str, text_column: str, id_column: str | None) -> Iterator[Document]:
    rows = _json_rows(path) if kind in _JSON else _table_rows(path, _TABLES[kind])
    for number, row in rows:
        identity = str(number) if id_column is None else row.identity(id_column)
        yield _document(identity, row.text(text_column).strip(), row.place)


def _beir(folder: Path) -> Iterator[Document]:
    present = [file for file in (folder / _BEIR, folder / f"{_BEIR}.gz") if file.is_file()]
    if not present:
        raise DataError(f"{folder} holds no {_BEIR}, nor {_BEIR}.gz; a corpus is a file, or a folder with one of them.")
    for _, row in _json_rows(present[0]):
        title = row.words("title") if "title" in row.fields else ""
        yield _document(row.identity("_id"), f"{title} {row.words('text')}".strip(), row.place)


def _lines(path: Path) -> Iterator[Document]:
    expected = 1
    for number, text in read_lines(path):
        if number != expected:
            raise DataError(
                f"{path}, line {expected} is blank, but each line is a text to find. Take the blank lines out."
            )
        expected += 1
        yield Document(str(number), text, f"{path}, line {number}")


def _json_rows(path: Path) -> Iterator[tuple[int, Row]]:
    for number, line in read_lines(path):
        place = f"{path}, line {number}"
        try:
            fields = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            raise DataError(f"{place}: not JSON ({error}). Each line must be one JSON object.") from error
        if not isinstance(fields, dict):
            raise DataError(f"{place}: {line[:60]} is not a JSON object.")
        yield number, Row(place, fields)


def _table_rows(path: Path, delimiter: str) -> Iterator[tuple[int, Row]]:
    try:
        with _opened(path) as file:
            reader = csv.DictReader(file, delimiter=delimiter, strict=True)
            for number, fields in enumerate(reader, start=1):
                place = f"{path}, row {number}"
                if None in fields or None in fields.values():
                    named = ", ".join(reader.fieldnames or ())
                    raise DataError(f"{place}: it has not as many fields as the first line names: {named}.")
                yield number, Row(place, fields)
            if reader.line_num < 2:
                raise DataError(f"{path}: it holds no row; the first line names the columns.")
    except (csv.Error, UnicodeDecodeError, OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path} can not be read as UTF-8 CSV ({error}).") from error


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _document(identity: str, text: str, place: str) -> Document:
    try:
        f"{identity}{text}".encode()
    except UnicodeEncodeError as fault:
        raise DataError(
            f"{place}: it holds {fault.object[fault.start]!a}, half a surrogate pair; write UTF-8."
        ) from fault
    return Document(identity, text, place)
