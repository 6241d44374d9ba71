"""From a docstring to its summary and the prose below it, without lists of parameters, code or directives."""

import inspect
import re
from collections.abc import Iterable

from textcl.data.docstring_blocks import prose_paragraphs
from textcl.data.plain_text import plain

MIN_SUMMARY = 3  # words
MAX_SUMMARY = 40  # words
MIN_PROSE = 8  # words

_SIGNATURE = re.compile(r"[\w.]+\(.*\)\s*(->.*)?$")  # a first line such as `abs(input) -> Tensor`
_PLACEHOLDER = re.compile(r"%\(\w+\)s|\{[a-z_]{3,}\}|\$\{?[a-z_]{3,}")  # of a template that is filled in later
_SENTENCE_END = re.compile(r"(?<!e\.g\.)(?<!i\.e\.)(?<=[a-z0-9)\]'\"`]\.)\s+(?=[A-Z`:\[(])")
_FUNCTION_WORDS = frozenset(
    {
        *("the", "a", "an", "of", "to", "is", "are", "and", "or", "in", "for", "with"),
        *("that", "this", "if", "by", "on", "as", "be", "not", "it", "from"),
    }
)


def summary_and_prose(docstring: str) -> tuple[str, str] | None:
    """Split a docstring into its summary sentence and the prose below it.

    Returns:
        Both as plain text on one line; None where either is missing, too short or no English prose.
    """
    paragraphs = list(prose_paragraphs(_without_signature(inspect.cleandoc(docstring).splitlines())))
    if not paragraphs or _PLACEHOLDER.search(paragraphs[0]):
        return None
    summary, *rest = _SENTENCE_END.split(paragraphs[0], maxsplit=1)
    prose = _joined([*rest, *paragraphs[1:]])
    summary = plain(summary)
    if not (MIN_SUMMARY <= _words(summary) <= MAX_SUMMARY and _letters(summary) > 0.7):
        return None
    return (summary, prose) if _words(prose) >= MIN_PROSE and _is_english(prose) else None


def _without_signature(lines: list[str]) -> list[str]:
    return lines[1:] if lines and _SIGNATURE.match(lines[0]) else lines


def _joined(paragraphs: Iterable[str]) -> str:
    texts = (plain(paragraph) for paragraph in paragraphs if not _PLACEHOLDER.search(paragraph))
    return " ".join(text for text in texts if _letters(text) > 0.7)


def _words(text: str) -> int:
    return sum(any(letter.isalpha() for letter in word) for word in text.split())


def _letters(text: str) -> float:
    """Return the share of ASCII letters and spaces among the characters, a fraction."""
    if not text:
        return 0.0
    return sum(letter.isascii() and (letter.isalpha() or letter == " ") for letter in text) / len(text)


def _is_english(prose: str) -> bool:
    """Say whether words without which no English paragraph goes make up at least a tenth of the text."""
    words = re.findall(r"[a-z]+", prose.lower())
    return 10 * sum(word in _FUNCTION_WORDS for word in words) >= len(words) > 0
