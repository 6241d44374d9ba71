"""Where the data of a task lies: beside its suite, below a data folder, or on the Hub at a pinned revision."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BaseModel, ConfigDict, Field

from textcl.errors import DataError
from textcl.files.rows import Row, file_rows


class SuiteSection(BaseModel):
    """A mapping in which every key must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Hub(SuiteSection):
    """A data set on the Hugging Face Hub; `split` may be cut, as in `test[5000:]`."""

    id: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    split: str
    config: str | None = None


def hub_rows(dataset: str, revision: str, split: str, config: str | None = None) -> Iterator[Row]:
    """Yield the rows of one split of a data set."""
    import datasets  # here because it takes a second, and only the Hub needs it

    try:
        rows = datasets.load_dataset(dataset, config, revision=revision, split=split)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{dataset} (revision {revision[:8]}, split {split}) cannot be loaded from the Hub: {error} "
            "Name a folder of local files with --data-dir to do without it."
        ) from error
    for number, fields in enumerate(rows):
        yield Row(f"{dataset} ({split}), row {number}", fields)


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
