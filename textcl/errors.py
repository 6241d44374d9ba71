"""The errors that a user meets, and their words: what was found, what would be right, a misspelt name's neighbour."""

import difflib
import enum
import json
import types
import typing
from collections.abc import Iterable, Mapping, Sequence


class TextclError(Exception):
    """An error that the user can mend; the command line prints it without a traceback."""


class RecipeError(TextclError):
    """A recipe that cannot run: names the location, what was found and what would be right."""


class DataError(TextclError):
    """Data that cannot be read or used: names the file and the row."""


class RowError(DataError):
    """A row of a batch cannot be used; whoever knows where it stands turns this into a `DataError` with its location.

    Args:
        what: What was found, and what would be right.
        row: Its position in the batch of all ranks.
    """

    def __init__(self, what: str, row: int) -> None:
        super().__init__(what)
        self.row = row


class WriteError(TextclError, OSError):
    """A file or folder that cannot be written: made of an `OSError`, and caught like one.

    Args:
        number: The number of the system's error.
        reason: What the system says.
        path: What was to be written, as the user names it.
    """

    def __init__(self, number: int | None, reason: str, path: str) -> None:
        super().__init__(number, reason, path)

    def __str__(self) -> str:
        """Name the path, the reason and the way out."""
        return f"{self.filename} cannot be written: {self.strerror}. Name a location with room where you may write."


class ModelError(TextclError):
    """A model that cannot be found, read or written."""


class SearchError(TextclError):
    """An index that cannot be built, opened or searched."""


class TrainingError(TextclError):
    """A run that cannot go on; its last good checkpoint is kept."""


class DivergedError(TrainingError):
    """A run whose weights have gone wrong: a checkpoint of them would be worth nothing, and none is written."""


class PublishError(TextclError):
    """A run that cannot be published; it stays as it was."""


class ElsewhereError(TextclError):
    """Another process of the launch failed and says why; this one stops with it."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x'?` when a known name is close to the one given, else an empty text."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


def located(error: TextclError, location: str) -> TextclError:
    """Return the same error with a location before its words, whatever its class is made of."""
    error.args = (f"{location}: {error}",)
    return error


_WORDS: dict[object, str] = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    type(None): "null",
    typing.Any: "a value",
}
_LONGEST = 60  # characters of a value that a message quotes


def found(value: object) -> str:
    """Return a value as a person would write it in a recipe, cut to a line."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + " …"


def describe(annotation: object) -> str:
    """Return what an annotation allows in words: `list[str] | None` is 'a list of text or null'."""
    if annotation in _WORDS:
        return _WORDS[annotation]
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(describe(argument) for argument in arguments)
    if origin is typing.Literal:
        return one_of(arguments)
    if origin is typing.Annotated:
        return describe(arguments[0])
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return one_of(member.value for member in annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a mapping"
    if isinstance(origin, type) and issubclass(origin, Sequence):
        return f"a list of {describe(arguments[0])}"
    return getattr(annotation, "__name__", str(annotation))


def one_of(values: Iterable[object]) -> str:
    """Return a choice in words: `mean, cls or max`."""
    *first, last = [str(value) for value in values]
    return f"{', '.join(first)} or {last}" if first else last
