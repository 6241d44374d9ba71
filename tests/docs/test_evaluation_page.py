"""The page about evaluation has every kind of task, with its columns."""

import re

import pytest

from tests.docs.pages import CHECKOUT
from textcl.evaluation.kind import Kind
from textcl.evaluation.kinds import KINDS

PAGE = (CHECKOUT / "docs" / "evaluation.md").read_text("utf-8")


def row(kind: str, section: str) -> str:
    """The row of a kind in the table under a heading."""
    table = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    (found,) = re.findall(rf"^\| [^|]*`{kind}`[^|]*\|.*$", table, re.MULTILINE)
    return str(found)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.reads_files], ids=lambda kind: kind.name)
def test_every_kind_has_a_row_with_what_it_scores(kind: Kind) -> None:
    assert re.match(r"\| [^|]+\| \w+", row(kind.name, "Kinds of tasks"))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.columns], ids=lambda kind: kind.name)
def test_the_usual_columns_of_a_kind_are_on_the_page(kind: Kind) -> None:
    columns = row(kind.name, "Your own file as a task")
    assert [name for name in kind.columns.values() if name is not None and not re.search(rf"\b{name}\b", columns)] == []
