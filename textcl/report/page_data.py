"""What a page shows: the files of its run, and what was collected while tasks ran, kept in `page.json`.

Nothing is loaded, scored or computed again for a page.

Vectors on a plane: t-SNE from scikit-learn, the layout of a second model begun from that of the first.

Source:
    van der Maaten & Hinton 2008, Visualizing Data using t-SNE. JMLR 9
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from textcl.errors import DataError, RecipeError
from textcl.export.figures import FILE as EXPORTS
from textcl.export.figures import read_figures
from textcl.files.yaml import read_yaml_file
from textcl.types.batches import FloatArray
from textcl.util.atomic import new_file

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


_ROUNDS = 500  # of gradient descent
_PERPLEXITY = 20.0  # neighbours that count
FEWEST = 8  # texts worth a map
Plane = NDArray[np.float64]
Layout = tuple[tuple[float, float], ...]


def layouts(models: Sequence[FloatArray], seed: int) -> tuple[Layout, ...]:
    """Lay the same texts out for each model.

    Args:
        models: Vectors of unit length of the same N texts, (N, D) for each model.
        seed: Decides what is left to chance.

    Returns:
        For each model a place for each text, 0–1 each way; nothing where there are too few texts or no plane.
    """
    placed: list[Layout] = []
    start: Plane | None = None
    for vectors in models:
        if len(vectors) < FEWEST or vectors.shape[1] < 2:
            return ()
        start = _tsne(vectors, start, seed)
        placed.append(_framed(start))
    return tuple(placed)


def _tsne(vectors: FloatArray, start: Plane | None, seed: int) -> Plane:
    """Return positions, (N, 2). A start of tiny spread is what t-SNE wants."""
    from sklearn.manifold import TSNE  # slow to import, and needed by pages only

    positions = _main_axes(vectors) if start is None else start
    init = (positions / max(float(positions[:, 0].std()), 1e-12) * 1e-4).astype(np.float32)
    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3)
    tsne = TSNE(n_components=2, init=init, perplexity=perplexity, max_iter=_ROUNDS, random_state=seed % 2**32)
    return np.asarray(tsne.fit_transform(vectors), dtype=np.float64)


def _main_axes(vectors: FloatArray) -> Plane:
    """Return the first two principal components, (N, 2), their signs fixed."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, sizes, right = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(right[np.arange(2), np.abs(right[:2]).argmax(axis=1)])
    axes: Plane = left[:, :2] * sizes[:2] * signs
    return axes


def _framed(positions: Plane) -> Layout:
    low, high = positions.min(axis=0), positions.max(axis=0)
    unit = (positions - low) / np.where(high > low, high - low, 1.0)
    return tuple((round(float(x), 4), round(float(y), 4)) for x, y in unit)


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
    if not (folder / "recipe.yaml").is_file():
        raise DataError(
            f"{folder} is no run folder: it has no recipe.yaml. Name a folder that textcl train wrote; for a model "
            "alone there is textcl evaluate MODEL SUITE --html FILE."
        )
    return RunFiles(
        recipe=_mapping(folder / "recipe.yaml"),
        provenance=_mapping(folder / "run.json"),
        log=_lines(folder / "log.jsonl"),
        evaluations=_lines(folder / "evaluations.jsonl"),
        report=_mapping(folder / "report.json"),
        data=read_page_data(folder),
        exports=read_figures(folder / EXPORTS) if (folder / EXPORTS).exists() else [],
    )


def _mapping(path: Path) -> Fields:
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
    return read


def _lines(path: Path) -> list[Fields]:
    """Read a log; a killed run may have left half of its last line."""
    lines = []
    for text in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            lines.append(json.loads(text))
        except (ValueError, RecursionError):
            continue
    return lines
