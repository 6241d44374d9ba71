"""The first page is short, and says the same as the pages behind it."""

import re

from tests.docs.pages import CHECKOUT

LINES = (CHECKOUT / "README.md").read_text("utf-8").splitlines()


def lines_of(page: str) -> set[str]:
    return set((CHECKOUT / "docs" / page).read_text("utf-8").splitlines())


def test_the_first_page_can_be_read_in_three_minutes() -> None:
    assert len(LINES) <= 220


def test_the_speed_table_has_the_rows_of_the_page_about_speed() -> None:
    rows = [line for line in LINES if re.search(r"as fast|the memory", line)]
    assert len(rows) >= 4
    assert set(rows) <= lines_of("speed.md")


def test_what_the_quickstart_prints_is_what_its_page_shows() -> None:
    table = [line for line in LINES if line.startswith(("│", "step "))]
    assert len(table) >= 4
    assert set(table) <= lines_of("quickstart.md")
