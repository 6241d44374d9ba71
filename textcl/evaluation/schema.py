"""What a suite file may say: a list of tasks, and where each finds its data."""

from typing import Annotated

from pydantic import Field

from textcl.evaluation.entries import Entry
from textcl.evaluation.section import Section


class Suite(Section):
    """A named list of tasks."""

    description: str
    tasks: Annotated[tuple[Entry, ...], Field(min_length=1)]
