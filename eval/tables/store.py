"""The results of a table so far: a JSON file, and the page that is made of it."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from textcl.util.atomic import new_file

Results = dict[str, dict[str, Any]]  # Any: JSON


class Store:
    """Keeps each result as soon as it is there; several processes may add to one file.

    Args:
        path: The JSON file.
        write_page: Is given the results and the path of the page beside the file, after each addition.
    """

    def __init__(self, path: Path, write_page: Callable[[Results, Path], None]) -> None:
        self.path, self._write_page = path, write_page

    def saved(self) -> Results:
        """Return the results so far."""
        if self.path.exists():
            return dict(json.loads(self.path.read_text(encoding="utf-8")))
        versions = {name: version(name) for name in ("torch", "transformers", "sentence-transformers")}
        return {"versions": versions, "starts": {}, "search": {}, "runs": {}}

    def has(self, part: str, key: str) -> bool:
        """Say whether a result is there."""
        return key in self.saved().get(part, {})

    def keep(self, part: str, key: str, value: object) -> None:
        """Add a result, and write the page anew."""
        with self._alone():
            results = self.saved()  # another process may have added to it
            results.setdefault(part, {})[key] = value
            with new_file(self.path) as temporary:
                temporary.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            self._write_page(results, self.path.with_suffix(".md"))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until no other process adds to the folder, and keep them waiting."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
