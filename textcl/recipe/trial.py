"""Which rows of a file training would refuse, where its columns are read as a first recipe names them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

from textcl.data.columns import Columns, columns_of, refuse_missing
from textcl.data.content import open_content
from textcl.data.json_lines import JsonRows
from textcl.data.records import open_records
from textcl.data.survey import Survey
from textcl.data.table_rows import TableRows, table_names
from textcl.errors import DataError
from textcl.recipe.reading_columns import Reading
from textcl.table_text import Dialect
from textcl.types import Example

WITHOUT_COLUMNS = ("TextLines", "FolderLines", "BEIR")  # sources whose recipes name none


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of reading the rows that a survey looked at."""

    refused: int = 0  # rows
    first: str = ""  # of the refusals
    fewest: int = 0  # negatives, of the rows that are not refused
    most: int = 0


def try_rows(found: Survey, reading: Reading) -> Trial:
    """Read the rows of a file as training would.

    Raises:
        DataError: All are refused, or none can be read at all.
    """
    if found.use in WITHOUT_COLUMNS:
        return Trial()
    named = [*reading.positives], [*reading.negatives]
    refusals, negatives = [], []
    for read in islice(_reads(found, columns_of(reading.anchor, *named, reading.score, reading.label)), found.rows):
        try:
            negatives.append(len(read().negatives))
        except DataError as refusal:
            refusals.append(str(refusal))
    if not negatives:
        raise DataError(f"All {found.rows:,} rows would be refused, the first: {refusals[0]}")
    return Trial(len(refusals), next(iter(refusals), ""), min(negatives), max(negatives))


def _reads(found: Survey, columns: Columns) -> Iterator[Callable[[], Example]]:
    """Yield a reading of each row that is still to be done."""
    if found.use in ("JsonLines", "CSV", "TSV"):
        content = open_content(found.path)
        form = JsonRows(columns) if found.use == "JsonLines" else _table(found, columns)
        for row, span in enumerate(form.spans(content)):
            yield partial(form.example, row, span.raw, f"{found.path}, line {span.number}")
    else:
        for row, record in enumerate(open_records(found.path).rows):
            yield partial(columns.example, row, record, f"{found.path}, row {row + 1}")


def _table(found: Survey, columns: Columns) -> TableRows:
    is_quoted = found.use == "CSV"
    dialect = Dialect(found.settings.get("delimiter", ",") if is_quoted else "\t", is_quoted)
    names = table_names(open_content(found.path), dialect)
    refuse_missing(columns, names, f"{found.path}, line 1")
    return TableRows(dialect, names, columns)
