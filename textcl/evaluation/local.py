"""Evaluation data in local files: JSON lines and tab-separated values, plain or gzipped."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from textcl.errors import DataError
from textcl.evaluation.rows import Row


def json_rows(path: Path) -> Iterator[Row]:
    """Yield the objects of a file with one JSON object a line; blank lines are passed over."""
    path = present(path)
    with _opened(path) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _json_row(f"{path}, line {number}", line)


def tsv_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a tab-separated file, under the names that its first line gives."""
    path = present(path)
    with _opened(path) as lines:
        reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        for fields in reader:
            yield Row(f"{path}, line {reader.line_num}", fields)


def present(path: Path) -> Path:
    """Return the path, or the path with `.gz`, whichever is there."""
    for candidate in (path, path.with_name(f"{path.name}.gz")):
        if candidate.is_file():
            return candidate
    raise DataError(
        f"{path} is not there, nor is {path.name}.gz. A data folder holds sts/NAME.jsonl "
        "(sentence1, sentence2, score) and "
        "retrieval/NAME/ with corpus.jsonl, queries.jsonl and qrels.tsv; each file may be gzipped."
    )


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _json_row(place: str, line: str) -> Row:
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{place}: not JSON ({error.msg} at character {error.pos}).") from error
    if not isinstance(fields, dict):
        raise DataError(f"{place}: {line.strip()[:60]} is not a JSON object.")
    return Row(place, fields)
