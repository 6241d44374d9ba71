"""The documents of a corpus, streamed: a text file, JSONL, CSV or a BEIR folder, plain or gzipped."""

from collections.abc import Iterator
from pathlib import Path

from textcl.data.lines import read_lines, refuse_absence
from textcl.errors import DataError
from textcl.evaluation.local import file_rows, has_columns
from textcl.index.documents import Document

_BEIR = "corpus.jsonl"


def read_corpus(path: Path, text_column: str | None = None, id_column: str | None = None) -> Iterator[Document]:
    """Yield the documents of a corpus as they stand in it.

    A text file holds a text a line; a blank line is refused. In JSONL and in CSV or TSV with a first line of names the
    texts are in `text_column`; an empty one is refused. In TSV a quotation mark is a sign like any other. A BEIR folder
    holds `corpus.jsonl`, from which title and text are joined; its documents may be empty, as some benchmarks' are.
    Where no ids are given, they are the numbers of the lines on which rows start.

    Args:
        path: A file, or a folder with `corpus.jsonl` or `corpus.jsonl.gz`.
        text_column: Of JSONL and CSV; None: `text`.
        id_column: Of JSONL and CSV; None: ids are line numbers.

    Raises:
        DataError: Something is missing or faulty; says where.
    """
    path = path.expanduser()
    if path.is_dir() or not has_columns(path):
        if text_column is not None or id_column is not None:
            what = "a BEIR folder has _id, title and text" if path.is_dir() else "a text file has none"
            raise DataError(f"{path}: columns are named for JSONL and CSV; {what}. Leave them out.")
        yield from _beir(path) if path.is_dir() else _lines(path)
    else:
        yield from _columns(path, text_column or "text", id_column)


def _columns(path: Path, text_column: str, id_column: str | None) -> Iterator[Document]:
    refuse_absence(path)
    row = None
    for row in file_rows(path):
        identity = str(row.line) if id_column is None else row.identity(id_column)
        yield _document(identity, row.text(text_column).strip(), row.place)
    if row is None:
        raise DataError(f"{path}: it holds no row.")


def _beir(folder: Path) -> Iterator[Document]:
    present = [file for file in (folder / _BEIR, folder / f"{_BEIR}.gz") if file.is_file()]
    if not present:
        raise DataError(f"{folder} holds no {_BEIR}, nor {_BEIR}.gz; a corpus is a file, or a folder with one of them.")
    for row in file_rows(present[0]):
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


def _document(identity: str, text: str, place: str) -> Document:
    try:
        f"{identity}{text}".encode()
    except UnicodeEncodeError as fault:
        raise DataError(
            f"{place}: it holds {fault.object[fault.start]!a}, half a surrogate pair; write UTF-8."
        ) from fault
    return Document(identity, text, place)
