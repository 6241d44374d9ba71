"""Where things are kept that can be made again: the user's cache folder, keys of files in it, digests of rows."""

import hashlib
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from textcl.errors import TextclError
from textcl.types.text import Example
from textcl.util.atomic import new_file


def cache_folder(name: str) -> Path:
    """Return a folder of textcl in the user's cache; it need not exist.

    Raises:
        TextclError: The user has none.
    """
    home = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(home) if home else Path.home() / ".cache") / "textcl" / name
    except RuntimeError as error:
        raise TextclError("There is no home folder ~ here. Set XDG_CACHE_HOME to a folder with room.") from error


def file_key(path: Path, *more: object) -> str:
    """Return a name for what was made of a file: another file, or the same with other settings, has another name.

    A file is told by its number on the disk, its size and both its times: that of its content may be set to any, by
    unpacking an archive for example.
    """
    status = path.stat()
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return key_of(path.resolve(), status.st_ino, status.st_size, *times, *more)


def key_of(*parts: object) -> str:
    """Digest what something was made of, as 32 hexadecimal digits."""
    return hashlib.blake2b(repr([str(part) for part in parts]).encode(), digest_size=16).hexdigest()


def file_digest(files: Iterable[Path]) -> bytes:
    """Digest files in their order, in 16 bytes."""
    digest = hashlib.blake2b(digest_size=16)
    for path in files:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.digest()


_log = logging.getLogger(__name__)


def fingerprint_of(examples: Iterable[Example]) -> str:
    """Digest the texts, scores and labels of rows in their order, as 32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    for example in examples:
        digest.update(digested(example))
    return digest.hexdigest()


def digested(example: Example) -> bytes:
    """Return what a fingerprint digests of a row."""
    row = (example.anchor, example.positives, example.negatives, example.score, example.label)
    return repr((*row, example.scores) if example.scores else row).encode()


def kept_finding(key: str | None, make: Callable[[], str]) -> str:
    """Return what an earlier run found out about rows and kept in the user's cache folder, or find and keep it.

    Args:
        key: Names the rows and all that they depend on; None: too few for it to be worth while.
        make: Reads the rows through, and returns a fingerprint or another text.
    """
    if key is None:
        return make()
    file = cache_folder("fingerprints") / key
    try:
        return file.read_text(encoding="ascii")
    except (OSError, ValueError):
        found = make()
    try:
        with new_file(file) as temporary:
            temporary.write_text(found, encoding="ascii")
    except OSError as error:  # a home that is read-only or full: the rows are only read through again next time
        _log.warning("What rows hold is not kept: %s cannot be written (%s).", file, error.strerror or error)
    return found
