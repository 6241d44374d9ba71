"""A digest of rows: two sources with one fingerprint train the same model."""

import hashlib
import logging
from collections.abc import Callable, Iterable

from textcl.types.text import Example
from textcl.util.atomic import new_file
from textcl.util.cache import cache_folder

_log = logging.getLogger(__name__)


def fingerprint_of(examples: Iterable[Example]) -> str:
    """Digest the texts, scores and labels of rows in their order, as 32 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=16)
    for example in examples:
        row = (example.anchor, example.positives, example.negatives, example.score, example.label)
        digest.update(repr(row).encode())
    return digest.hexdigest()


def kept_fingerprint(key: str | None, make: Callable[[], str]) -> str:
    """Return the fingerprint that an earlier run kept in the user's cache folder, or make and keep it.

    Args:
        key: Names the rows and all that they depend on; None: too few for it to be worth while.
        make: Reads the rows through.
    """
    if key is None:
        return make()
    file = cache_folder("fingerprints") / key
    try:
        return file.read_text(encoding="ascii")
    except (OSError, ValueError):
        fingerprint = make()
    try:
        with new_file(file) as temporary:
            temporary.write_text(fingerprint, encoding="ascii")
    except OSError as fault:  # a home that is read-only or full: the rows are only read through again next time
        _log.warning("The fingerprint is not kept: %s cannot be written (%s).", file, fault.strerror or fault)
    return fingerprint
