"""Any task of MTEB by its name, run and scored by the package mteb itself."""

import importlib
import importlib.util
import inspect
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from textcl.errors import DataError, suggestion
from textcl.evaluation.kind import Files, Kind, TaskEntry
from textcl.evaluation.samples import PlainFigures
from textcl.evaluation.task import Values
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use
from textcl.util.seeds import seeded

_SEED = 42  # mteb's own default


class EmbedEncoder:
    """mteb's EncoderProtocol over a function from texts to vectors.

    Args:
        embed: The model; its prompts are chosen as MTEB chooses them. The instructions that some tasks bring for models
            that follow instructions are not put before the texts.
    """

    def __init__(self, embed: Embed) -> None:
        self._embed = embed

    @property
    def mteb_model_meta(self) -> Any:
        """What mteb knows of the model: nothing."""
        from mteb.models.model_meta import ModelMeta

        return ModelMeta.create_empty()

    def encode(
        self,
        inputs: Iterable[Mapping[str, Sequence[str]]],
        *,
        task_metadata: Any = None,
        prompt_type: str | None = None,
        **_: object,
    ) -> FloatArray:
        """Embed batches of texts, (N, D)."""
        texts = [text for batch in inputs for text in batch["text"]]
        return self._embed(texts, prompt_use(task_metadata, prompt_type))

    def similarity(self, first: FloatArray | Tensor, second: FloatArray | Tensor) -> Tensor:
        """Return the cosine of each row of one with each of the other, (N, M)."""
        return _unit(first) @ _unit(second).T

    def similarity_pairwise(self, first: FloatArray | Tensor, second: FloatArray | Tensor) -> Tensor:
        """Return the cosine of each row of one with the same row of the other, (N,)."""
        return (_unit(first) * _unit(second)).sum(dim=1)


_SIDES = {"query": Role.ANCHOR, "document": Role.POSITIVE}


def prompt_use(task: Any, side: str | None) -> Use:
    """Return which prompts suit texts of a task, best first, in MTEB's own order.

    Args:
        task: What mteb says of the task; `Any` because mteb is an extra.
        side: `query`, `document`, or None for texts that are neither.
    """
    sided = None if side is None else str(getattr(side, "value", side))
    named = [] if task is None else [task.name, task.type]
    names = [name for word in named for name in ([f"{word}-{sided}", word] if sided else [word])]
    return Use(tuple(names), None if sided is None else _SIDES[sided])


def _unit(vectors: FloatArray | Tensor) -> Tensor:
    return F.normalize(torch.atleast_2d(torch.as_tensor(vectors)), dim=1)


@contextmanager
def own_randomness() -> Iterator[None]:
    """Put the state of all global generators back after the block: mteb seeds them when it is imported and run."""
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the generator that mteb seeds)
    try:
        with seeded(_SEED):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


_LOADER = {"batch_size": 1024, "show_progress_bar": False}  # texts that its loaders hand over at once


class MTEBTask:
    """A task of mteb. Its figures are mteb's own; as mteb gives no items, they have no intervals.

    Args:
        task: What `mteb.get_task` returns; `Any` because mteb is an extra, which is imported only where it is used.

    Raises:
        DataError: The task is not about text, or its data cannot be loaded.
    """

    def __init__(self, task: Any) -> None:
        self.name = f"{KIND.name}:{task.metadata.name}"
        self._task = task
        self._parts = list(getattr(task.metadata, "tasks", [task]))  # an aggregate is scored by its parts
        if any(part.modalities != ["text"] for part in self._parts):
            raise DataError(f"{self.name}: the task is about {', '.join(task.modalities)}; textcl encodes text.")
        for part in self._parts:
            self._load(part)

    @property
    def fingerprint(self) -> str:
        """Each data set with its revision."""
        return "; ".join(f"{part.metadata.name} {part.metadata.dataset}" for part in self._parts)

    def run(self, embed: Embed) -> PlainFigures:
        """Let mteb embed, compare and score; queries are anchors, documents positives, all else has no role."""
        with own_randomness():
            results = (
                _mteb()
                .evaluate(
                    EmbedEncoder(embed),
                    self._task,
                    cache=None,  # its results would be kept under no name, and taken for those of the next model
                    co2_tracker=False,
                    encode_kwargs=dict(_LOADER),
                    show_progress_bar=False,
                )
                .task_results
            )
        return PlainFigures(_figures(results[0].scores, self._task.metadata.main_score))

    def compared(self) -> None:
        """Return None: mteb does not say which texts it compares."""

    def _load(self, part: Any) -> None:
        try:
            with own_randomness():
                part.load_data()
        except Exception as error:  # a data set's loader raises whatever it likes
            path = part.metadata.dataset.get("path")
            raise DataError(
                f"{self.name}: the data of {part.metadata.name} ({path} on the Hub) cannot be loaded: "
                f"{type(error).__name__}: {error}"
            ) from error


def mteb_task(name: str) -> MTEBTask:
    """Load a task of mteb.

    Args:
        name: As mteb calls it: `STSBenchmark`.

    Raises:
        DataError: mteb is not installed, has no such task, or cannot load its data.
    """
    spec = f"{KIND.name}:{name}"
    if importlib.util.find_spec("mteb") is None:
        raise DataError(f"{spec} needs the package mteb, which is not installed: pip install mteb")
    with own_randomness():
        try:
            task = _mteb().get_task(name)
        except KeyError:
            known = _known()
            raise DataError(
                f"{spec}: mteb {_mteb().__version__} has no such task among its {len(known):,}."
                f"{suggestion(name, known)}"
            ) from None
    return MTEBTask(task)


def _known() -> list[str]:
    """Return the names of all tasks."""
    mteb = _mteb()
    listed: list[Any] = [entry for entry in vars(mteb.tasks).values() if inspect.isclass(entry)]
    return sorted(task.metadata.name for task in listed if issubclass(task, mteb.AbsTask))


def _mteb() -> Any:
    """Import the package; `Any` because it is an extra, and its types are not there for everyone."""
    return importlib.import_module("mteb")


def _figures(scores: dict[str, list[dict[str, Any]]], metric: str) -> dict[str, Values]:
    """Return the main score: the mean over splits and subsets, and each of them where there are several."""
    single = {
        f"{metric}/{split}/{subset['hf_subset']}": subset["main_score"]
        for split, subsets in scores.items()
        for subset in subsets
    }
    values = {name: np.array([np.nan if value is None else value], dtype=np.float64) for name, value in single.items()}
    mean = {metric: np.mean(list(values.values()), axis=0)}
    return mean if len(values) == 1 else mean | values


class MTEBEntry(TaskEntry):
    """A task of mteb, which loads its own data; `name` is mteb's name for it."""

    def task(self, files: Files) -> MTEBTask:
        """Load it."""
        return mteb_task(self.name)


KIND = Kind(
    name="mteb",
    entry=MTEBEntry,
    takes={"name": "TASK"},
    samples=(PlainFigures,),
    hub_type="sentence-similarity",  # its metrics have names of the other kinds, by which a card knows most of them
)
