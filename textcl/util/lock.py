"""One process at a time in a folder: a lock of the operating system, which is gone when its process is gone."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textcl.errors import TextclError, WriteError

_PATIENCE = 2.0  # seconds: workers of a process that was killed may hold its lock a moment longer


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold a folder for this process until the block ends; the folder is made where it is missing.

    The folder itself is locked, so no file is left behind; worker processes that are forked meanwhile hold it too. On a
    file system that knows no locks the block runs without one.

    Raises:
        TextclError: Another process holds it.
        WriteError: It cannot be made; also an `OSError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise WriteError(error.errno, error.strerror or str(error), str(folder)) from error
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() < until:
                time.sleep(0.05)
                continue
            raise TextclError(
                f"{folder}: another process is at work in it. Let it end, or name another folder with --out. Nothing "
                "was changed."
            ) from error
        except OSError:
            return
        return
