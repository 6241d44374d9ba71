"""What a suite file may say: a list of tasks, and where each finds its data."""

from typing import Annotated

from pydantic import Field

from textcl.evaluation.entries import Entry
from textcl.evaluation.section import Section


class Suite(Section):
    """A named list of tasks."""

    description: str
    average: str | None = None  # a metric of all tasks, to be averaged over them as a task of its own
    tasks: Annotated[tuple[Entry, ...], Field(min_length=1)]
