"""A retrieval set in BEIR's layout as a source: queries, each with the documents that are relevant to it."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from textcl.errors import DataError
from textcl.files.beir import judgement, judgement_rows, qrels_file, title_and_text, two_spellings
from textcl.files.content import Content, line_spans, open_content
from textcl.files.json_lines import json_record
from textcl.files.lines import BLANK, decoded
from textcl.files.rows import Row, present
from textcl.text.folding import identities
from textcl.types.text import Example
from textcl.util.cache import fingerprint_of


def read_qrels(path: Path, threshold: int) -> dict[str, dict[str, str]]:
    """Return for each query the documents of at least this grade, each with the location of its judgement.

    Args:
        path: A table with the columns query-id, corpus-id and score, or TREC's four without names; plain or compressed.
        threshold: The lowest grade that counts as relevant.

    Raises:
        DataError: The file is missing or faulty, or no grade reaches the threshold.
    """
    qrels: dict[str, dict[str, str]] = {}
    best = None
    for row in judgement_rows(path):
        query, document, grade = judgement(row)
        best = grade if best is None else max(best, grade)
        if grade >= threshold:
            qrels.setdefault(query, {})[document] = row.location
    if not qrels:
        raise DataError(f"{path}: found grades up to {best}, but none of at least {threshold}; set threshold lower.")
    return qrels


_log = logging.getLogger(__name__)


class BEIR:
    """Pairs of a retrieval set: a query that has relevant documents is an anchor, these are its positives.

    A query is one row, however many documents it has: each epoch draws one of them, so no other document of the query
    is taken for its negative. Queries of one text are one. The title of a document stands before its text; documents
    without text are left out. The documents stay in their file; in memory are the locations of those that are relevant.

    Args:
        path: The folder. Each file in it may be `.gz`, `.bz2`, `.xz` or `.zst`.
        queries: The file of queries in it, a JSON object with `_id` and `text` a line.
        qrels: The file of judgements in it, as in `qrels/train.tsv`: query-id, corpus-id and score, tab-separated.
        corpus: The file of documents in it, a JSON object with `_id`, `text` and perhaps `title` a line.
        threshold: The lowest grade that counts as relevant.

    Raises:
        DataError: A file is missing or faulty, or names a query or document that is not there.

    Example:
        data:
          sources:
            - {use: BEIR, path: beir/scifact, qrels: qrels/train.tsv}
    """

    def __init__(
        self,
        path: str,
        queries: str = "queries.jsonl",
        qrels: str = "qrels.tsv",
        corpus: str = "corpus.jsonl",
        threshold: int = 1,
    ) -> None:
        folder = Path(path).expanduser()
        if not folder.is_dir():
            raise DataError(f"{folder}: no such folder; name the one that holds {corpus}, {queries} and {qrels}.")
        judged = read_qrels(qrels_file(folder, qrels), threshold)
        self._queries = _found(present(folder / queries), judged)
        self._corpus = _found(present(folder / corpus), {id_ for documents in judged.values() for id_ in documents})
        self._refuse_unknown(judged)
        self._rows = self._by_text(judged)

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the texts."""
        return fingerprint_of(self[row] for row in range(len(self)))

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        row = range(len(self))[row]
        query, documents = self._rows[row]
        return Example(row, self._queries.text(query), tuple(self._corpus.text(document) for document in documents))

    def location(self, row: int) -> str:
        """Name the file of queries and the line of this one."""
        return self._queries.location(self._rows[row][0])

    def _refuse_unknown(self, judged: dict[str, dict[str, str]]) -> None:
        for query, documents in judged.items():
            for document, location in documents.items():
                for id_, file in ((query, self._queries), (document, self._corpus)):
                    if id_ not in file.spans:
                        spellings = two_spellings(id_, "The judgements", (file.first,), "the file")
                        raise DataError(f"{location}: names '{id_}', which is not in {file.content.path}. {spellings}")

    def _by_text(self, judged: dict[str, dict[str, str]]) -> list[tuple[str, list[str]]]:
        """Return each query with its documents that hold text, queries of one text as one."""
        blank = {id_ for id_ in self._corpus.spans if not self._corpus.text(id_)}
        if blank:
            _log.warning("%s: %d relevant documents hold no text; left out.", self._corpus.content.path, len(blank))
        rows: dict[int, tuple[str, dict[str, None]]] = {}
        for query, documents in judged.items():
            text = self._queries.text(query)
            if not text:
                raise DataError(f"{self._queries.location(query)}, column 'text': {BLANK}")
            kept = dict.fromkeys(id_ for id_ in documents if id_ not in blank)
            if kept:
                rows.setdefault(int(identities([text])[0]), (query, {}))[1].update(kept)
        return [(query, list(kept)) for query, kept in rows.values()]


@dataclass(frozen=True, slots=True)
class _Span:
    number: int  # line
    start: int  # byte
    end: int  # byte after the last


@dataclass(frozen=True, slots=True)
class _File:
    """The objects of a JSONL file by their `_id`, those that are wanted."""

    content: Content
    spans: dict[str, _Span]
    first: str  # of the ids of all

    def text(self, id_: str) -> str:
        """Return title and text, the title where there is one."""
        span, location = self.spans[id_], self.location(id_)
        return title_and_text(
            Row(location, json_record(decoded(self.content.read(span.start, span.end), location), location))
        )

    def location(self, id_: str) -> str:
        return f"{self.content.path}, line {self.spans[id_].number}"


def _found(path: Path, wanted: Collection[str]) -> _File:
    """Find the objects with a wanted `_id`."""
    content, spans, first = open_content(path), dict[str, _Span](), ""
    for span in line_spans(content):
        location = f"{path}, line {span.number}"
        row = Row(location, json_record(decoded(span.raw, location), location))
        row.value("text")
        id_ = row.identity("_id")
        first = first or id_
        if id_ in spans:
            raise DataError(f"{location}: '{id_}' stands on line {spans[id_].number} already; ids must differ.")
        if id_ in wanted:
            spans[id_] = _Span(span.number, span.start, span.start + len(span.raw))
    return _File(content, spans, first)
