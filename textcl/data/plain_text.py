"""Strip the marks of reStructuredText and Markdown from a paragraph of prose."""

import re

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
