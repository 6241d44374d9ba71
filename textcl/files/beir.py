"""Retrieval sets: documents, queries and judgements from rows, and whether these fit each other."""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from textcl.errors import DataError
from textcl.files.formats import FileKind, kind_of
from textcl.files.lines import read_lines
from textcl.files.rows import Row, file_rows, first_present, present
from textcl.files.values import number_spelled

QRELS = ("query-id", "corpus-id", "score")
UNREAD = "A BEIR set is read by the columns _id, title and text."
_HIGHEST = 1000  # grade; trec_eval keeps a table as long as the highest
_TREC, _RUN = 4, 6  # fields of a line of judgements, and of a run: what a system found
_log = logging.getLogger(__name__)


def documents(rows: Iterable[Row]) -> dict[str, str]:
    """Read BEIR documents, id to title and text joined by a blank; a document may be empty."""
    return _by_id((row, title_and_text(row)) for row in rows)


def queries(rows: Iterable[Row]) -> dict[str, str]:
    """Read BEIR queries, id to text; a query that nobody judges may be empty."""
    return _by_id((row, row.words("text")) for row in rows)


def judgements(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Read judgements, query id to document id to grade."""
    read: dict[str, dict[str, int]] = {}
    for row in rows:
        query, document, grade = judgement(row)
        if read.setdefault(query, {}).setdefault(document, grade) != grade:
            raise DataError(
                f"{row.location}: query '{query}' and document '{document}' have grade {grade} here and "
                f"{read[query][document]} further up; keep one."
            )
    return read


def judgement(row: Row) -> tuple[str, str, int]:
    """Return the query, the document and the grade of a row of judgements."""
    grade = row.number("score")
    if grade != int(grade):
        raise DataError(f"{row.at('score')}: found {grade}; it should be a whole number.")
    refuse_grade(grade, row.at("score"))
    return row.identity("query-id"), row.identity("corpus-id"), int(grade)


def refuse_grade(grade: float, location: str) -> None:
    """Refuse a grade that no judge gives, for the time and memory of measures grow with it.

    Raises:
        DataError: It is beyond 1,000.
    """
    if not abs(grade) <= _HIGHEST:
        raise DataError(f"{location}: found the grade {grade:g}; grades are from -{_HIGHEST:,} to {_HIGHEST:,}.")


def judgement_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file of judgements: of a table that names its columns, or in TREC's four without names.

    Raises:
        DataError: The file is missing, or its first line is neither.
    """
    path = present(path)
    first = _first_fields(path) if kind_of(path) in (FileKind.TSV, FileKind.CSV, FileKind.TEXT) else []
    if len(first) == _RUN and first[1].casefold() == "q0":
        raise DataError(
            f"{path}: found a run of TREC, which says what a system found. Name the file of judgements: query, 0, "
            "document and grade."
        )
    if len(first) == _TREC and _is_number(first[3]):
        return _trec_rows(path)
    if len(first) == len(QRELS) and _is_number(first[2]):
        raise DataError(
            f"{path}, line 1: found {', '.join(first)} where the columns are named. Write a first line: "
            f"{', '.join(QRELS)}, with a tab between two."
        )
    return file_rows(path)


def qrels_file(folder: Path, *choices: str) -> Path:
    """Return the first of these files of judgements that is in a folder, plain or compressed.

    Raises:
        DataError: None is; says which others there are.
    """
    found = first_present(*(folder / choice for choice in choices))
    others = sorted([*folder.glob("qrels/*.tsv*"), *folder.glob("qrels*.tsv*")])
    if found.is_file() or not others:
        return found
    named = ", ".join(other.relative_to(folder).as_posix() for other in others)
    raise DataError(f"{folder}: no judgements in {' or '.join(choices)}; there are {named}. Name one of these.")


def refuse_strangers(qrels: Mapping[str, Mapping[str, int]], corpus: Collection[str], named: str) -> None:
    """Refuse judgements whose relevant documents are all absent from the corpus; warn where some are.

    Args:
        qrels: Query id to document id to grade.
        corpus: The ids of the documents.
        named: What messages call the set.

    Raises:
        DataError: Shows an id of either side.
    """
    relevant = [document for grades in qrels.values() for document, grade in grades.items() if grade > 0]
    absent = [document for document in relevant if document not in corpus]
    if not absent:
        return
    if len(absent) == len(relevant):
        raise DataError(
            f"{named}: none of the {len(relevant):,} relevant documents is in the corpus. "
            f"{two_spellings(absent[0], 'The judgements', corpus, 'the corpus')}"
        )
    _log.warning(
        "%s: %s of %s relevant documents are not in the corpus, such as '%s', and count as not found.",
        named, f"{len(absent):,}", f"{len(relevant):,}", absent[0],
    )  # fmt: skip


def two_spellings(wanted: str, wanting: str, known: Iterable[str], having: str) -> str:
    """Return the sentence that shows an id of either side of a set that does not fit."""
    return f"{wanting} name '{wanted}', {having} has '{next(iter(known), '')}': ids must be spelled alike."


def title_and_text(row: Row) -> str:
    """Return the text of a document, its title before it; either may be blank."""
    title = row.words("title") if "title" in row.fields else ""
    return f"{title} {row.words('text')}".strip()


def with_text(texts: Iterable[str], named: str) -> Iterator[str]:
    """Yield the texts of documents that are not blank, and warn of those that are.

    Args:
        texts: Of all documents.
        named: What messages call them.

    Raises:
        DataError: All are, or there are none.
    """
    blank = count = 0
    for text in texts:
        count += 1
        if text.strip():
            yield text
        else:
            blank += 1
    refuse_blank(blank, count, named)


def refuse_blank(blank: int, count: int, named: str) -> None:
    """Refuse documents that are all blank; warn where some are.

    Args:
        blank: How many are.
        count: Of so many.
        named: What messages call them.

    Raises:
        DataError: All are.
    """
    if blank == count:
        raise DataError(f"{named}: none of the {blank:,} documents holds a text.")
    if blank:
        _log.warning("%s: %s of %s documents hold no text.", named, f"{blank:,}", f"{count:,}")


def _by_id(read: Iterable[tuple[Row, str]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for row, text in read:
        identity = row.identity("_id")
        if identity in texts:
            raise DataError(f"{row.location}: the id '{identity}' stands there a second time.")
        texts[identity] = text
    return texts


def _first_fields(path: Path) -> list[str]:
    return next((_fields(line) for _, line in read_lines(path)), [])


def _fields(line: str) -> list[str]:
    return [field.strip() for field in line.split("\t")] if "\t" in line else line.split()


def _is_number(text: str) -> bool:
    return not isinstance(number_spelled(text), str)


def _trec_rows(path: Path) -> Iterator[Row]:
    for number, line in read_lines(path):
        fields = _fields(line)
        if len(fields) != _TREC:
            raise DataError(f"{path}, line {number}: found {len(fields)} fields; TREC's judgements have {_TREC}.")
        yield Row(f"{path}, line {number}", dict(zip(("query-id", "", "corpus-id", "score"), fields, strict=True)))
