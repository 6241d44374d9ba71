"""Logs such as `log.jsonl`: one line a step, cut back to the checkpoint when a run goes on."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textcl.util.atomic import new_file


class Log:
    """Appends steps to a file, each flushed, so that a killed run keeps what it wrote.

    Args:
        path: The file; its folder exists.
        done: Steps of an earlier run to keep; later lines are dropped, as those steps will run again.
    """

    def __init__(self, path: Path, done: int) -> None:
        kept = [line for line in _lines(path) if line["step"] <= done]
        with new_file(path) as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        self.path = path

    def has(self, step: int) -> bool:
        """Say whether a step is in the file."""
        return any(line["step"] == step for line in _lines(self.path))

    def add(self, entry: Mapping[str, object]) -> None:
        """Write what is known of one step: `step`, and anything else."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(dict(entry)) + "\n")


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
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            lines.append(json.loads(text))
        except json.JSONDecodeError:
            continue
    return lines
