"""A data set of the Hugging Face Hub as a source, at a pinned revision; every column is named, none is guessed."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from huggingface_hub import constants

from textcl.data.sources.columns import Columns, Named, Notes, columns_of, refuse_missing, tell_left_out
from textcl.data.sources.file_rows import FileRows
from textcl.data.sources.json_lines import JsonRows
from textcl.errors import DataError
from textcl.files.content import keeping
from textcl.types.text import Example
from textcl.util.cache import cache_folder, key_of

_COMMIT = re.compile(r"[0-9a-f]{40}")


class HubDataset:
    """Rows of one split of a data set on the Hugging Face Hub.

    The columns that are named are written once into the user's cache folder, from where they are read a row at a time:
    a second run needs no network. Of a data set in Parquet no other column is fetched while it is streamed.

    Args:
        id: The data set, as in `sentence-transformers/all-nli`.
        revision: The commit, 40 hexadecimal digits: a branch would be other data tomorrow.
        split: The split, as in `train`; without streaming it may be cut, as in `train[:10%]`.
        config: The part of the data set that its page calls a subset; null: its only one.
        anchor: The column of anchors.
        positive: The column of positives, texts or lists of them, or several columns; null: the views are made from
            the anchor.
        negative: The column of hard negatives, or several; null: none.
        score: The column of graded similarities, numbers; or the scores of each text, positives first, in a list or in
            several columns: [positive_score, scores]; null: none.
        label: The column of class labels, whole numbers or names; null: none.
        rows: Only the first so many; null: all.
        streaming: Fetch rows one after another and no more than `rows` asks for; false: fetch the files of the split
            first, which then stay in the Hub's own cache with all columns; null: false for a split that is cut and
            without a network, else true.

    Raises:
        DataError: The data set cannot be fetched, a column is missing, or a row is faulty.
        ValueError: The revision is no commit, or a column of texts is named twice.

    Example:
        data:
          sources:
            - use: HubDataset
              id: sentence-transformers/all-nli
              config: triplet
              revision: d482672c8e74ce18da116f430137434ba2e52fab
              negative: negative
    """

    def __init__(
        self,
        id: str,  # noqa: A002 (the Hub's own word, as in the suites)
        revision: str,
        split: str = "train",
        config: str | None = None,
        anchor: str = "anchor",
        positive: Named = "positive",
        negative: Named = None,
        score: Named = None,
        label: str | None = None,
        rows: int | None = None,
        streaming: bool | None = None,
    ) -> None:
        if not _COMMIT.fullmatch(revision):
            raise ValueError(
                f"revision must be a commit of 40 hexadecimal digits, found {revision!r}; the page of the data set "
                "lists its commits under Files."
            )
        if rows is not None and rows < 2:
            raise ValueError(f"rows must be at least 2, found {rows}: one row has no contrast.")
        columns = columns_of(anchor, positive, negative, score, label)
        name = f"{id} ({split})" if config is None else f"{id} ({config}, {split})"
        file = cache_folder("hub") / f"{key_of(id, config, revision, split, rows, columns.names)}.jsonl"
        if not file.is_file():
            streams = not (constants.HF_HUB_OFFLINE or "[" in split) if streaming is None else streaming
            found = _fetched(id, config, revision, split, columns.names if streams else None)
            _write(file, name, columns, found if rows is None else islice(found, rows))
        self._rows = FileRows(str(file), JsonRows(columns), f"{name}, row", Notes)

    @property
    def fingerprint(self) -> str:
        """A digest of the texts, scores and labels that are read."""
        return self._rows.fingerprint

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Example:
        return self._rows[row]

    def location(self, row: int) -> str:
        """Name the data set and the row."""
        return self._rows.location(row)


def _fetched(
    name: str, config: str | None, revision: str, split: str, streamed: tuple[str, ...] | None
) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a split; what a row holds is the data set's affair. None: they are not streamed."""
    import datasets  # here because it takes a second, and only the Hub needs it
    from datasets.exceptions import DatasetGenerationError, DatasetsError

    try:
        load = partial(datasets.load_dataset, name, config, revision=revision, split=split)
        yield from load(streaming=False) if streamed is None else _streamed(load, streamed)
    except (OSError, ValueError, RuntimeError, DatasetsError) as error:
        cause = error.__cause__ if isinstance(error, DatasetGenerationError) else None  # where it says what is wrong
        reason = str(cause or error).strip().rstrip(".")
        raise DataError(
            f"{name} (revision {revision[:8]}, split {split}) cannot be fetched from the Hub: {reason}. Without a "
            "network, name a file of your own: JsonLines, CSV, Parquet."
        ) from error


def _streamed(load: Callable[..., Any], columns: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
    """Yield rows as they come. Of files of Parquet no other column is read, once a first row has shown them."""
    found = load(streaming=True)
    rows = iter(found)
    first = next(rows, None)
    is_parquet = getattr(getattr(found, "info", None), "builder_name", None) == "parquet"
    if first is None or not is_parquet or not set(columns) < set(first):
        yield from rows if first is None else chain((first,), rows)
        return
    yield first
    yield from islice(load(streaming=True, columns=list(columns)), 1, None)


def _write(file: Path, name: str, columns: Columns, records: Iterable[Mapping[str, Any]]) -> None:
    number = 0
    with keeping(name, file) as temporary, temporary.open("w", encoding="utf-8") as opened:
        for number, record in enumerate(records, start=1):
            if number == 1:
                refuse_missing(columns, list(record), name)
                tell_left_out(name, (record,), columns)
            named = {column: record[column] for column in columns.names}
            opened.write(json.dumps(named, default=str) + "\n")
        if not number:
            raise DataError(f"{name}: the split holds no rows.")
