"""Where things are kept that can be made again: the user's cache folder, and keys of files in it."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def cache_folder(name: str) -> Path:
    """Return a folder of textcl in the user's cache; it need not exist."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path.home() / ".cache") / "textcl" / name


def file_key(path: Path, *more: object) -> str:
    """Return a name for what was made of a file: another size or time of change, or other settings, is another name."""
    status = path.stat()
    return key_of(path.resolve(), status.st_size, status.st_mtime_ns, *more)


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
