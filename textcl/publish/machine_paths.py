"""The paths of the machine that a run was made on: found, and replaced by names that say as much to others."""

import html
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_SEPARATORS = re.compile(r",|^\w+:")  # of a set of one's own: sts:FILE, classification:TRAIN,TEST


def paths_in(value: str) -> list[str]:
    """Return the absolute paths that a setting holds: itself, or the files that it names as `sts:FILE`."""
    parts = [part.strip() for part in _SEPARATORS.split(value)]
    return [part for part in parts if part.startswith("/") and not part.startswith("//") and _is_path(part)]


def _is_path(text: str) -> bool:
    """Tell a path from a text that begins with a slash: it names a folder and what is in it, or is there."""
    return len(Path(text).parts) > 2 or Path(text).exists()


def stand_ins(paths: Sequence[str]) -> dict[str, str]:
    """Return what is published in place of each path: `./` and its last names, as few as tell the paths apart."""
    distinct = [Path(path) for path in dict.fromkeys(paths)]
    names: list[str] = []
    for depth in range(1, max((len(path.parts) for path in distinct), default=0) + 1):
        names = ["/".join(path.parts[1:][-depth:]) for path in distinct]
        if len(set(names)) == len(distinct):
            break
    return {path: f"./{name}" for path, name in zip(dict.fromkeys(paths), names, strict=True)}


def without_paths(text: str, named: Mapping[str, str]) -> str:
    """Return a text with every path in it replaced, as it stands and as JSON and HTML write it.

    Args:
        text: What is published.
        named: Path → what stands in for it.
    """
    for path in sorted(named, key=len, reverse=True):  # a file before the folder that it lies in
        for write in (str, _as_json, html.escape):
            text = text.replace(write(path), write(named[path]))
    return text


def _as_json(text: str) -> str:
    return json.dumps(text)[1:-1]
