"""Several sources read as one: those of a recipe, or the shards of a folder."""

import hashlib
import logging
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from textcl.data.sources.file_rows import first_pass, passing
from textcl.errors import DataError
from textcl.files.formats import FileKind, kind_of
from textcl.files.lines import EmptyFileError
from textcl.types.text import Example, Source

_log = logging.getLogger(__name__)


class Concatenation:
    """The rows of several sources, end to end, numbered anew.

    Args:
        sources: At least one.

    Raises:
        ValueError: No sources.

    Example:
        data:
          sources:
            - {use: Concatenation, sources: [{use: TextLines, path: a.txt}, {use: TextLines, path: b.txt}]}
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        if not sources:
            raise ValueError("Concatenation needs at least one source, found none.")
        self._sources = tuple(sources)
        self._ends = list(accumulate(len(source) for source in self._sources))

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the fingerprints of the sources, in their order."""
        parts = " ".join(source.fingerprint for source in self._sources)
        return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()

    def __len__(self) -> int:
        return self._ends[-1]

    def __getitem__(self, row: int) -> Example:
        source, inner = self._locate(row)
        return replace(source[inner], row=range(len(self))[row])

    def location(self, row: int) -> str:
        """Where the row stands in its own source."""
        source, inner = self._locate(row)
        return source.location(inner)

    def _locate(self, row: int) -> tuple[Source, int]:
        row = range(len(self))[row]
        number = bisect_right(self._ends, row)
        return self._sources[number], row - (self._ends[number - 1] if number else 0)


_OF_DATASETS = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
_SPLIT = re.compile(r"(train|test|validation|valid|val|dev|eval)(?![a-z])", re.I)


def open_shards(path: str, kind: FileKind, opened: Callable[[Path], Source]) -> Source:
    """Open a file, or all shards of a folder or of a pattern of names; shards without rows are passed over.

    Args:
        path: As the user names it.
        kind: What the shards are.
        opened: Opens one of them.

    Raises:
        DataError: There are none, they are of several splits, or none has rows.
    """
    files = shards_of(path, kind)
    if len(files) == 1:
        return opened(files[0])
    sizes, how = [file.stat().st_size for file in files], first_pass()
    with passing(replace(how, is_shard=how.is_large(sum(sizes)))):
        if how.workers > 1 and how.is_large(sum(sizes)) and max(sizes) * how.workers <= sum(sizes):
            from textcl.data.sources.first_pass import read_ahead  # which small files do without

            read_ahead(files, opened, how.workers)
        return _concatenated(files, opened)


def _concatenated(files: Sequence[Path], opened: Callable[[Path], Source]) -> Source:
    sources = []
    for file in files:
        try:
            sources.append(opened(file))
        except EmptyFileError as error:
            empty = error
            _log.warning("%s: holds no rows, and is passed over.", file)
    if not sources:
        raise empty
    return Concatenation(sources)


def shards_of(path: str, kind: FileKind) -> list[Path]:
    """Return the files that a path names: itself, those of a kind in a folder, or those that fit a pattern, sorted.

    Raises:
        DataError: There are none, or they are of several splits.
    """
    found = Path(path).expanduser()
    is_pattern = "*" in found.name and not found.exists()
    if not found.is_dir() and not is_pattern:
        return [found]
    folder, pattern = (found.parent, found.name) if is_pattern else (found, "**/*")
    files = [file for file in sorted(folder.glob(pattern)) if is_shard(file, folder) and kind_or_none(file) is kind]
    if not files:
        what = "no file fits" if is_pattern else "is a folder without files of this kind"
        raise DataError(f"{path}: {what}: {kind.value}. Name a file, a folder of such files, or a pattern.")
    splits = sorted({split[0].casefold() for file in files if (split := _SPLIT.match(_split_part(file, folder)))})
    if len(splits) > 1:
        raise DataError(
            f"{path}: holds the splits {', '.join(splits)}. Name one by a folder or a pattern, as in "
            f"{folder / splits[-1]}*{''.join(files[0].suffixes[-1:])}."
        )
    return files


def is_shard(file: Path, folder: Path) -> bool:
    """Say whether a file below a folder may be one of its shards: not hidden, nor what `datasets` keeps for itself."""
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return file.is_file() and not hidden and not file.name.startswith("cache-") and file.name not in _OF_DATASETS


def kind_or_none(file: Path) -> FileKind | None:
    """Return the kind of a file; None where it holds no rows."""
    try:
        return kind_of(file)
    except DataError:
        return None


def _split_part(file: Path, folder: Path) -> str:
    parts = file.relative_to(folder).parts
    return next((part for part in parts if _SPLIT.match(part)), parts[-1])
