"""The paragraphs of a docstring that are prose; all else is recognised by its section, its indent or its first sign."""

import re
from collections.abc import Iterator, Sequence

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
