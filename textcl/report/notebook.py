"""Tables as plain text for a prompt, and as HTML for a notebook."""

from io import StringIO

from rich.console import Console
from rich.table import Table

from textcl.util.visible import visible

_WIDTH = 120  # characters
_PRE = '<pre style="white-space:pre;overflow-x:auto;line-height:normal;font-family:monospace">{code}</pre>'


def as_text(table: Table) -> str:
    """Return a table in characters, without colours."""
    console = Console(file=StringIO(), width=_WIDTH, record=True, force_jupyter=False, markup=False, emoji=False)
    console.print(table)
    return visible("\n".join(line.rstrip() for line in console.export_text().splitlines()))


def as_html(table: Table) -> str:
    """Return a table as HTML that needs no style sheet."""
    console = Console(
        file=StringIO(), width=_WIDTH, record=True, force_jupyter=False, force_terminal=True, markup=False, emoji=False
    )
    console.print(table)
    return visible(console.export_html(inline_styles=True, code_format=_PRE))
