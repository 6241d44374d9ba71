"""What the file of a kind of task declares: its entry in a suite, where the data lies, and its names elsewhere.

A file of `tasks/` holds one kind: a task, an entry that loads it, and at its end a `Kind`, which joins the list in
`kinds.py`. Suites, users' sets, options of the command line, stored items, the leakage check and the model card know a
kind by that alone.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from textcl.errors import DataError
from textcl.evaluation.task import Comparing
from textcl.files.rows import Row, file_rows
from textcl.types.batches import IntArray
from textcl.util.visible import one_line


class SuiteSection(BaseModel):
    """A mapping in which every key must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Hub(SuiteSection):
    """A data set on the Hugging Face Hub; `split` may be cut, as in `test[5000:]`."""

    id: str
    revision: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    split: str
    config: str | None = None


class TaskEntry(SuiteSection):
    """An entry of a suite: one task, and where its data lies.

    A kind adds its fields: usually `bundled`, `local` and `hub` (`Located`), and `columns`, a section in which each
    field is what a column is for, and its default the column's usual name.
    """

    kind: str
    name: Annotated[str, AfterValidator(one_line)]  # a stranger's; it stands in tables, reports and lines

    @abstractmethod
    def task(self, files: "Files") -> Comparing:
        """Read the data and return the task.

        Raises:
            ColumnError: A row lacks a column.
            DataError: Data is missing or invalid.
        """


class Located(Protocol):
    """The locations that an entry of a suite names."""

    name: str
    bundled: str | None  # beside the suite file; neither Hub nor data folder is then used
    local: str | None  # below the data folder
    hub: Hub | None


_UNREAD = "Where the task should read one of them, name it: --first-column and the like, or columns in a suite."


@dataclass(frozen=True, slots=True)
class Files:
    """The folders in which the entries of a suite find their files."""

    suite_folder: Path
    data_dir: Path | None = None  # None: from the Hub

    def rows(self, entry: Located) -> Iterator[Row]:
        """Yield the rows of an entry that is one file, or one split on the Hub."""
        location = self.location(entry)
        if isinstance(location, Path):
            return file_rows(location, _UNREAD)
        return hub_rows(location.id, location.revision, location.split, location.config)

    def location(self, entry: Located) -> Path | Hub:
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


@dataclass(frozen=True, slots=True)
class Metric:
    """How the numbers of a metric are read."""

    better: Literal["higher", "lower", "neither"] = "higher"
    is_share: bool = True  # or a correlation: tables print it times 100
    is_detail: bool = False  # stands in files, but not in tables


@dataclass(frozen=True, slots=True)
class Kind:
    """All that the rest of textcl knows of a kind of task.

    Args:
        name: The kind of an entry in a suite, and what stands before the colon of a user's set: `sts`.
        entry: The class of its entries.
        takes: What follows the colon: a field of the entry that takes it → what help texts call it, `{"local":
            "FILE"}`; several have commas between them. Each is a path, by the last of which the task is named, unless
            the field is `name` itself.
        samples: The classes of its outcomes that are stored, so that later models can be compared with them:
            dataclasses of arrays, numbers, texts, mappings of names to such, and other such classes that are listed
            here. None for outcomes that are too large; those are compared only with a model that is scored beside them.
        hub_type: What the Hub calls such a task on a model card.
        hub_metrics: How the names of metrics begin by which a card knows the kind. No other kind's begin so.
        metrics: Those that are not plain shares or correlations of which more is better.
    """

    name: str
    entry: type[TaskEntry]
    takes: Mapping[str, str]
    samples: tuple[type[Any], ...]  # dataclasses, of which mypy knows no more
    hub_type: str
    hub_metrics: tuple[str, ...] = ()
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    @property
    def usage(self) -> str:
        """How a user's set of this kind is named: `classification:TRAIN,TEST`."""
        return f"{self.name}:{','.join(self.takes.values())}"

    @property
    def reads_files(self) -> bool:
        """Whether a user's set names files; otherwise its value is the name of the task."""
        return "name" not in self.takes

    @property
    def columns(self) -> dict[str, str]:
        """What each column is for (`first`, `score`), and its usual name; none where the files have fixed columns."""
        section = self.entry.model_fields.get("columns")
        return {} if section is None else dict(section.default)


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and the class it belongs to."""

    text: str
    label: str


def labels_of(rows: Iterable[LabelledText]) -> list[str]:
    """Return the distinct labels, sorted."""
    return sorted({row.label for row in rows})


def codes(rows: Sequence[LabelledText], labels: Sequence[str]) -> IntArray:
    """Return the position of each row's label among `labels`, (N,)."""
    position = {label: number for number, label in enumerate(labels)}
    return np.array([position[row.label] for row in rows], dtype=np.int64)


class LabelColumns(SuiteSection):
    """The columns of a set of labelled texts."""

    text: str = "text"
    label: str = "label"  # texts or whole numbers


def labelled(rows: Iterable[Row], columns: LabelColumns) -> list[LabelledText]:
    """Read texts with their labels."""
    return [LabelledText(row.text(columns.text), row.identity(columns.label)) for row in rows]
