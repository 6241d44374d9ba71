"""The JSON object of a line."""

import json

from textcl.errors import DataError
from textcl.files.values import shown


def json_record(line: str, location: str) -> dict[str, object]:
    """Return the object that a line holds.

    Raises:
        DataError: It holds none, or one with two values of one name.
    """
    line = line.strip()
    _refuse_pieces(line, location)
    try:
        record = _DECODER.decode(line)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of more than 4,300 digits
        raise DataError(f"{location}: not JSON ({error}). Each line must be one JSON object.") from error
    except _TwiceError as error:
        raise DataError(f"{location}: column '{error}' is there twice; keep one of them.") from error
    if not isinstance(record, dict):
        raise DataError(f'{location}: found {shown(record)}, not an object such as {{"anchor": "…", "positive": "…"}}.')
    return record


def _refuse_pieces(line: str, location: str) -> None:
    """Refuse a line that begins one value over many lines: an array of objects, or an object written to be read."""
    if line.startswith("["):
        jq = "{anchor: .[0], positive: .[1]}" if line[1:].lstrip().startswith('"') else ".[]"
        raise DataError(
            f"{location}: starts an array, not an object. Write one object a line: jq -c '{jq}' OLD > NEW.jsonl"
        )
    if line == "{":
        raise DataError(
            f"{location}: starts an object that goes on over several lines. Write one object a line: jq -c . OLD > "
            "NEW.jsonl"
        )


class _TwiceError(Exception):
    """A name that stands twice in an object."""


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(name for name in names if names.count(name) > 1))
    return record


_DECODER = json.JSONDecoder(object_pairs_hook=_distinct)  # which `json.loads` would make anew for each line
