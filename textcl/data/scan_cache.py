"""Keep the scan of a package in the user's cache folder, for as long as its files stay as they are."""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from textcl.atomic import new_file
from textcl.data.cache_folder import cache_folder
from textcl.data.package_scan import SCANNER, DocumentedPair, documented_pairs, package_root, python_files

_log = logging.getLogger(__name__)


def scanned(package: str) -> list[DocumentedPair]:
    """Return the pairs of an installed package, from the cache or from its files.

    Raises:
        DataError: The package is not installed.
    """
    root = package_root(package)
    files = python_files(root)
    cache = cache_folder("docstrings") / f"{package}-{_key(root, files)}.json"
    pairs = _read(cache)
    if pairs is None:
        pairs = list(documented_pairs(root, files))
        _write(cache, pairs)
    return pairs


def _key(root: Path, files: Sequence[Path]) -> str:
    """Digest the names, sizes and times of the files: another version, or an edit, is another key."""
    digest = hashlib.blake2b(f"{SCANNER} {root}".encode(), digest_size=8)
    for file in files:
        status = file.stat()
        digest.update(f"{file.relative_to(root)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _read(cache: Path) -> list[DocumentedPair] | None:
    """Read a scan; None where there is none, or it is broken and must be made again."""
    try:
        return [_pair(entry) for entry in json.loads(cache.read_bytes())]
    except (OSError, ValueError, TypeError):
        return None


def _pair(entry: object) -> DocumentedPair:
    if isinstance(entry, list) and len(entry) == 3 and all(isinstance(text, str) for text in entry):
        return DocumentedPair(*entry)
    raise ValueError("no pair")


def _write(cache: Path, pairs: Sequence[DocumentedPair]) -> None:
    try:
        with new_file(cache) as temporary:
            temporary.write_text(json.dumps([astuple(pair) for pair in pairs]), encoding="utf-8")
    except OSError as fault:  # a home that is read-only or full: the scan is only slower next time
        _log.warning("The scan is not kept: %s can not be written (%s).", cache, fault.strerror or fault)
