"""Pairs to mine negatives for: a JSONL, CSV or TSV file with named columns, or a BEIR folder."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from textcl.errors import DataError, suggestion
from textcl.evaluation.entries.retrieval import documents, judgements, queries
from textcl.evaluation.local import file_rows, first_present
from textcl.evaluation.rows import ColumnError, Row
from textcl.mining import Pair
from textcl.recipe.corpus_files import read_corpus

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
