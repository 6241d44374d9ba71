"""A console for tables and bars that no text of others can steer."""

from collections.abc import Iterator
from typing import TextIO

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from textcl.util.visible import raw, visible


class SafeConsole(Console):
    """Reads no markup in texts and shows their control characters; its own styles and bars stay.

    Args:
        stream: stdout or stderr.
        width: In characters; None: that of the terminal.
    """

    def __init__(self, stream: TextIO, width: int | None = None) -> None:
        super().__init__(file=raw(stream), width=width, markup=False, emoji=False, highlight=False)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """Yield the pieces of what is shown."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)
