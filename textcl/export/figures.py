"""`exports.json`: what each export of a model keeps of it, what it weighs, and how fast it was."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from textcl.atomic import new_file
from textcl.errors import DataError

FILE = "exports.json"


@dataclass(frozen=True, slots=True)
class TaskScore:
    """The main metric of a task, of the model and of its export."""

    task: str
    metric: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class ExportFigures:
    """One export against the model that it was made of."""

    format: str
    files: tuple[str, ...]  # in the model folder; a folder of its own stands for all that is in it
    bytes: int
    texts: int  # that were embedded by both
    cosine_mean: float | None  # of the two vectors of a text; None: they are of different spaces
    cosine_min: float | None
    scores: tuple[TaskScore, ...]
    texts_per_second: float
    texts_per_second_original: float
    versions: dict[str, str]
    precision: str  # that both multiplied in, where the form leaves a choice
    fingerprint: str  # of the model


def read_figures(path: Path) -> list[dict[str, Any]]:  # Any: JSON, maybe of another release
    """Read the figures of all exports of a model; none where there is no file.

    Raises:
        DataError: The file is damaged.
    """
    if not path.exists():
        return []
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [dict(entry) for entry in entries]
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} is no list of exports ({error}). Delete it, and export again.") from error


def write_figures(path: Path, figures: Sequence[ExportFigures]) -> None:
    """Write figures, in the place of older ones of the same forms; those of another model are dropped.

    Raises:
        DataError: A file that stands there is damaged.
    """
    fresh = [asdict(entry) for entry in figures]
    formats, models = {entry["format"] for entry in fresh}, {entry["fingerprint"] for entry in fresh}
    kept = [
        entry
        for entry in read_figures(path)
        if entry.get("format") not in formats and entry.get("fingerprint") in models
    ]
    with new_file(path) as temporary:
        temporary.write_text(json.dumps([*kept, *fresh], indent=2) + "\n", encoding="utf-8")
