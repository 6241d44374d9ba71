"""Logs such as `log.jsonl`: one line a step, cut back to the checkpoint when a run goes on."""

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from textcl.util.atomic import new_file

_log = logging.getLogger(__name__)


class Log:
    """Appends steps to a file, each flushed, so that a killed run keeps what it wrote.

    A line that cannot be written, as the disk is full, is worth less than the run: it is kept for the next step.

    Args:
        path: The file; its folder exists.
        done: Steps of an earlier run to keep; later lines are dropped, as those steps will run again.
    """

    def __init__(self, path: Path, done: int) -> None:
        kept = [line for line in _lines(path) if line["step"] <= done]
        with new_file(path) as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        self.path = path
        self._waiting: list[str] = []  # lines that found no room

    def has(self, step: int) -> bool:
        """Say whether a step is in the file."""
        return any(line["step"] == step for line in _lines(self.path))

    def add(self, entry: Mapping[str, object]) -> None:
        """Write what is known of one step: `step`, and anything else."""
        self._waiting.append(json.dumps(dict(entry)) + "\n")
        try:
            self._write("".join(self._waiting))
        except OSError as error:
            if len(self._waiting) == 1:
                _log.warning("%s cannot be written (%s). The run goes on without it.", self.path, error.strerror)
            return
        self._waiting.clear()

    def _write(self, text: str) -> None:
        """Append a text, all of it or nothing."""
        size = self.path.stat().st_size
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            with suppress(OSError):
                os.truncate(self.path, size)
            raise


def last_step(path: Path) -> int:
    """Return the number of steps that a log holds; 0 where there is none."""
    return max((line["step"] for line in _lines(path)), default=0)


def first_readings(path: Path, done: int) -> dict[str, dict[str, float]]:
    """Return what the monitor read first of each source, on the first `done` steps of a log."""
    first: dict[str, dict[str, float]] = {}
    for line in _lines(path):
        if line["step"] <= done and line.get("readings"):
            first.setdefault(line.get("source", ""), line["readings"])
    return first


def _lines(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a log that are whole; a killed run may have left half of one."""
    lines = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            lines.append(line)
    return lines
