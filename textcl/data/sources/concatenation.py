"""Several sources read as one: those of a recipe, or the shards of a folder."""

import hashlib
import json
import logging
import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import accumulate, chain, islice
from pathlib import Path, PurePosixPath

from textcl.data.sources.file_rows import first_pass, passing, source_files
from textcl.errors import DataError
from textcl.files.formats import FileKind, compression_of, kind_of
from textcl.files.lines import EmptyFileError
from textcl.types.text import Example, Source, SourceFile

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

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The files of all sources that are made of some."""
        return tuple(chain.from_iterable(source_files(source) for source in self._sources))

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
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_SPLIT = re.compile(r"(train|test|validation|valid|val|dev|eval)(?![a-z])", re.I)


def is_address(path: str) -> bool:
    """Say whether a path names a file elsewhere, as in s3://bucket/pairs.jsonl."""
    return _SCHEME.match(path) is not None


def open_shards(path: str, kind: FileKind, opened: Callable[[Path], Source]) -> Source:
    """Open a file, or all shards of a folder or of a pattern of names; shards without rows are passed over.

    Args:
        path: As the user names it.
        kind: What the shards are.
        opened: Opens one of them.

    Raises:
        DataError: There are none, they are of several splits, or none has rows.
    """
    if is_address(path):
        from textcl.data.sources.remote import fetched_shards, opening  # which most recipes do without

        addresses = fetched_shards(path, kind)
        files, opened = list(addresses), partial(opening, opened, addresses)
    else:
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
            if not file.stat().st_size and _must_have_bytes(file):
                raise DataError(f"{file}: has no bytes. Fetch it again, or take it away.") from error
            empty = error
            _log.warning("%s: holds no rows, and is passed over.", file)
    if not sources:
        raise empty
    return Concatenation(sources)


def _must_have_bytes(file: Path) -> bool:
    """Say whether a file has some even without any row."""
    return bool(compression_of(file)) or kind_of(file) in (FileKind.PARQUET, FileKind.ARROW)


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a folder, here or elsewhere."""

    path: str  # as the user names it: the folder, or a pattern of names in it
    folder: str
    names: tuple[str, ...]  # from the folder on, with "/"
    is_pattern: bool
    read: Callable[[str], bytes]  # returns what a file holds

    def at(self, name: str) -> str:
        """Name a file of it."""
        return f"{self.folder}/{name}"


_MOST_ENTRIES = 100_000  # of a folder of shards, and the folders in it


def shards_of(path: str, kind: FileKind) -> list[Path]:
    """Return the files that a path names: itself, those of a kind in a folder, or those that fit a pattern, sorted.

    Raises:
        DataError: There are none, one is missing, or they are of several splits.
    """
    found = Path(path).expanduser()
    is_pattern = "*" in found.name and not found.exists()
    if not is_pattern and (kind is FileKind.TEXT or not found.is_dir()):
        return [found]
    folder, pattern = (found.parent, found.name) if is_pattern else (found, "**/*")
    entries = list(islice(folder.glob(pattern), _MOST_ENTRIES + 1))  # of `/` there would be no end
    if len(entries) > _MOST_ENTRIES:
        raise DataError(
            f"{path}: holds more than {_MOST_ENTRIES:,} files and folders, as no set of shards does. Name the folder "
            "that the shards are in."
        )
    names = tuple(file.relative_to(folder).as_posix() for file in sorted(entries) if file.is_file())
    listing = Listing(path, str(folder), names, is_pattern, lambda name: (folder / name).read_bytes())
    return [folder / name for name in chosen_shards(listing, kind)]


def chosen_shards(listing: Listing, kind: FileKind) -> list[str]:
    """Return the files of a kind that are shards of one set, by their names.

    Raises:
        DataError: There are none, one is missing, or they are of several splits.
    """
    saved = _saved_shards(listing, kind)
    if saved is not None:
        return saved
    names = [name for name in listing.names if _may_be_shard(name) and kind_or_none(Path(name)) is kind]
    if not names:
        what = "no file fits" if listing.is_pattern else "is a folder without files of this kind"
        raise DataError(f"{listing.path}: {what}: {kind.value}. Name a file, a folder of such files, or a pattern.")
    splits = sorted({split[0].casefold() for name in names if (split := _SPLIT.match(_split_part(name)))})
    if len(splits) > 1:
        raise DataError(
            f"{listing.path}: holds the splits {', '.join(splits)}. Name one by a folder or a pattern, as in "
            f"{listing.at(splits[-1])}*{''.join(Path(names[0]).suffixes[-1:])}."
        )
    _miss_none(listing, names)
    return names


def _saved_shards(listing: Listing, kind: FileKind) -> list[str] | None:
    """Return the files that `save_to_disk` of `datasets` has written into a folder; None where it has not."""
    if listing.is_pattern or not {"state.json", "dataset_dict.json"} & set(listing.names):
        return None
    is_dict = "dataset_dict.json" in listing.names
    description = "dataset_dict.json" if is_dict else "state.json"
    try:
        found = json.loads(listing.read(description))
        named = (
            [str(name) for name in found["splits"]] if is_dict else [file["filename"] for file in found["_data_files"]]
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{listing.at(description)}: is not as `datasets` writes it. Save the data set again."
        ) from error
    if is_dict:
        way_out = f" Name one: path: {listing.at(named[0])}" if named else ""
        raise DataError(f"{listing.path}: holds the splits {', '.join(named)}, as `datasets` saves them.{way_out}")
    if kind is not FileKind.ARROW:
        raise DataError(f"{listing.path}: was written by save_to_disk of `datasets`, in Arrow: use: Arrow")
    missing = [name for name in named if name not in listing.names]
    if missing:
        raise DataError(
            f"{listing.at(missing[0])}: is missing; {listing.at(description)} names it. Copy the folder again."
        )
    return named


_OF_SEVERAL = re.compile(r"(.*-)(\d+)(-of-(\d{1,6})\D.*)")  # train-00003-of-00008.parquet


def _miss_none(listing: Listing, names: Sequence[str]) -> None:
    """Refuse a folder that lacks a file of those that the others count; a pattern may name some of them."""
    parts: dict[tuple[str, str, int], dict[int, int]] = {}  # of a set, its count included -> numbers -> their digits
    for found in filter(None, map(_OF_SEVERAL.fullmatch, names)):
        parts.setdefault((found[1], found[3], int(found[4])), {})[int(found[2])] = len(found[2])
    for (before, after, count), numbers in parts.items():
        first = min(1, *numbers) if count in numbers else 0
        missing = next((number for number in range(first, first + count) if number not in numbers), None)
        if missing is None:
            continue
        name = listing.at(f"{before}{missing:0{min(numbers.values())}d}{after}")
        if not listing.is_pattern:
            raise DataError(
                f"{name}: is missing; there are {len(numbers)} of {count}. Fetch it, or name those by a pattern."
            )
        _log.warning("%s: is not among the files of %s, %d of %d.", name, listing.path, len(numbers), count)


def is_shard(file: Path, folder: Path) -> bool:
    """Say whether a file below a folder may be one of its shards: not hidden, nor what `datasets` keeps for itself."""
    return file.is_file() and _may_be_shard(file.relative_to(folder).as_posix())


def _may_be_shard(name: str) -> bool:
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") for part in parts)
    return not hidden and not parts[-1].startswith("cache-") and parts[-1] not in _OF_DATASETS


def kind_or_none(file: Path) -> FileKind | None:
    """Return the kind of a file; None where it holds no rows."""
    try:
        return kind_of(file)
    except DataError:
        return None


def _split_part(name: str) -> str:
    parts = PurePosixPath(name).parts
    return next((part for part in parts if _SPLIT.match(part)), parts[-1])
