"""A retrieval set in a suite, in BEIR layout: corpus, queries and qrels."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from textcl.errors import DataError
from textcl.evaluation.files import Files
from textcl.evaluation.hub import hub_rows
from textcl.evaluation.local import file_rows, first_present
from textcl.evaluation.ranking import KS
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
    hub: Hub | None = None  # configs `corpus`, `queries` and `default`; config and split are those of the judgements
    texts_split: str | None = None  # split of the configs `corpus` and `queries`; None: it has the config's name
    drops_self: bool = False
    ks: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)] = KS  # cut-offs, in documents

    def task(self, files: Files) -> Retrieval:
        """Read the three parts."""
        place = files.place(self)
        parts = _local_parts(place) if isinstance(place, Path) else _hub_parts(place, self.texts_split)
        corpus, asked, qrels = documents(parts[0]), queries(parts[1]), judgements(parts[2])
        return Retrieval(self.name, corpus, asked, qrels, drops_self=self.drops_self, ks=self.ks)


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
        query, document = row.identity("query-id"), row.identity("corpus-id")
        if read.setdefault(query, {}).setdefault(document, int(grade)) != grade:
            raise DataError(
                f"{row.place}: query '{query}' and document '{document}' have grade {grade:g} here and "
                f"{read[query][document]} further up; keep one."
            )
    return read


def _local_parts(folder: Path) -> _Parts:
    """Open a folder in BEIR layout; BEIR itself keeps the judgements of a split in a folder `qrels`."""
    qrels = first_present(folder / "qrels.tsv", folder / "qrels" / "test.tsv")
    return file_rows(folder / "corpus.jsonl"), file_rows(folder / "queries.jsonl"), file_rows(qrels)


def _hub_parts(hub: Hub, texts_split: str | None) -> _Parts:
    return (
        hub_rows(hub.id, hub.revision, texts_split or "corpus", "corpus"),
        hub_rows(hub.id, hub.revision, texts_split or "queries", "queries"),
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
