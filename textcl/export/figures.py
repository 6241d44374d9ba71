"""`exports.json`: what each export of a model keeps of it, what it weighs, and how fast it was."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from textcl.encoder.locate import Export
from textcl.encoder.protocols import TextEncoder
from textcl.errors import DataError
from textcl.util.atomic import new_file

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


class _Score(BaseModel):
    model_config = ConfigDict(strict=True)

    task: str
    metric: str
    before: float
    after: float


class _Written(BaseModel):
    """What is told of an export, maybe by another release."""

    model_config = ConfigDict(strict=True)

    format: str
    files: list[str]
    bytes: int
    texts: int
    cosine_mean: float | None
    cosine_min: float | None
    scores: list[_Score]
    texts_per_second: float
    texts_per_second_original: Annotated[float, Field(gt=0)]


_FILE = TypeAdapter(list[_Written])


def read_figures(path: Path) -> list[dict[str, Any]]:  # Any: JSON, maybe of another release
    """Read the figures of all exports of a model; none where there is no file.

    Raises:
        DataError: The file is damaged.
    """
    if not path.exists():
        return []
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        _FILE.validate_python(entries)
    except ValidationError as error:
        first = error.errors()[0]
        wrong = f"{'.'.join(map(str, first['loc']))}: {first['msg']}".removeprefix(": ")
        raise DataError(f"{path} is no list of exports ({wrong}). Delete it, and export again.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} is no list of exports ({error}). Delete it, and export again.") from error
    return entries


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


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that an export may lose."""

    cosine: float | None  # that each text's two vectors must reach; None: they are of different spaces
    points: float  # of 100, of a task's main metric


_BOUNDS = {
    Export.ONNX: Bound(0.9999, 0.1),
    Export.OPENVINO: Bound(0.9999, 0.1),
    Export.TORCH_BF16: Bound(0.995, 0.5),
    Export.ONNX_INT8: Bound(0.98, 1.0),
    Export.OPENVINO_INT8: Bound(0.98, 1.0),
    Export.STATIC: Bound(None, 25.0),
}


def bound_of(export: Export) -> Bound:
    """Return the bound of a form."""
    return _BOUNDS[export]


def losses(figures: ExportFigures, bound: Bound) -> list[str]:
    """Return in words what an export loses beyond its bound; nothing where it keeps to it.

    What is not a number counts as lost.
    """
    found = []
    if bound.cosine is not None and not (figures.cosine_min is not None and figures.cosine_min >= bound.cosine):
        found.append(f"the least cosine is {figures.cosine_min}, below {bound.cosine}")
    for score in figures.scores:
        lost = 100 * (score.before - score.after)
        if not lost <= bound.points:
            change = f"{100 * score.before:.2f} to {100 * score.after:.2f}"
            found.append(f"{score.task} {score.metric} falls from {change}, by more than {bound.points} points")
    return found


_REPEATS = 5


def texts_per_second(encoders: Sequence[TextEncoder], texts: Sequence[str], repeats: int = _REPEATS) -> list[float]:
    """Embed the same texts with each encoder in turn, again and again.

    Args:
        encoders: All in this process, with its threads.
        texts: What they embed.
        repeats: Times that count; a first one for each encoder warms up.

    Returns:
        Texts a second of each encoder, by the median of its times.
    """
    seconds: list[list[float]] = [[] for _ in encoders]
    for turn in range(repeats + 1):
        for encoder, times in zip(encoders, seconds, strict=True):
            began = time.perf_counter()
            encoder.encode(texts)
            if turn:
                times.append(time.perf_counter() - began)
    return [len(texts) / median(times) for times in seconds]
