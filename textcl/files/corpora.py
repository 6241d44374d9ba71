"""Pairs to mine negatives for: a JSONL, CSV or TSV file with named columns, or a BEIR folder."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from textcl.errors import DataError, suggestion
from textcl.files.beir import documents, judgements, queries
from textcl.files.lines import read_lines, refuse_absence
from textcl.files.rows import ColumnError, Row, file_rows, first_present, has_columns


@dataclass(frozen=True, slots=True)
class Document:
    """A text of a corpus, its id, and where it stands, for messages: `corpus.jsonl, line 18`."""

    id: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the user's data; rows with one label are never each other's negatives."""

    anchor: str
    positive: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is indexed."""

    path: Path
    text_column: str | None = None
    id_column: str | None = None

    def documents(self) -> Iterable[Document]:
        """Stream the documents."""
        return read_corpus(self.path, self.text_column, self.id_column)


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


USUAL_COLUMN = "text"


@dataclass(frozen=True, slots=True)
class PlainTexts:
    """Where texts are: JSONL, CSV or TSV with a column of them, or a text file with one a line; plain or gzipped.

    Args:
        path: The file.
        column: Of JSONL, CSV and TSV; None: `text`.
    """

    path: Path
    column: str | None = None

    def __iter__(self) -> Iterator[str]:
        """Yield the texts in their order, without white space around them; blank ones are passed over.

        Raises:
            DataError: The file cannot be read or holds no row, or a row lacks the column or holds no text in it; says
                where.
        """
        path = self.path.expanduser()
        if has_columns(path):
            row = None
            for row in file_rows(path):
                text = self._text(row)
                if text:
                    yield text
            if row is None:
                raise DataError(f"{path}: it holds no row.")
            return
        if self.column is not None:
            raise DataError(f"{path} is read as text, a line each, and has no columns; leave --text-column out.")
        for _, text in read_lines(path):
            yield text

    def _text(self, row: Row) -> str:
        column = self.column or USUAL_COLUMN
        try:
            text = row.words(column)
        except ColumnError as error:
            hint = suggestion(error.column, map(str, row.fields))
            raise DataError(f"{error}{hint} Name the column of texts with --text-column.") from error
        value = row.fields[column]
        if value is not None and not isinstance(value, str):
            raise DataError(f"{row.place}: '{column}' is {value!r}; it must be a text.")
        try:
            text.encode()
        except UnicodeEncodeError as fault:
            raise DataError(f"{row.place}: '{column}' holds half a surrogate pair; write UTF-8.") from fault
        return text


SPLIT = "train"


@dataclass(frozen=True, slots=True)
class PairFile:
    """Where pairs are, and the columns that they stand in.

    Args:
        path: JSONL, CSV or TSV, plain or gzipped; or a folder in BEIR's layout, of which each query and each document
            judged above 0 for it are a pair.
        anchor: The column of anchors.
        positive: The column of positives; in JSONL a positive may be a list of texts.
        label: The column of labels; None: there are none.
        split: Of a BEIR folder.
    """

    path: Path
    anchor: str = "anchor"
    positive: str = "positive"
    label: str | None = None
    split: str = SPLIT

    def pairs(self) -> Iterator[Pair]:
        """Yield the pairs in their order.

        Raises:
            DataError: Something is missing or faulty; says where.
        """
        if self.path.is_dir():
            yield from self._beir_pairs()
            return
        for row in file_rows(self.path):
            yield from self._row_pairs(row)

    def corpus(self, file: Path | None) -> Iterator[str]:
        """Yield more candidates: of a file, else the documents of a BEIR folder, else none."""
        if file is not None:
            yield from (document.text for document in read_corpus(file) if document.text)
        elif self.path.is_dir():
            yield from filter(None, documents(file_rows(self.path / "corpus.jsonl")).values())

    def _row_pairs(self, row: Row) -> Iterator[Pair]:
        try:
            anchor, positives = row.text(self.anchor).strip(), row.texts(self.positive)
            label = None if self.label is None else row.identity(self.label).strip()
        except ColumnError as error:
            raise DataError(
                f"{error}{suggestion(error.column, row.fields)} Name it with {self._option(error)}."
            ) from error
        for positive in positives:
            _check_unicode(row.place, anchor + positive)
            yield Pair(anchor, positive.strip(), label)

    def _option(self, error: ColumnError) -> str:
        options = {self.anchor: "--anchor-column", self.positive: "--positive-column"}
        return options.get(error.column, "--label-column")

    def _beir_pairs(self) -> Iterator[Pair]:
        if self.label is not None:
            raise DataError(f"{self.path} is a folder, whose texts have no labels; leave --label-column out.")
        asked = first_present(self.path / f"queries-{self.split}.jsonl", self.path / "queries.jsonl")
        qrels = first_present(self.path / "qrels" / f"{self.split}.tsv", self.path / f"qrels-{self.split}.tsv")
        texts, found = queries(file_rows(asked)), documents(file_rows(self.path / "corpus.jsonl"))
        for query, grades in judgements(file_rows(qrels)).items():
            for document, grade in grades.items():
                if grade > 0:
                    yield Pair(_of(texts, query, qrels), _of(found, document, qrels), None)


def _of(texts: dict[str, str], identity: str, qrels: Path) -> str:
    if not texts.get(identity):
        raise DataError(f"{qrels}: '{identity}' is judged, but has no text.")
    return texts[identity]


def _check_unicode(place: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as fault:
        raise DataError(f"{place}: it holds {text[fault.start]!a}, half a surrogate pair; write UTF-8.") from fault
