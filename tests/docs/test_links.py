"""Every link of the documentation leads somewhere."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import CHECKOUT, PAGES, anchors, inline_code, links, name

_PATH = re.compile(r"(?:textcl|tests|eval|docs|data_recipes|notebooks)/[\w./-]*[\w/]")
_MADE_UP = ("my_", "NAME", "KIND", "VERB")  # of files that a reader is to write


def broken(page: Path, link: str) -> bool:
    """Whether a link within the checkout misses its file or heading."""
    file, _, anchor = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    return not target.exists() or (anchor != "" and anchor not in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_and_anchor_works(page: Path) -> None:
    relative = [link for link in links(page) if "://" not in link]
    assert [link for link in relative if broken(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_path_of_the_repository_between_backquotes_exists(page: Path) -> None:
    named = [code for code in inline_code(page) if _PATH.fullmatch(code)]
    paths = [path for path in named if not any(word in path for word in _MADE_UP)]
    assert [path for path in paths if not (CHECKOUT / path).exists()] == []


def test_every_page_under_docs_is_linked_from_the_first_page() -> None:
    readme = CHECKOUT / "README.md"
    linked = {(CHECKOUT / link.partition("#")[0]).resolve() for link in links(readme)}
    assert [name(page) for page in PAGES if page.parent.name == "docs" and page not in linked] == []


def test_a_link_to_a_missing_file_or_heading_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# One heading, two `words`\n\n## Again\n\n## Again\n")
    right = ["#one-heading-two-words", "#again-1", "page.md", "page.md#again"]
    wrong = ["#one-heading", "#again-2", "other.md", "page.md#three"]
    assert [link for link in right + wrong if broken(page, link)] == wrong
