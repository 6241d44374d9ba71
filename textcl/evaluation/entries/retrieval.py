"""A retrieval set in a suite, in BEIR layout: corpus, queries and qrels."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from textcl.errors import DataError
from textcl.evaluation.files import Files
from textcl.evaluation.hub import hub_rows
from textcl.evaluation.local import file_rows, first_present
from textcl.evaluation.retrieval import Retrieval
from textcl.evaluation.rows import Row
from textcl.evaluation.section import Hub, Section

_Parts = tuple[Iterator[Row], Iterator[Row], Iterator[Row]]  # corpus, queries, qrels


class RetrievalEntry(Section):
    """A set in BEIR layout."""

    kind: Literal["retrieval"]
    name: str
    bundled: str | None = None  # a folder beside the suite file
    local: str | None = None  # a folder, below the data folder
    hub: Hub | None = None  # configs `corpus`, `queries` and `default`; the split is that of the judgements
    drops_self: bool = False

    def task(self, files: Files) -> Retrieval:
        """Read the three parts."""
        place = files.place(self)
        corpus, asked, qrels = _local_parts(place) if isinstance(place, Path) else _hub_parts(place)
        return Retrieval(self.name, documents(corpus), queries(asked), judgements(qrels), drops_self=self.drops_self)


def documents(rows: Iterable[Row]) -> dict[str, str]:
    """Read BEIR documents, id to title and text joined by a blank; a document may be empty."""
    return _by_id((row, _title_and_text(row)) for row in rows)


def queries(rows: Iterable[Row]) -> dict[str, str]:
    """Read BEIR queries, id to text."""
    return _by_id((row, row.text("text")) for row in rows)


def judgements(rows: Iterable[Row]) -> dict[str, dict[str, int]]:
    """Read BEIR judgements, query id to document id to grade."""
    read: dict[str, dict[str, int]] = {}
    for row in rows:
        grade = row.number("score")
        if grade != int(grade):
            raise DataError(f"{row.place}: the grade is {grade}; grades are whole numbers.")
        read.setdefault(row.identity("query-id"), {})[row.identity("corpus-id")] = int(grade)
    return read


def _local_parts(folder: Path) -> _Parts:
    """Open a folder in BEIR layout; BEIR itself keeps the judgements of a split in a folder `qrels`."""
    if not folder.is_dir():
        raise DataError(
            f"There is no folder {folder}. A retrieval set is a folder with corpus.jsonl, queries.jsonl and qrels.tsv "
            "(or qrels/test.tsv), plain or .gz."
        )
    qrels = first_present(folder / "qrels.tsv", folder / "qrels" / "test.tsv")
    return file_rows(folder / "corpus.jsonl"), file_rows(folder / "queries.jsonl"), file_rows(qrels)


def _hub_parts(hub: Hub) -> _Parts:
    return (
        hub_rows(hub.id, hub.revision, "corpus", "corpus"),
        hub_rows(hub.id, hub.revision, "queries", "queries"),
        hub_rows(hub.id, hub.revision, hub.split, hub.config or "default"),
    )


def _title_and_text(row: Row) -> str:
    title = row.words("title") if "title" in row.fields else ""
    return f"{title} {row.words('text')}".strip()


def _by_id(read: Iterable[tuple[Row, str]]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for row, text in read:
        identity = row.identity("_id")
        if identity in texts:
            raise DataError(f"{row.place}: the id '{identity}' stands there a second time.")
        texts[identity] = text
    return texts
