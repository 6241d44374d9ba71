"""The tables of components in `data_recipes/README.md`: `python -m tests.recipe.component_tables` writes them anew."""

from pathlib import Path

from textcl.recipe.catalogue import tables

PAGE = Path(__file__).parents[2] / "data_recipes" / "README.md"
BEGIN, END = "<!-- components: written by `make components` -->\n", "<!-- end of components -->\n"


def updated(page: str) -> str:
    """Return the page with the tables as the docstrings have them."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    assert begin, "the page has no mark for the begin"
    assert end, "the page has no mark for the end"
    return f"{before}{begin}\n{tables()}\n\n{end}{after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
