"""The paragraphs of a docstring that are prose; all else is recognised by its section, its indent or its first sign."""

import inspect
import re
from collections.abc import Iterable, Iterator, Sequence

_LIST_SECTIONS = frozenset(
    {
        *("args", "arguments", "parameters", "params", "keyword arguments", "other parameters", "keyword args"),
        *("returns", "return", "yields", "yield", "receives", "raises", "raise", "warns", "attributes", "methods"),
        *("example", "examples", "see also", "references", "reference", "shape"),
        *("input", "inputs", "output", "outputs"),
        *("usage", "example usage", "versionadded", "authors", "author", "todo"),
    }
)
_UNDERLINE = re.compile(r"([-=~^*+])\1{2,}\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_STOP = re.compile(
    r"""
      >>> | \.\.\.\s | In\ \[\d+\] | \$\$ | [#]+\s | @\w     # doctest, IPython, formula, heading or comment, decorator
    | \.\.\ | \||\+[-=]{2} | ={2,}(?:\s|$) | [-=~]{4,}       # directive, table
    | :[a-z]+(?:\ [^:`]*)?:(?:\s|$) | [\w,\ *]+\ :\ \S       # field list, definition of a parameter
    | [-*+•]\s | \(?(?:\d+|[a-z])[.)]\s                      # bullet, numbered item
    """,
    re.VERBOSE,
)
_HEADER = re.compile(r"\**([A-Za-z][A-Za-z ]{1,24}?):{1,2}\**$")  # `Args:` and its like


def prose_paragraphs(lines: Sequence[str]) -> Iterator[str]:
    """Yield the paragraphs of prose of a docstring, each on one line with its marks.

    Args:
        lines: The docstring without its common indent. A paragraph that is indented is code, a list or a quotation.
    """
    is_prose = True
    for block in _blocks(lines):
        if len(block) > 1 and _UNDERLINE.match(block[1]):
            is_prose = block[0].strip().lower() not in _LIST_SECTIONS
            block = block[2:]
        text = " ".join(line.strip() for line in _prose_lines(block)) if is_prose else ""
        if text:
            yield text


def _blocks(lines: Sequence[str]) -> Iterator[list[str]]:
    """Cut at blank lines and before underlined headers; what stands in fences is left out."""
    block: list[str] = []
    is_fenced = False
    for position, line in enumerate(lines):
        is_fence = _FENCE.match(line) is not None
        starts_section = position + 1 < len(lines) and _UNDERLINE.match(lines[position + 1]) is not None
        if block and (is_fence or starts_section or not line.strip()):
            yield block
            block = []
        if line.strip() and not is_fence and not is_fenced:
            block.append(line)
        is_fenced ^= is_fence
    if block:
        yield block


def _prose_lines(block: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a paragraph up to the first that is indented, or starts something other than prose."""
    for line in block:
        header = _HEADER.match(line.strip())
        if line[:1].isspace() or _STOP.match(line) or (header and header[1].lower() in _LIST_SECTIONS):
            return
        yield line


_MARKS = (
    (re.compile(r"\[([^\]]+)\]\(\S+?\)"), r"\1"),  # [text](address)
    (re.compile(r"\s?\[[\w*#]+\]_"), ""),  # a footnote or citation: [1]_
    (re.compile(r":[\w:+-]+:`([^`<]+?)\s*<[^>`]+>`"), r"\1"),  # :role:`text <target>`
    (re.compile(r":[\w:+-]+:`~(?:[\w]+\.)*([^`]+)`"), r"\1"),  # :role:`~a.b.c` is shown as c
    (re.compile(r":[\w:+-]+:`!?([^`]*)`"), r"\1"),  # :role:`text`
    (re.compile(r"`([^`<]+?)\s*<[^>`]+>`_{0,2}"), r"\1"),  # `text <target>`_
    (re.compile(r"``\s?([^`]+?)\s?``"), r"\1"),  # ``code``
    (re.compile(r"`([^`]+)`_{0,2}"), r"\1"),  # `term` or `target`_
    (re.compile(r"(?<!\w)\*\*(?=\S)([^*]+?)(?<=\S)\*\*(?!\w)"), r"\1"),  # **strong**
    (re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]+?)(?<=\S)\*(?![\w*])"), r"\1"),  # *emphasis*
    (re.compile(r"(?<!\w)\|(\w[\w .-]*)\|(?!\w)"), r"\1"),  # |substitution|
    (re.compile(r"<?(?:https?|ftp)://\S+"), ""),  # a bare address
    (re.compile(r"\\([*_|`\\])"), r"\1"),  # an escape
    (re.compile(r"::(?=\s|$)"), ":"),  # announces a literal block
    (re.compile(r"`+"), ""),  # a mark without its partner
    (re.compile(r"\s+"), " "),
    (re.compile(r" ([.,;)])(?=\s|$)"), r"\1"),  # what a mark that is gone left behind
)


def plain(paragraph: str) -> str:
    """Return the text that a reader of the rendered page would see, on one line."""
    for pattern, replacement in _MARKS:
        paragraph = pattern.sub(replacement, paragraph)
    return paragraph.strip()


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
