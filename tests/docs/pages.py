"""The pages of the documentation, cut into what can be checked: links, headings, code blocks, commands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PAGES = [
    CHECKOUT / "README.md",
    CHECKOUT / "CONTRIBUTING.md",
    *sorted((CHECKOUT / "docs").glob("*.md")),
    CHECKOUT / "data_recipes" / "README.md",
    *sorted((CHECKOUT / "eval" / "results").glob("*.md")),
]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_COMMAND = re.compile(r"^(?:\S*/|.*-m )?textcl (?P<arguments>[a-z].*)$")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page."""

    page: Path
    language: str
    text: str

    def __str__(self) -> str:
        return f"{name(self.page)}: {self.text.strip().splitlines()[0][:60]}"


def name(page: Path) -> str:
    """Return a page's path in the checkout."""
    return page.relative_to(CHECKOUT).as_posix()


def blocks(language: str) -> list[Block]:
    """Return all fenced blocks of a language, "" for those without one."""
    found = [Block(page, *match.groups()) for page in PAGES for match in _FENCE.finditer(page.read_text("utf-8"))]
    return [block for block in found if block.language == language]


def prose(page: Path) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def links(page: Path) -> list[str]:
    """Return what a page links to, pictures too, in order."""
    return _LINK.findall(_INLINE.sub("code", prose(page)))


def inline_code(page: Path) -> list[str]:
    """Return what stands between backquotes in a page's sentences and tables."""
    return _INLINE.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them; a second equal heading gets -1."""
    seen: dict[str, int] = {}
    found = set()
    for heading in re.findall(r"^#+ +(.+)$", prose(page), re.MULTILINE):
        words = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        found.add(f"{words}-{seen[words]}" if words in seen else words)
        seen[words] = seen.get(words, 0) + 1
    return found


def block_commands(page: Path) -> Iterator[str]:
    """Yield what follows `textcl` in the shell blocks of a page: whole commands, without their comments."""
    for block in blocks(""):
        if block.page == page:
            lines = block.text.replace("\\\n", " ").splitlines()
            yield from _arguments(re.sub(r"\s#\s.*", "", line).strip() for line in lines)


def inline_commands(page: Path) -> Iterator[str]:
    """Yield what follows `textcl` between backquotes: a verb, and options that the sentence is about."""
    yield from _arguments(inline_code(page))


def _arguments(commands: Iterator[str] | list[str]) -> Iterator[str]:
    for command in commands:
        if match := _COMMAND.match(command):
            yield match["arguments"]
