"""The kinds of tasks that a suite may hold: a file each, with its columns, its places and how it is loaded.

A kind's class has its `kind`, a `name`, and `task(files)`, which reads the data and returns the task. To add one, write
its file and put its class into `Entry`.
"""

from typing import Annotated

from pydantic import Field

from textcl.evaluation.entries.retrieval import RetrievalEntry
from textcl.evaluation.entries.sts import STSEntry

Entry = Annotated[STSEntry | RetrievalEntry, Field(discriminator="kind")]

__all__ = ["Entry", "RetrievalEntry", "STSEntry"]
