"""Where the data of a task lies: beside its suite, below a data folder, or on the Hub at a pinned revision."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from textcl.errors import DataError
from textcl.evaluation.hub import hub_rows
from textcl.evaluation.local import file_rows
from textcl.evaluation.rows import Row
from textcl.evaluation.section import Hub


class Stored(Protocol):
    """The places that an entry of a suite names."""

    name: str
    bundled: str | None
    local: str | None
    hub: Hub | None


@dataclass(frozen=True, slots=True)
class Files:
    """The folders in which the entries of a suite find their files."""

    suite_folder: Path
    data_dir: Path | None = None  # None: from the Hub

    def rows(self, entry: Stored) -> Iterator[Row]:
        """Yield the rows of an entry that is one file, or one split on the Hub."""
        place = self.place(entry)
        if isinstance(place, Path):
            return file_rows(place)
        return hub_rows(place.id, place.revision, place.split, place.config)

    def place(self, entry: Stored) -> Path | Hub:
        """Return where an entry's data is to be read."""
        if entry.bundled is not None:
            return self.suite_folder / entry.bundled
        if self.data_dir is not None and entry.local is not None:
            return self.data_dir / entry.local
        if self.data_dir is None and entry.hub is not None:
            return entry.hub
        if self.data_dir is None:
            raise DataError(f"{entry.name}: the suite names no data set on the Hub; name a folder with --data-dir.")
        raise DataError(f"{entry.name}: the suite names no local file; leave --data-dir out to load it from the Hub.")
