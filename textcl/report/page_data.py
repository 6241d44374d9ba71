"""What a page shows beside the scores of a report: collected while tasks run, kept in `page.json`, never recomputed."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from textcl.atomic import new_file
from textcl.errors import DataError

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
            f"{path} can not be read: {error.errors()[0]['msg']}. Delete it to have a page without histograms, map "
            "and queries."
        ) from error


def shown(text: str) -> str:
    """Return a text as a page shows it: on one line, without what no page can hold, cut after 240 characters."""
    line = " ".join(text.encode("utf-8", "replace").decode().replace("\0", " ").split())
    line = "".join(letter if letter >= " " and not "\x7f" <= letter <= "\x9f" else " " for letter in line)
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…"
