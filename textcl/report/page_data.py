"""What a page shows: the files of its run, and what was collected while tasks ran, kept in `page.json`.

Nothing is loaded, scored or computed again for a page.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from textcl.errors import DataError, RecipeError
from textcl.export.figures import FILE as EXPORTS
from textcl.export.figures import read_figures
from textcl.files.yaml import read_yaml_file
from textcl.report.scores import Checked, ReportFile
from textcl.util.atomic import new_file
from textcl.util.foreign import check_kinds

FILE = "page.json"
_WIDTH = 240  # characters kept of a text


@dataclass(frozen=True, slots=True)
class Similarities:
    """Cosines of one model on one task, counted in equal bins from -1 to 1."""

    positives: tuple[int, ...]  # pairs that belong together; no pairs at all where the task knows of none
    randoms: tuple[int, ...]  # pairs drawn by chance
    closer: float | None  # share of (positive, random) of which the positive has the higher cosine; a tie is half


@dataclass(frozen=True, slots=True)
class TextMap:
    """A sample of a task's texts on a plane, once for each model."""

    task: str
    texts: tuple[str, ...]
    is_document: tuple[bool, ...]  # embedded in a role of its own, as what is searched
    pairs: tuple[tuple[int, int], ...]  # positions of texts that belong together
    layouts: tuple[tuple[tuple[float, float], ...], ...]  # model x text; 0–1 each way
    groups: tuple[int, ...] = ()  # of each text, where the map is of groups; -1: of none
    names: tuple[str, ...] = ()  # of the groups


@dataclass(frozen=True, slots=True)
class Hit:
    """One document that a query found."""

    text: str
    is_relevant: bool


@dataclass(frozen=True, slots=True)
class QueryChange:
    """A query whose score moved, with what it found before and after."""

    text: str
    scores: tuple[float, float]  # nDCG@10, 0–1
    ranks: tuple[int | None, int | None]  # of the first relevant document, from 1; None: not among those kept
    hits: tuple[tuple[Hit, ...], tuple[Hit, ...]]  # best first

    @property
    def gained(self) -> bool:
        """Whether it is better after than before."""
        return self.scores[1] > self.scores[0]


@dataclass(frozen=True, slots=True)
class PageData:
    """All of it."""

    made: str  # ISO date and time
    models: tuple[str, ...]  # what the one or two models are called: before, after
    similarities: dict[str, tuple[Similarities, ...]]  # task -> one a model
    map: TextMap | None
    queries: dict[str, tuple[QueryChange, ...]]  # retrieval task -> those that gained most, then those that lost most

    def __post_init__(self) -> None:
        """Refuse what does not fit together, as a file may hold it."""
        each = [*self.similarities.values(), *([self.map.layouts] if self.map else [])]
        if {len(of_models) for of_models in each} - {len(self.models)} or (self.queries and len(self.models) != 2):
            raise ValueError("what it tells is not of as many models as it names")
        bins = {
            len(counts) for of in self.similarities.values() for its in of for counts in (its.positives, its.randoms)
        }
        sizes = {len(texts) for texts in (self.map.texts, self.map.is_document, *self.map.layouts)} if self.map else {0}
        if self.map and self.map.groups:
            sizes.add(len(self.map.groups))
        if len(bins) > 1 or 0 in bins or len(sizes) > 1:
            raise ValueError("its lists are not of one length")
        if self.map and any(not 0 <= end < len(self.map.texts) for pair in self.map.pairs for end in pair):
            raise ValueError("a pair of the map is of texts that it does not have")


_ADAPTER = TypeAdapter(PageData)


def write_page_data(folder: Path, data: PageData) -> None:
    """Write `page.json` of a run folder; it appears whole or not at all."""
    with new_file(folder / FILE) as temporary:
        temporary.write_bytes(_ADAPTER.dump_json(data))


def read_page_data(folder: Path) -> PageData | None:
    """Return what a run folder keeps for its page; None for a run that kept nothing.

    Raises:
        DataError: The file is there, and is not what textcl writes.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataError(
            f"{path} cannot be read: {error.errors()[0]['msg']}. Delete it to have a page without histograms, map "
            "and queries."
        ) from error


def shown(text: str) -> str:
    """Return a text as a page shows it: on one line, without what no page can hold, cut after 240 characters."""
    line = " ".join(text.encode("utf-8", "replace").decode().replace("\0", " ").split())
    line = "".join(letter if letter >= " " and not "\x7f" <= letter <= "\x9f" else " " for letter in line)
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…"


BINS = 80  # from -1 to 1
Cosines = NDArray[np.float64]


def similarities(positives: Cosines, randoms: Cosines) -> Similarities:
    """Count cosines in bins, and say how often a positive beats a random pair.

    Args:
        positives: Of pairs that belong together, (P,); none where a task knows of no pairs.
        randoms: Of random pairs, (R,).
    """
    return Similarities(_counts(positives), _counts(randoms), _closer(positives, randoms))


def _counts(cosines: Cosines) -> tuple[int, ...]:
    counts, _ = np.histogram(np.clip(cosines, -1, 1), bins=BINS, range=(-1, 1))
    return tuple(counts.tolist())


def _closer(positives: Cosines, randoms: Cosines) -> float | None:
    """Return the share of all (positive, random) in which the positive is higher; ties are half (Mann-Whitney)."""
    if not len(positives) or not len(randoms):
        return None
    ordered = np.sort(randoms)
    below = np.searchsorted(ordered, positives, side="left")
    up_to = np.searchsorted(ordered, positives, side="right")
    return float((below + up_to).mean() / (2 * len(randoms)))


Fields = dict[str, Any]  # of a JSON or YAML mapping; `Any`: its values are of many kinds


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of a run, those that are absent empty."""

    recipe: Fields
    provenance: Fields  # run.json
    log: list[Fields]  # log.jsonl, a mapping a step
    evaluations: list[Fields]  # evaluations.jsonl
    report: Fields  # report.json
    data: PageData | None  # page.json
    exports: list[Fields]  # exports.json


def read_run(folder: Path) -> RunFiles:
    """Read a run folder.

    Raises:
        DataError: It is no run folder, or a file in it cannot be read.
    """
    check_kinds(folder)
    if not (folder / "recipe.yaml").is_file():
        raise DataError(
            f"{folder} is no run folder: it has no recipe.yaml. Name a folder that textcl train wrote; for a model "
            "alone there is textcl evaluate MODEL SUITE --html FILE."
        )
    return RunFiles(
        recipe=_mapping(folder / "recipe.yaml", _RecipeFile),
        provenance=_mapping(folder / "run.json", RunFacts),
        log=_lines(folder / "log.jsonl", _Step),
        evaluations=_lines(folder / "evaluations.jsonl", _Scored),
        report=_mapping(folder / "report.json", ReportFile),
        data=read_page_data(folder),
        exports=read_figures(folder / EXPORTS) if (folder / EXPORTS).exists() else [],
    )


_Count = Annotated[int, Field(ge=0, lt=2**63)]
_Number = Annotated[float, Field(strict=False)]  # YAML may hold 3e-5 as a text


class _Data(Checked):
    sources: list[Fields] | None = None
    batch_size: _Count = 0
    max_length: _Count = 0


class _Training(Checked):
    learning_rate: _Number = 0.0
    warmup: _Number = 0.0


class _RecipeFile(Checked):
    """What a page tells of a recipe, maybe one of another release."""

    data: _Data | None = None
    training: _Training | None = None


class _Share(Checked):
    name: str
    rows: _Count
    share: float


class _DataFacts(Checked):
    rows: _Count = 0
    sources: list[_Share] = Field(default_factory=list)
    held_out: dict[str, _Count] | None = None


class _BaseModel(Checked):
    id: str
    revision: str


class RunFacts(Checked):
    """`run.json`: what is told of how a run was made."""

    data: _DataFacts | None = None
    base_models: list[_BaseModel] | None = None
    packages: Fields | None = None
    processes: _Count = 1
    stopped_early: str | None = None  # why


class _Step(Checked):
    step: _Count
    steps: _Count
    loss: float = 0.0
    terms: dict[str, float] | None = None
    readings: dict[str, float] | None = None
    source: str | None = None
    rows_per_second: float = 0.0
    learning_rate: float = 0.0
    gradient_norm: float = 0.0


class _Scored(Checked):
    """The main scores at a step, by task and metric."""

    model_config = ConfigDict(strict=True, extra="allow")
    __pydantic_extra__: dict[str, float | None]

    step: _Count


def checked(content: Any, schema: type[BaseModel], location: Path | str) -> Any:
    """Return what was read of a file, if it is of the kind that textcl writes. `Any`: it may be anything.

    Args:
        content: As JSON or YAML has it.
        schema: Of that kind.
        location: The file, and the line in it.

    Raises:
        DataError: It is of another kind.
    """
    try:
        schema.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        inside = f"{'.'.join(map(str, first['loc']))}: " if first["loc"] else ""
        wrong = "it is missing" if first["type"] == "missing" else first["msg"]
        raise DataError(
            f"{location} cannot be read: {inside}{wrong}. It is not what textcl train left there; bring that back."
        ) from error
    return content


def _mapping(path: Path, schema: type[BaseModel]) -> Fields:
    """Read a mapping in YAML or JSON, which is YAML too but is read faster by its own reader."""
    if not path.exists():
        return {}
    try:
        read = json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else read_yaml_file(path)
    except RecipeError as error:
        raise DataError(str(error)) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: {error}") from error
    if not isinstance(read, dict):
        raise DataError(f"{path} cannot be read: it holds no mapping, as textcl train writes.")
    fields: Fields = checked(read, schema, path)
    return fields


def _lines(path: Path, schema: type[BaseModel]) -> list[Fields]:
    """Read a log; a killed run may have left half of its last line."""
    lines = []
    for number, text in enumerate(_text(path).splitlines() if path.exists() else [], start=1):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        lines.append(checked(line, schema, f"{path}, line {number}"))
    return lines


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except ValueError as error:
        raise DataError(f"{path} cannot be read: {error}") from error
