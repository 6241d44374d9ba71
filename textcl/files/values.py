"""The values of a file's rows: shown in messages, and checked where a text or a number is needed."""

import json
import math
import re
from decimal import Decimal

from textcl.errors import DataError
from textcl.files.lines import BLANK

_SHOWN = 40  # characters
_WHOLE = re.compile(r"[-+]?\d{1,1000}")  # Python refuses to read more than 4,300 digits
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def shown(value: object) -> str:
    """Show what was found in a file, shortened, as the file spells it."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def checked_text(value: object, where: str) -> str:
    """Return a text that holds more than white space, as it is.

    Raises:
        DataError: It is none, is blank, or cannot be written as UTF-8.
    """
    if not isinstance(value, str):
        raise DataError(f"{where}: found {shown(value)}; it should be a text.")
    if not value.strip():
        raise DataError(f"{where}: {BLANK}")
    refuse_half_pairs(value, where)
    return value


def checked_texts(value: object, where: str) -> tuple[str, ...]:
    """Return the texts of a list, none of them blank; one text alone is a list of one.

    Raises:
        DataError: One of them is not a text, or there is none.
    """
    if not isinstance(value, list | tuple):
        return (checked_text(value, where),)
    if not value:
        raise DataError(f"{where}: found an empty list; it needs at least one text.")
    return tuple(checked_text(item, f"{where}, item {number}") for number, item in enumerate(value, start=1))


def refuse_half_pairs(text: str, where: str) -> None:
    """Refuse a text with half a surrogate pair, which JSON can spell and no file can hold.

    Raises:
        DataError: Shows it.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: found {text[error.start]!a}, half a surrogate pair; write UTF-8.") from error


def checked_number(value: object, where: str) -> float:
    """Return a finite number, however it is typed; yes and no, as some sets judge pairs, are 1 and 0.

    Raises:
        DataError: It is none.
    """
    number = _finite(number_spelled(value) if isinstance(value, str) else value)
    if number is None:
        raise DataError(f"{where}: found {shown(value)}; it should be a finite number.")
    return number


def number_spelled(text: str) -> int | float | str:
    """Return a text as the number that it spells, else as it is without blanks around it."""
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _finite(value: object) -> float | None:
    """Return a number as a float; None where it is none, or beyond those."""
    try:
        number = float(value) if isinstance(value, int | float | Decimal) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
