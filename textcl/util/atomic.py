"""Files and folders that appear whole or not at all: written beside it, then moved; one process a folder."""

import errno
import fcntl
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

_PART = re.compile(r"\..+\.[0-9a-f]{4,}\.part")
_STREAMS = re.compile(r"/dev|/proc/[^/]+(/task/[^/]+)?/fd")
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)  # which name no file while one is written


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; move it there when the block ends well, delete it when it fails.

    Raises:
        WriteError: It cannot be written; also an `OSError`.
    """
    temporary = _beside(path)
    with _explaining(path, temporary):
        _refuse_no_file(path)  # now, not after the work
        path.parent.mkdir(parents=True, exist_ok=True)
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
    old = _beside(path)
    with passing_folder(path) as temporary:
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "it is a file, not a folder", str(path))
        try:
            yield temporary
            rights = temporary.stat().st_mode & 0o666
            for file in temporary.rglob("*"):
                if file.is_file() and not file.is_symlink():
                    _share(file, rights)
                    _flush(file)
            if path.exists():
                path.replace(old)
            temporary.replace(path)
        finally:
            if old.exists() and not path.exists():
                old.replace(path)
            remove(old)


@contextmanager
def passing_folder(path: Path) -> Iterator[Path]:
    """Yield a folder beside `path` for what is needed until the block ends; it is deleted then.

    Raises:
        WriteError: It cannot be written; also an `OSError`.
    """
    temporary = _beside(path)
    with _explaining(path, temporary):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.mkdir()
            yield temporary
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


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
    if path.resolve() in [other.expanduser().resolve() for other in read]:
        raise DataError(f"{path} is what is read; name another file to write.")
    try:
        _refuse_no_file(path)
    except OSError as error:
        raise WriteError(error.errno, str(error.strerror), str(path)) from error
    with passing_folder(path):
        if path.exists() and not force:
            raise DataError(f"{path} is there already; name another file, or replace it with --force.")


def sweep(folder: Path) -> None:
    """Delete what killed processes left half written in a folder, at any depth; nobody else may be writing there."""
    for part in [path for path in folder.rglob(".*.part") if _PART.fullmatch(path.name)]:
        remove(part)


def remove(path: Path) -> None:
    """Delete a file, a folder as far as that is allowed, or a link, never what the link leads to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def refuse_links(folder: Path) -> None:
    """Refuse a folder to write in that holds a link to a folder elsewhere: what lies there is not ours.

    Raises:
        TextclError: It holds one.
    """
    home = folder.resolve()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.is_symlink() and path.is_dir() and home not in path.resolve().parents:
            raise TextclError(
                f"{path} is a link to {path.resolve()}, and nothing is written or deleted outside {folder}. Put the "
                "folder itself there, or name another with --out."
            )


def is_part(path: Path) -> bool:
    """Say whether a path is what a killed process left half written."""
    return _PART.fullmatch(path.name) is not None


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
    except WriteError:
        raise
    except OSError as error:
        if not _is_of(error, path, temporary):
            raise
        # os.path, for Path.is_file fails where a folder may not be looked into
        blocking = next((folder for folder in path.parents if os.path.isfile(folder)), None)  # noqa: PTH113
        reason = error.strerror or str(error) if blocking is None else f"{blocking} is a file, not a folder"
        raise WriteError(error.errno, reason, str(path)) from error


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
