"""BEIR's files: documents, queries and judgements from rows."""

from collections.abc import Iterable

from textcl.errors import DataError
from textcl.files.rows import Row


def documents(rows: Iterable[Row]) -> dict[str, str]:
    """Read BEIR documents, id to title and text joined by a blank; a document may be empty."""
    return _by_id((row, title_and_text(row)) for row in rows)


def queries(rows: Iterable[Row]) -> dict[str, str]:
    """Read BEIR queries, id to text."""
    return _by_id((row, row.text("text")) for row in rows)


def judgements(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Read BEIR judgements, query id to document id to grade."""
    read: dict[str, dict[str, int]] = {}
    for row in rows:
        grade = row.number("score")
        if grade != int(grade):
            raise DataError(f"{row.at('score')}: found {grade}; it should be a whole number.")
        query, document = row.identity("query-id"), row.identity("corpus-id")
        if read.setdefault(query, {}).setdefault(document, int(grade)) != grade:
            raise DataError(
                f"{row.location}: query '{query}' and document '{document}' have grade {grade:g} here and "
                f"{read[query][document]} further up; keep one."
            )
    return read


def title_and_text(row: Row) -> str:
    """Return the text of a document, its title before it; either may be blank."""
    title = row.words("title") if "title" in row.fields else ""
    return f"{title} {row.words('text')}".strip()


def _by_id(read: Iterable[tuple[Row, str]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for row, text in read:
        identity = row.identity("_id")
        if identity in texts:
            raise DataError(f"{row.location}: the id '{identity}' stands there a second time.")
        texts[identity] = text
    return texts
