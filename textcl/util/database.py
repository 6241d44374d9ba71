"""SQLite files: opened one way, with patience for others that use them, and errors that say what to do."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from textcl.errors import DataError, TextclError

_PATIENCE = 60.0  # seconds to wait for another process that writes


def open_database(path: Path | None, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a SQLite file, which several processes may use; outside a transaction each statement counts at once.

    Args:
        path: Is made where it is missing, with its folder; None: in memory.
        read_only: It must be there, and nothing is written.

    Raises:
        OSError: The folder cannot be made.
        sqlite3.Error: The file cannot be opened. `explained` turns both into errors for the user.
    """
    if path is None:
        return sqlite3.connect(":memory:", isolation_level=None)
    if read_only:
        address = f"{path.absolute().as_uri()}?mode=ro"
        return _of_tables(sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None))
    path.parent.mkdir(parents=True, exist_ok=True)
    return _of_tables(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None))


def _of_tables(database: sqlite3.Connection) -> sqlite3.Connection:
    """Return a database that holds tables alone: a view may have rows without end, and a trigger writes at will."""
    try:
        others = database.execute("SELECT type, name FROM sqlite_master WHERE type IN ('view', 'trigger')").fetchone()
        if others is not None:
            raise sqlite3.DatabaseError("it holds a {} '{}', as textcl makes none".format(*others))
    except sqlite3.Error:
        database.close()
        raise
    return database


@contextmanager
def explained(
    path: Path, holds: str, way_out: str, error: type[TextclError] = DataError, *, unusable: str | None = None
) -> Iterator[None]:
    """Turn what SQLite and the disk say within a block into an error that says what to do.

    An error of the system that names another file, such as one that is read meanwhile, passes through.

    Args:
        path: The file.
        holds: What is in it: `the vectors`.
        way_out: What to do where it is damaged.
        error: What is raised.
        unusable: What to do where it cannot be opened or written; None: look for room and permission.
    """
    try:
        yield
    except (sqlite3.OperationalError, OSError) as cause:
        if isinstance(cause, OSError) and isinstance(cause.filename, str) and not _is_of(cause.filename, path):
            raise
        reason = cause.strerror if isinstance(cause, OSError) else f"{cause}{_refusal(path.parent)}"
        advice = unusable or "Is there room, may it be written?"
        raise error(f"{path}: {holds} cannot be used ({reason}). {advice}") from cause
    except (sqlite3.Error, UnicodeDecodeError) as cause:
        raise error(f"{path} is damaged ({cause}). {way_out}") from cause


def _refusal(folder: Path) -> str:
    """Say why the system lets nobody look into a folder, as where too many files are open: SQLite does not say."""
    try:
        os.close(os.open(folder, os.O_RDONLY))
    except OSError as error:
        return f": {error.strerror}"
    return ""


def _is_of(named: str, path: Path) -> bool:
    """Say whether a file is the database, one that lies beside it under its name, or a folder that it lies in."""
    other = Path(named)
    return other in path.parents or (other.parent == path.parent and path.name in other.name)
