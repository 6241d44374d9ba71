"""What a file seems to hold: its columns one by one, by a look at its first rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from textcl.data.column_survey import ColumnSurvey, is_numbers, look_at
from textcl.data.records import open_records
from textcl.errors import DataError

MOST_ROWS = 100_000  # that are looked at
MOST_BYTES = 64 << 20  # of text that is looked at, and kept in memory meanwhile
_SHOWN = 20  # numbers of a list: as many as a message shows


@dataclass(frozen=True, slots=True)
class Survey:
    """What the rows of a file hold."""

    path: Path
    use: str  # the source that reads it
    settings: Mapping[str, str]  # of the source, beside path and columns
    rows: int  # that were looked at
    is_whole: bool  # whether these are all
    columns: tuple[ColumnSurvey, ...]

    def column(self, name: str) -> ColumnSurvey:
        """Return the column of this name."""
        return next(column for column in self.columns if column.name == name)


def survey(path: Path, most_rows: int = MOST_ROWS, most_bytes: int = MOST_BYTES) -> Survey:
    """Look at the first rows of a file.

    Raises:
        DataError: The file is missing, of an unknown kind, faulty, or holds no rows.
    """
    opened = open_records(path)
    values: dict[str, list[object]] = {}
    count, size, is_whole = 0, 0, True
    for record in opened.rows:
        if count == most_rows or size >= most_bytes:
            is_whole = False
            break
        count += 1
        size += _size([*record, *record.values()], f"{path}, row {count}")
        _add(values, record, count)
    if not count:
        raise DataError(f"{path}: the file holds no rows.")
    columns = tuple(look_at(name, column) for name, column in values.items())
    return Survey(path, opened.use, opened.settings, count, is_whole, columns)


def _add(values: dict[str, list[object]], record: Mapping[str, object], count: int) -> None:
    """Add a row to the columns, so that each has `count` values; what a row lacks is None."""
    for name, value in record.items():
        if name not in values:
            values[name] = [None] * (count - 1)
        values[name].append(_kept(value))
    for column in values.values():
        column.extend([None] * (count - len(column)))


def _size(value: object, place: str) -> int:
    """Return about how many bytes a value is as text.

    Raises:
        DataError: It holds half a surrogate pair, which no file can.
    """
    if is_numbers(value):
        return 8 * len(value)
    if isinstance(value, list):
        return sum(_size(item, place) for item in value)
    text = str(value)
    try:
        return len(text.encode())
    except UnicodeEncodeError as fault:
        raise DataError(f"{place}: found {text[fault.start]!a}, half a surrogate pair; write UTF-8.") from fault


def _kept(value: object) -> object:
    """Shorten a list of numbers, such as an embedding, of which only the sort is told."""
    return value[:_SHOWN] if is_numbers(value) else value
