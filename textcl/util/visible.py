"""Text of others made fit for a screen or a page: what would steer a terminal is shown, and no markup comes through."""

import io
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

# Control characters but tab and line end, and what turns the direction of the text around it.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_PICTURES = 0x2400  # ␀, the first of the characters that picture a control character


def visible(text: str) -> str:
    """Return a text with its control characters shown: an escape as ␛, others that have no picture as �."""
    return _STEERING.sub(_picture, text)


def one_line(text: str) -> str:
    """Return a text as one visible line, white space as single blanks."""
    return visible(" ".join(text.split()))


def _picture(match: re.Match[str]) -> str:
    number = ord(match[0])
    if number < 0x20:
        return chr(_PICTURES + number)
    return "␡" if number == 0x7F else unicodedata.lookup("REPLACEMENT CHARACTER")


_CURSOR_UP = "\x1b[A"


class VisibleStream:
    """Passes on what is written with its control characters shown; `raw` is the stream itself, for progress bars."""

    def __init__(self, raw: TextIO) -> None:
        self.raw = raw

    def write(self, text: str) -> int:
        """Write a text; what tqdm draws its bars by passes: a carriage return at the start, and the cursor upwards."""
        if text == _CURSOR_UP:
            self.raw.write(text)
        elif text.startswith("\r"):
            self.raw.write("\r" + visible(text[1:]))
        else:
            self.raw.write(visible(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write texts."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute of the stream; `Any`: they are of many kinds."""
        return getattr(self.raw, name)


@contextmanager
def visible_streams() -> Iterator[None]:
    """Let standard output and error show what would steer a terminal, and what their encoding lacks, by its number."""
    before = sys.stdout, sys.stderr
    _fill_closed()
    for stream in before:
        with suppress(AttributeError, io.UnsupportedOperation):  # a stream that a test has put there
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdout, sys.stderr = (VisibleStream(stream or _nowhere(number)) for number, stream in enumerate(before, 1))
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _fill_closed() -> None:
    """Open nothing in the place of standard streams that are closed, or the next file opened would be printed into."""
    for number in range(3):
        with suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


def _nowhere(number: int) -> TextIO:
    """Return the stream of a number that was closed."""
    return open(number, "w", encoding="utf-8", closefd=False)  # as long as the process


def raw(stream: TextIO) -> TextIO:
    """Return the stream behind a visible one, for what draws with escape sequences of its own."""
    return stream.raw if isinstance(stream, VisibleStream) else stream


def cell(text: object) -> str:
    """Return a text as it stays in its line, or its cell of a table, of a page in Markdown: it brings no markup."""
    words = one_line(str(text))
    for character in "\\`*[]<>|":
        words = words.replace(character, f"\\{character}")
    return words


def code(text: object) -> str:
    """Return a text as code in a line of Markdown, which nothing in it can end."""
    words = one_line(str(text)).replace("`", "'")
    return f"`{words}`"
