"""Cells of the pages: mean ± standard deviation over seeds."""

from collections.abc import Iterable, Sequence
from statistics import mean, stdev

WIDTH = 118  # characters of a line of prose


def cell(values: Sequence[float]) -> str:
    """Return mean ± standard deviation; a hyphen where there is no value, the value alone where there is one."""
    if not values:
        return "-"
    return f"{mean(values):.2f}" + (f" ± {stdev(values):.2f}" if len(values) > 1 else "")


def line(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |"


def header(names: Sequence[str]) -> list[str]:
    """Return the first two lines of a table."""
    return [line(names), "|---" * len(names) + "|"]
