"""Files at addresses, such as s3://bucket/pairs.jsonl: found by fsspec, and fetched into the user's cache folder.

A copy is kept under the address and all that its server says of the file (size, time, ETag), so that another version
is another copy. Where the server says nothing that tells versions apart, the file is fetched each time.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from textcl.data.sources.concatenation import Listing, chosen_shards
from textcl.errors import DataError
from textcl.files.content import keeping
from textcl.files.formats import FileKind
from textcl.files.lines import EmptyFileError
from textcl.types.text import Example, Source, SourceFile
from textcl.util.cache import cache_folder, key_of
from textcl.util.foreign import reason_of

_PACKAGES = {  # what reads an address, and what brings that
    **dict.fromkeys(("s3", "s3a"), "textcl[s3]"),
    **dict.fromkeys(("gs", "gcs"), "gcsfs"),
    **dict.fromkeys(("az", "abfs", "abfss"), "adlfs"),
    **dict.fromkeys(("http", "https"), "fsspec[http]"),
    **dict.fromkeys(("hdfs",), "pyarrow"),
    **dict.fromkeys(("sftp", "ssh"), "paramiko"),
    **dict.fromkeys(("ftp", "memory", "hf"), "textcl"),
}
_TELLS_VERSIONS = re.compile(r"etag|md5|sha|crc|digest|checksum|modified|mtime|updated|created|generation|version|oid")
_LONGEST_NAME = 100  # characters


@dataclass(frozen=True, slots=True)
class Files:
    """Files at addresses; `system` is what fsspec reads them with, which has no types."""

    system: Any

    def fetched(self, address: str) -> Path:
        """Return a copy of a file in the user's cache folder, fetched unless it is there.

        Raises:
            DataError: It cannot be fetched whole.
        """
        with _reaching(address):
            facts = self._facts(address)
            tells = any(_TELLS_VERSIONS.search(name.casefold()) and value for name, value in facts.items())
            name = PurePosixPath(_file(address)).name[-_LONGEST_NAME:]
            target = cache_folder("remote") / key_of(address) / key_of(sorted(facts.items())) / name
            if not tells or not target.is_file():
                self._fetch(address, facts, target)
        return target

    def _fetch(self, address: str, facts: Mapping[str, object], target: Path) -> None:
        with keeping(address, target) as temporary:
            with _reaching(address):
                self.system.get_file(address, str(temporary))
            size = facts.get("size")
            if size is not None and temporary.stat().st_size != size:
                raise DataError(f"{address}: {temporary.stat().st_size:,} of {size:,} bytes came. Start again.")
            if self._facts(address) != facts:
                raise DataError(f"{address}: was changed while it was fetched. Start again, and leave it as it is.")

    def _facts(self, address: str) -> dict[str, object]:
        """Return what is said of a file now, without what is remembered."""
        self.system.invalidate_cache()
        found = self.system.info(address)
        if found.get("type") == "directory":
            raise DataError(f"{address}: is a folder; name a file in it.")
        return {str(name): value for name, value in found.items() if isinstance(value, str | int | float) or value}


def fetched_shards(path: str, kind: FileKind) -> dict[Path, str]:
    """Fetch the files that an address names: itself, all of a kind in a folder, or those that fit a pattern.

    Returns:
        Where each lies here -> its address.

    Raises:
        DataError: It is of a kind that is not read, what reads it is not installed, or it cannot be reached.
    """
    scheme = _checked(path)
    is_pattern = "*" in PurePosixPath(path).name
    with _reaching(path):
        system = _system(path, scheme)
        files = Files(system)
        is_folder = scheme not in ("http", "https") and not is_pattern and system.isdir(path)
        if not is_pattern and not is_folder:
            return {files.fetched(path): path}
        found = system.glob(path) if is_pattern else system.find(path)
        folder = (path.rpartition("/")[0] if is_pattern else path).rstrip("/")
        own = str(system._strip_protocol(folder)).rstrip("/")
        names = tuple(sorted(str(file).removeprefix(own).lstrip("/") for file in found))
    listing = Listing(path, folder, names, is_pattern, lambda name: files.fetched(f"{folder}/{name}").read_bytes())
    return {files.fetched(address): address for address in map(listing.at, chosen_shards(listing, kind))}


def _system(path: str, scheme: str) -> Any:
    """Return what fsspec reads an address with, without what it remembers."""
    import fsspec  # here because most recipes name files

    try:
        system = fsspec.core.url_to_fs(path)[0]
    except ImportError as error:
        raise DataError(
            f"{path}: what reads {scheme}:// is not installed. pip install '{_PACKAGES[scheme]}'"
        ) from error
    system.invalidate_cache()
    return system


def _checked(address: str) -> str:
    """Return the scheme of an address that may be read: nothing within another, and no password."""
    scheme = address.partition("://")[0].lower()
    if scheme == "file":
        raise DataError(f"{address}: name the path without {scheme}://.")
    if scheme not in _PACKAGES or "::" in address:
        raise DataError(f"{address}: no address of this kind is read, but those of {', '.join(_PACKAGES)}.")
    if urlsplit(address).password is not None:
        raise DataError(
            f"{scheme}://…: holds a password, but recipes are published. Take it out: the settings of "
            "this machine say who reads."
        )
    parts = PurePosixPath(address.partition("://")[2]).parts
    if not parts or ".." in parts:
        raise DataError(f"{address}: names no file.")
    return scheme


def _file(address: str) -> str:
    """Return an address without what a web server is asked beside the file."""
    return re.split("[?#]", address)[0] if address.lower().startswith("http") else address


@contextmanager
def _reaching(address: str) -> Iterator[None]:
    """Turn whatever goes wrong on the way to a file into a line that names it: libraries share no base of errors."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        cause = error.__cause__
        if isinstance(error, FileNotFoundError) and not isinstance(cause, OSError):  # such as a connection refused
            raise DataError(f"{address}: there is no such file, or it may not be seen.") from error
        raise DataError(
            f"{address}: cannot be fetched ({reason_of(cause or error)}). Look at the network, at the address, and "
            "at who may read it."
        ) from error


@dataclass(frozen=True, slots=True)
class Fetched:
    """The rows of a file that was fetched, which messages call by its address."""

    rows: Any  # of a source; Any: what a source of files has beside
    file: str
    address: str

    @property
    def fingerprint(self) -> str:
        """That of the rows."""
        found: str = self.rows.fingerprint
        return found

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """The file, by its address."""
        return tuple(SourceFile(self.address, file.rows, file.fingerprint) for file in self.rows.files)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, row: int) -> Example:
        with naming(self.file, self.address):
            found: Example = self.rows[row]
            return found

    def location(self, row: int) -> str:
        """Name the address and the row."""
        return str(self.rows.location(row)).replace(self.file, self.address)


@contextmanager
def naming(file: str, address: str) -> Iterator[None]:
    """Name the address of a file in errors."""
    try:
        yield
    except EmptyFileError as error:
        raise EmptyFileError(address) from error
    except DataError as error:
        raise DataError(str(error).replace(file, address)) from error


def opening(opened: Callable[[Path], Source], addresses: Mapping[Path, str], file: Path) -> Source:
    """Open a file, under its address where it has been fetched from one."""
    address = addresses.get(file)
    if address is None:
        return opened(file)
    with naming(str(file), address):
        return Fetched(opened(file), str(file), address)
