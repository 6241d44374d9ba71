"""The names of the house are the field's words: a location, an error, a request, not a place, a fault, a wish."""

import io
import re
import tokenize
from pathlib import Path

import pytest

import textcl

ROOM = Path(textcl.__file__).parent
FILES = sorted(path.relative_to(ROOM).as_posix() for path in ROOM.rglob("*.py"))
OLD = re.compile(r"(?:^|_)(?:places?|faults?|doubles|watcher|told|lots?|heaps?|own_sets?)(?:_|$)", re.IGNORECASE)
IDIOMS = {"put_in_place"}


def old_names(source: str) -> set[str]:
    """Return the names of a module that have a better word."""
    names = {t.string for t in tokenize.generate_tokens(io.StringIO(source).readline) if t.type == tokenize.NAME}
    return {name for name in names - IDIOMS if OLD.search(name)}


@pytest.mark.parametrize("file", FILES)
def test_no_name_is_one_of_the_words_that_were_left_behind(file: str) -> None:
    assert old_names((ROOM / file).read_text(encoding="utf-8")) == set()


def test_an_old_word_is_found_in_a_name_and_not_inside_another_word() -> None:
    assert old_names("place = default = replaced = 1\nrow_fault = slots = pilot = 2\n") == {"place", "row_fault"}


def test_cannot_is_one_word() -> None:
    two_words = "can" + " not"
    assert [file for file in FILES if two_words in (ROOM / file).read_text(encoding="utf-8")] == []
