"""Files and folders that appear whole or not at all: written beside it, then moved; one process a folder.

What is being written is held by a lock, which ends with its process. So the next one that writes there knows what a
killed one left, and deletes it.
"""

import ctypes
import errno
import glob
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from textcl.errors import DataError, TextclError, WriteError
from textcl.util.foreign import system_error

try:
    import fcntl
except ImportError:  # Windows: nothing is held there, no folder is refused, and what a killed process left stays
    fcntl = None  # type: ignore[assignment]

_PART = re.compile(r"\.(?P<name>.+?)\.[0-9a-f]{4,}(?P<old>\.old)?\.part")
_STREAMS = re.compile(r"/dev|/proc/[^/]+(/task/[^/]+)?/fd")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)  # which name no file while one is written


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside `path`; move it there when the block ends well, delete it when it fails.

    Raises:
        WriteError: It cannot be written; also an `OSError`.
    """
    temporary = _beside(path)
    with _explaining(path, temporary):
        _refuse_no_file(path)  # now, not after the work
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(path)
        with _held(temporary):
            try:
                yield temporary
                _flush(temporary)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; move it there when the block ends well, delete it when it fails.

    A folder that already stands at `path` is replaced at the end, not before.

    Raises:
        WriteError: It cannot be written; also an `OSError`.
    """
    with passing_folder(path) as temporary:
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is a file, not a folder", str(path))
        yield temporary
        rights = temporary.stat().st_mode & 0o666
        for file in temporary.rglob("*"):
            if file.is_file() and not file.is_symlink():
                _share(file, rights)
                _flush(file)
        if not path.exists():
            temporary.replace(path)
        elif not _exchanged(temporary, path):
            _move_over(temporary, path)


@contextmanager
def passing_folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside `path` for what is needed until the block ends; it is deleted then.

    Raises:
        WriteError: It cannot be written; also an `OSError`.
    """
    temporary = _beside(path)
    with _explaining(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(path)
        try:
            with _held(temporary, is_folder=True):
                yield temporary
        finally:
            remove(temporary)


def refuse_location(path: Path, *, force: bool, read: Iterable[Path] = ()) -> None:
    """Refuse a location where no file can be written, or, unless forced, where there is one: before hours of work.

    Args:
        path: Where a file will be written.
        force: Whether it may replace one.
        read: Files that it never replaces, for they are read.

    Raises:
        DataError: There is one, or it is read.
        WriteError: It cannot be written.
    """
    if os.path.realpath(path) in [os.path.realpath(other.expanduser()) for other in read]:
        raise DataError(f"{path} is what is read; name another file to write.")
    try:
        _refuse_no_file(path)
    except OSError as error:
        raise WriteError(error.errno, str(error.strerror), str(path)) from error
    with passing_folder(path):
        if path.exists() and not force:
            raise DataError(f"{path} is there already; name another file, or replace it with --force.")


def sweep(folder: Path) -> None:
    """Delete what killed processes left half written in a folder, at any depth."""
    for part in list(folder.rglob(".*.part")):
        _remove_if_dead(part)


def remove(path: Path) -> None:
    """Delete a file, a folder as far as that is allowed, or a link, never what the link leads to."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):  # it wants a file handle for each level, and a process that failed may have but one
        for inner in (*sorted(path.rglob("*"), reverse=True), *(path,) * path.exists()):
            inner.rmdir() if inner.is_dir() and not inner.is_symlink() else inner.unlink()


def refuse_link(path: Path) -> None:
    """Refuse a folder of ours that is a link elsewhere: what is written and deleted there is not ours.

    Raises:
        TextclError: It is one.
    """
    if path.is_symlink():
        raise TextclError(
            f"{path} is a link to {os.path.realpath(path)}, and nothing is written or deleted outside {path.parent}. "
            "Put the folder itself there, or name another with --out."
        )


def is_part(path: Path) -> bool:
    """Say whether a path is what is being written, or what a killed process left half written."""
    return _PART.fullmatch(path.name) is not None


def _remove_left(path: Path) -> None:
    """Delete what killed processes left half written of a file or folder."""
    for part in list(path.parent.glob(f".{glob.escape(path.name)}.*.part")):
        found = _PART.fullmatch(part.name)
        if found is not None and found["name"] == path.name:
            _remove_if_dead(part)


def _remove_if_dead(part: Path) -> None:
    """Delete what a killed process left, or put back the folder that it was replacing; what is held is in use."""
    found = _PART.fullmatch(part.name)
    if found is None or fcntl is None:
        return
    if part.is_symlink():  # which nobody is writing
        remove(part)
        return
    with suppress(OSError):  # it is held, or gone, or this file system knows no locks
        handle = os.open(part, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if found["old"] and not part.with_name(found["name"]).exists():
                part.rename(part.with_name(found["name"]))
            else:
                remove(part)
        finally:
            os.close(handle)


@contextmanager
def _held(path: Path, *, is_folder: bool = False) -> Iterator[None]:
    """Make what is going to be written, and hold it, so that nobody takes it for what a killed process left."""
    if fcntl is None:
        if is_folder:
            path.mkdir()
        yield
        return
    handle = _hold(path, is_folder)
    while handle is None:
        handle = _hold(path, is_folder)
    try:
        yield
    finally:
        os.close(handle)


def _hold(path: Path, is_folder: bool) -> int | None:
    """Make a file or folder and lock it; None where another process took it for left behind in the moment between."""
    if is_folder:
        path.mkdir(exist_ok=True)
    try:
        handle = os.open(path, os.O_CLOEXEC | (os.O_DIRECTORY if is_folder else os.O_CREAT), 0o666)
    except FileNotFoundError:
        if is_folder:
            return None
        raise
    with suppress(OSError):  # this file system knows no locks
        fcntl.flock(handle, fcntl.LOCK_EX)
    with suppress(FileNotFoundError):
        if os.path.samestat(path.stat(), os.fstat(handle)):
            return handle
    os.close(handle)
    return None


_HERE, _EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux


def _exchanged(one: Path, other: Path) -> bool:
    """Let two names change places in one move, where the system can, and say whether it did."""
    with suppress(AttributeError, OSError, TypeError):
        exchange = ctypes.CDLL(None).renameat2
        return bool(exchange(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0)
    return False


def _move_over(new: Path, path: Path) -> None:
    """Replace a folder in two moves; a kill between them leaves the old one, which the next process puts back."""
    old = new.with_suffix(".old.part")
    with _held(path, is_folder=True):
        path.replace(old)
        try:
            new.replace(path)
        finally:
            if not path.exists():
                old.replace(path)
            remove(old)


def _refuse_no_file(path: Path) -> None:
    """Raise where something stands that is no file: a folder, or a device or pipe, which would become one."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if (path.exists() and not path.is_file()) or _is_stream(path):
        raise OSError(errno.EINVAL, "it is a device or a pipe, and a file would replace it", str(path))


def _is_stream(path: Path) -> bool:
    """Say whether a path leads through a link like /dev/stdout or /dev/fd/1, which may lead to a file for now."""
    for _ in range(40):  # as many links as Linux follows
        if not path.is_symlink():
            return False
        if _STREAMS.fullmatch(os.path.realpath(path.parent)):
            return True
        path = path.parent / path.readlink()
    return False


@contextmanager
def _explaining(path: Path, temporary: Path) -> Iterator[None]:
    """Tell what goes wrong with `path`, or with what is written for it; other errors of the block pass through."""
    try:
        yield
    except Exception as raised:
        error = system_error(raised)
        if error is None or (error is raised and not _is_of(error, path, temporary)):
            raise
        # os.path, for Path.is_file fails where a folder may not be looked into
        blocking = next((folder for folder in path.parents if os.path.isfile(folder)), None)  # noqa: PTH113
        reason = error.strerror or str(error) if blocking is None else f"{blocking} is a file, not a folder"
        raise WriteError(error.errno, reason, str(path)) from raised


def _is_of(error: OSError, path: Path, temporary: Path) -> bool:
    if not isinstance(error.filename, str):
        return error.errno in _NO_ROOM
    named = Path(error.filename)
    return named in (path, *path.parents) or temporary in (named, *named.parents)


def _beside(path: Path) -> Path:
    return path.parent / f".{path.name}.{secrets.token_hex(4)}.part"


def _share(file: Path, rights: int) -> None:
    """Give a file the rights of all others; safetensors writes for the owner alone, whatever the umask says."""
    if file.stat().st_mode & 0o777 != rights:
        with suppress(OSError):  # a file system without rights
            file.chmod(rights)


def _flush(file: Path) -> None:
    with file.open("rb") as handle:
        os.fsync(handle.fileno())


def write_json(path: Path, content: object) -> None:
    """Write content as JSON, which knows no NaN."""
    with new_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


_PATIENCE = 2.0  # seconds: workers of a process that was killed may hold its lock a moment longer


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold a folder for this process until the block ends; the folder is made where it is missing.

    The folder itself is locked, so no file is left behind; worker processes that are forked meanwhile hold it too. On a
    system that knows no locks the block runs without one.

    Raises:
        TextclError: Another process holds it.
        WriteError: It cannot be made; also an `OSError`.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = None if fcntl is None else os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise WriteError(error.errno, error.strerror or str(error), str(folder)) from error
    if handle is None:
        yield
        return
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
