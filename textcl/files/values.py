"""The values of a file's rows: shown in messages, and checked where a text or a number is needed."""

import ast
import json
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal

from textcl.errors import DataError
from textcl.files.lines import BLANK, NUL

SPELLED_MISSING = frozenset((  # as Python, pandas, R, databases and spreadsheets write "no text"
    "nan", "NaN", "NAN", "-nan", "-NaN", "None", "NONE", "null", "NULL", "Null", "(null)", "<NA>", "NaT", "NA", "N/A",
    "n/a", "\\N", "nil", "undefined", "#N/A", "#N/A N/A", "#NA", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!",
    "#NUM!", "#CALC!", "#SPILL!", "#NV", "#WERT!", "#BEZUG!", "1.#QNAN", "-1.#QNAN", "1.#IND", "-1.#IND",
))  # fmt: skip
_NAN, _NO_COMMA = re.compile(r"\bnan\b"), re.compile(r"\}\s+\{")  # as pandas and numpy write in Python's spelling
_SHOWN = 40  # characters
_WHOLE = re.compile(r"[-+]?\d{1,1000}")  # Python refuses to read more than 4,300 digits
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def shown(value: object) -> str:
    """Show what was found in a file, shortened, as the file spells it."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def checked_text(value: object, where: str) -> str:
    """Return a text that holds more than white space, as it is; of a passage its title and text.

    Raises:
        DataError: It is none, is blank, cannot be written as UTF-8, or holds the character 0.
    """
    value = passage_text(value)
    if not isinstance(value, str):
        raise DataError(f"{where}: found {shown(value)}; it should be a text.")
    if not value.strip():
        raise DataError(f"{where}: {BLANK}")
    refuse_unwritable(value, where)
    return value


def checked_texts(value: object, where: str) -> tuple[str, ...]:
    """Return the texts of a list, none of them blank; one text alone is a list of one.

    Raises:
        DataError: One of them is not a text, there is none, or a list is spelled as a text.
    """
    if isinstance(value, str) and _spells_list(value):
        raise DataError(
            f"{where}: found {shown(value)}, a list that is written as one text. Write lists as JSONL; pandas does "
            "with df.to_json(FILE, orient='records', lines=True)."
        )
    if not isinstance(value, list | tuple):
        return (checked_text(value, where),)
    if not value:
        raise DataError(f"{where}: found an empty list; it needs at least one text.")
    return tuple(checked_text(item, f"{where}, item {number}") for number, item in enumerate(value, start=1))


def passage_text(value: object) -> object:
    """Return a passage, an object with a text and perhaps a title, as one text; any other value as it is."""
    if not isinstance(value, Mapping) or not isinstance(value.get("text"), str):
        return value
    title = value.get("title")
    return f"{title if isinstance(title, str) else ''} {value['text']}".strip()


def _spells_list(text: str) -> bool:
    """Say whether a text is a list of texts or passages, or one passage, as Python, pandas, numpy or JSON write it."""
    text = text.strip()
    if not (text.startswith(("[", "{")) and text.endswith(("]", "}"))):
        return False
    read = _read_literal(text)
    return all(isinstance(passage_text(item), str) for item in (read if isinstance(read, list) else [read]))


def _read_literal(text: str) -> object:
    """Return the value that a text spells in JSON or Python; None where it spells none."""
    as_python = _NO_COMMA.sub("}, {", _NAN.sub("None", text))
    for read, spelled in ((json.loads, text), (ast.literal_eval, as_python)):
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            value: object = read(spelled)
            return value
    return None


def refuse_unwritable(text: str, where: str) -> None:
    """Refuse a text with half a surrogate pair or a NUL, which JSON can spell and no file of text holds.

    Raises:
        DataError: Shows it.
    """
    if "\0" in text:
        raise DataError(f"{where}: {NUL}")
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
