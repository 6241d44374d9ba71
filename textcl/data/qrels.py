"""The relevance judgements of a retrieval set: which document answers which query, and how well."""

from pathlib import Path

from textcl.data.content import open_content
from textcl.data.table_rows import table_names, table_record, table_spans
from textcl.errors import DataError, suggestion
from textcl.table_text import TSV

_NAMES = ("query-id", "corpus-id", "score")


def read_qrels(path: Path, threshold: int) -> dict[str, dict[str, str]]:
    """Return for each query the documents of at least this grade, each with the place of its judgement.

    Args:
        path: Tab-separated values with the columns query-id, corpus-id and score, plain or gzipped.
        threshold: The lowest grade that counts as relevant.

    Raises:
        DataError: The file is missing or faulty, or no grade reaches the threshold.
    """
    content = open_content(path)
    names = table_names(content, TSV)
    for name in _NAMES:
        if name not in names:
            close = suggestion(name, names)
            raise DataError(f"{path}, line 1: no column '{name}'; found {', '.join(names)}.{close}")
    spans = table_spans(content, TSV)
    next(spans)
    qrels: dict[str, dict[str, str]] = {}
    best = None
    for span in spans:
        place = f"{path}, line {span.number}"
        record = table_record(span.raw, TSV, names, place)
        grade = _grade(record["score"], place)
        best = grade if best is None else max(best, grade)
        if grade >= threshold:
            qrels.setdefault(record["query-id"].strip(), {})[record["corpus-id"].strip()] = place
    if not qrels:
        found = "no judgements" if best is None else f"grades up to {best}"
        raise DataError(f"{path}: found {found}, but none of at least {threshold}; set threshold lower.")
    return qrels


def _grade(text: str, place: str) -> int:
    try:
        return int(text)
    except ValueError as fault:
        raise DataError(f"{place}, column 'score': found {text!r}; it should be a whole number.") from fault
