"""What verbs read: the documents of a corpus, plain texts, and pairs to mine negatives for, of every kind of file."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from textcl.errors import DataError
from textcl.files.beir import (
    UNREAD,
    documents,
    judgement_rows,
    judgements,
    qrels_file,
    queries,
    title_and_text,
    two_spellings,
    with_text,
)
from textcl.files.formats import has_columns
from textcl.files.lines import BLANK, read_lines
from textcl.files.rows import (
    TEXT,
    ColumnError,
    Row,
    file_rows,
    first_present,
    present,
    read_rows,
    refuse_columns,
    tell_unread,
    unread_texts,
)
from textcl.types.text import Document


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the user's data; rows with one label are never each other's negatives."""

    anchor: str
    positive: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """Where the documents of a corpus are.

    Args:
        path: A file of any kind, or a BEIR folder.
        text_column: Of a file with columns; None: `text`.
        id_column: Of a file with columns; None: ids are the numbers of lines, or of rows.
        option: What names the column of texts, for messages; none: nothing does.
    """

    path: Path
    text_column: str | None = None
    id_column: str | None = None
    option: str = ""

    def documents(self) -> Iterator[Document]:
        """Stream the documents.

        Raises:
            DataError: Something is missing or faulty; says where.
        """
        try:
            yield from read_corpus(self.path, self.text_column, self.id_column)
        except ColumnError as error:
            option = "--id-column" if error.column == self.id_column else self.option
            way_out = f"Name the right one with {option}." if option else f"Call the column of texts '{TEXT}'."
            raise DataError(f"{error} {way_out}") from error


_BEIR = "corpus.jsonl"


def read_corpus(path: Path, text_column: str | None = None, id_column: str | None = None) -> Iterator[Document]:
    """Yield the documents of a corpus as they stand in it.

    A text file holds a text a line; in files with columns the texts are in `text_column`. A blank text is refused. A
    BEIR folder holds `corpus.jsonl`, from which title and text are joined; its documents may be empty, as some
    benchmarks' are; a file of such rows, with `_id` and `text`, is read alike unless columns are named. Where no ids
    are given, they are the numbers of the lines on which rows start, or of the rows where there are no lines.

    Args:
        path: A file, or a folder with `corpus.jsonl`, plain or compressed.
        text_column: Of files with columns; None: `text`.
        id_column: Of files with columns; None: ids are numbers.

    Raises:
        DataError: Something is missing or faulty; says where.
    """
    path = path.expanduser()
    if path.is_dir():
        if text_column is not None or id_column is not None:
            raise DataError(f"{path}: a BEIR folder has the columns _id, title and text; name none.")
        return _beir(path)
    refuse_columns(path, (text_column, id_column), "the names of columns")
    return _columns(path, text_column, id_column) if has_columns(path) else _lines(path)


def _columns(path: Path, text_column: str | None, id_column: str | None) -> Iterator[Document]:
    rows = file_rows(path)
    first = next(rows, None)
    if first is None:
        return
    rows = chain((first,), rows)
    if text_column is None and id_column is None:
        if {"_id", TEXT} <= first.fields.keys():
            yield from _documents(rows)
            return
        read = [name for name in (TEXT, "id") if name in first.fields]
        tell_unread(str(path), unread_texts((first.fields,), read), "Documents are read from one column.")
    for row in rows:
        identity = str(row.line) if id_column is None else row.identity(id_column)
        yield Document(identity, row.text(text_column or TEXT).strip(), row.location)


def _beir(folder: Path) -> Iterator[Document]:
    _refuse_other_folder(folder)
    return _documents(file_rows(folder / _BEIR, UNREAD))


def _documents(rows: Iterator[Row]) -> Iterator[Document]:
    for row in rows:
        title = row.words("title").strip() if "title" in row.fields else ""
        yield Document(row.identity("_id"), title_and_text(row), row.location, len(title))


def _refuse_other_folder(folder: Path) -> None:
    if not present(folder / _BEIR).is_file():
        raise DataError(
            f"{folder}: is a folder without {_BEIR}; name a file in it, or a BEIR folder: one that holds {_BEIR}, "
            "plain or compressed."
        )


def _lines(path: Path) -> Iterator[Document]:
    expected = 1
    for number, text in read_lines(path):
        if number != expected:
            raise DataError(f"{path}, line {expected}: {BLANK}")
        expected += 1
        yield Document(str(number), text, f"{path}, line {number}")


@dataclass(frozen=True, slots=True)
class PlainTexts:
    """Where texts are: in a file of any kind.

    Args:
        path: The file.
        column: Of files with columns; None: `text`.
    """

    path: Path
    column: str | None = None

    def __iter__(self) -> Iterator[str]:
        """Yield the texts in their order, without white space around them; blank ones are passed over.

        Raises:
            DataError: The file cannot be read or holds no row, or a row lacks the column or holds no text in it; says
                where.
        """
        refuse_columns(self.path, (self.column,), "--text-column")
        for row in read_rows(self.path):
            text = self._text(row)
            if text:
                yield text

    def _text(self, row: Row) -> str:
        column = self.column or TEXT
        try:
            value = row.value(column)
        except ColumnError as error:
            raise DataError(f"{error} Name the right one with --text-column.") from error
        return "" if value is None or (isinstance(value, str) and not value.strip()) else row.text(column).strip()


SPLIT = "train"
_PAIRS = "Pairs are read from two columns, which --anchor-column and --positive-column name."


@dataclass(frozen=True, slots=True)
class PairFile:
    """Where pairs are, and the columns that they stand in.

    Args:
        path: A file with columns; or a folder in BEIR's layout, of which each query and each document judged above 0
            for it are a pair.
        anchor: The column of anchors.
        positive: The column of positives; a positive may be a list of texts.
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
        for row in file_rows(self.path, _PAIRS):
            yield from self._row_pairs(row)

    def corpus(self, file: Path | None) -> Iterator[str]:
        """Yield more candidates: of a file, else the documents of a BEIR folder, else none."""
        if file is not None:
            yield from with_text((document.text for document in Corpus(file).documents()), str(file))
        elif self.path.is_dir():
            documents_of = documents(file_rows(self.path / _BEIR, UNREAD))
            yield from with_text(documents_of.values(), str(self.path))

    def _row_pairs(self, row: Row) -> Iterator[Pair]:
        try:
            anchor, positives = row.text(self.anchor).strip(), row.texts(self.positive)
            label = None if self.label is None else row.identity(self.label).strip()
        except ColumnError as error:
            raise DataError(f"{error} Name the right one with {self._option(error)}.") from error
        for positive in positives:
            yield Pair(anchor, positive.strip(), label)

    def _option(self, error: ColumnError) -> str:
        options = {self.anchor: "--anchor-column", self.positive: "--positive-column"}
        return options.get(error.column, "--label-column")

    def _beir_pairs(self) -> Iterator[Pair]:
        if self.label is not None:
            raise DataError(f"{self.path}: a BEIR folder has no labels; leave --label-column out.")
        _refuse_other_folder(self.path)
        request = first_present(self.path / f"queries-{self.split}.jsonl", self.path / "queries.jsonl")
        qrels = qrels_file(self.path, f"qrels/{self.split}.tsv", f"qrels-{self.split}.tsv")
        texts, found = queries(file_rows(request, UNREAD)), documents(file_rows(self.path / "corpus.jsonl", UNREAD))
        for query, grades in judgements(judgement_rows(qrels)).items():
            for document, grade in grades.items():
                if grade > 0:
                    yield Pair(_of(texts, query, qrels), _of(found, document, qrels), None)


def _of(texts: dict[str, str], identity: str, qrels: Path) -> str:
    if identity not in texts:
        spellings = two_spellings(identity, "The judgements", texts, "the file of texts")
        raise DataError(f"{qrels}: '{identity}' is judged, but is not there. {spellings}")
    if not texts[identity]:
        raise DataError(f"{qrels}: '{identity}' is judged, but has no text.")
    return texts[identity]
