"""The files of a folder that a pattern matches."""

from collections import Counter
from pathlib import Path

from textcl.errors import DataError


def files_of(path: str, pattern: str) -> list[Path]:
    """Return the files below a folder that match a pattern, sorted; hidden files and folders are left out.

    Args:
        path: The folder.
        pattern: As shells have it, from the folder on: `*.txt`, or `**/*.txt` for all folders in it too.

    Raises:
        DataError: There is no such folder, or no file matches.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        what = "is a file; name the folder that it is in" if folder.is_file() else "there is no such folder"
        raise DataError(f"{folder}: {what}.")
    if Path(pattern).is_absolute() or not pattern:
        raise DataError(f"{folder}: the pattern {pattern!r} must count from the folder, as in '**/*.txt'.")
    files = [file for file in folder.glob(pattern) if file.is_file() and not _is_hidden(file, folder)]
    if not files:
        raise DataError(f"{folder}: no file matches '{pattern}'; {_endings(folder)}.")
    return sorted(files)


def _is_hidden(file: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(folder).parts)


def _endings(folder: Path) -> str:
    counts = Counter(file.suffix or file.name for file in folder.rglob("*") if file.is_file())
    found = ", ".join(f"{count:,} of {ending}" for ending, count in counts.most_common(3))
    return f"there are files, most of them {found}" if found else "there are no files at all"
