"""The trackers that `training.track_with` names: told of steps and scores, they get the recipe and the report.

They are accelerate's classes, one by one, so that one that fails is left out and the others go on. Each follows its own
settings (WANDB_MODE, MLFLOW_TRACKING_URI, TRACKIO_DIR, …); what those leave open lies in `trackers/` of the run folder.
"""

import json
import logging
import math
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from accelerate.tracking import LOGGER_TYPE_TO_CLASS, LoggerType, get_available_trackers

from textcl.errors import RecipeError
from textcl.evaluation.significance import scores
from textcl.evaluation.task import Sample
from textcl.recipe.schema import Recipe
from textcl.training.checkpoint import checkpoints, step_of
from textcl.types.protocols import StepLog
from textcl.util.atomic import write_json
from textcl.util.visible import one_line
from textcl.workflows.compare import flat_settings

FOLDER = "trackers"
_IDS = "runs.json"  # what each tracker calls the run, so that it goes on with it
_EXTRAS = ("tensorboard", "trackio", "wandb", "mlflow")
_log = logging.getLogger(__name__)


def refuse_absent(names: Sequence[str]) -> None:
    """Refuse trackers whose packages are not installed.

    Raises:
        RecipeError: One is not; says what brings it.
    """
    here = {str(tracker) for tracker in get_available_trackers()}
    for name in names:
        if name in LoggerType.list() and name not in here:
            brings = f"'textcl[{name}]'" if name in _EXTRAS else name
            raise RecipeError(
                f"training.track_with: found '{name}', but its package is not installed: pip install {brings}"
            )


class Tracking:
    """The trackers of a run, on its first process. What fails is told once, and then it is left out.

    Args:
        recipe: What is run.
        folder: The run folder.
        is_resumed: Whether the run in it goes on.
    """

    def __init__(self, recipe: Recipe, folder: Path, *, is_resumed: bool) -> None:
        kept = checkpoints(folder / "checkpoints") if is_resumed else []
        self._done = self._step = step_of(kept[0]) if kept else 0
        self._recipe, self._run = recipe, folder
        self._ids = _read_ids(folder / FOLDER / _IDS) if is_resumed else {}
        self._trackers: dict[str, Any] = {}  # by name; `Any`: accelerate says no types of them
        for name in recipe.training.track_with:
            self._try(name, "begins", partial(self._begin, name))

    def step(self, entry: StepLog) -> None:
        """Tell of a step: its loss, terms and readings, the learning rate, and how fast it was."""
        self._step = entry.step
        parts = {"train": {name: getattr(entry, name) for name in _OF_A_STEP}, "terms": entry.terms}
        readings = f"readings/{entry.source}" if entry.source else "readings"
        self._tell({**parts, readings: entry.readings})

    def scored(self, when: str, samples: Mapping[str, Sample]) -> None:
        """Tell of scores `before`, `during` or `after` training, each with its 95 % interval."""
        if when == "before" and self._done:
            return  # told when the run began
        self._tell({f"{when}/{task}": _with_bounds(sample) for task, sample in samples.items()})

    def keep(self, files: Iterable[Path]) -> None:
        """Give files of the run to the trackers that keep such."""
        found = [file for file in files if file.is_file()]
        for name in [name for name in self._trackers if name in _KEEPS]:
            self._try(name, "keeps the report", partial(_KEEPS[name], self._trackers[name], found))

    def close(self) -> None:
        """End what the trackers do."""
        for name, tracker in list(self._trackers.items()):
            self._try(name, "ends", tracker.finish)
        self._trackers.clear()

    def _tell(self, parts: Mapping[str, Mapping[str, float]]) -> None:
        values = {
            _name(f"{part}/{name}"): float(value)
            for part, numbers in parts.items()
            for name, value in numbers.items()
            if math.isfinite(value)
        }
        for name, tracker in list(self._trackers.items() if values else ()):
            self._try(name, f"is told of step {self._step}", partial(tracker.log, values, step=self._step))

    def _try(self, name: str, when: str, work: Callable[[], object]) -> None:
        """Let a tracker do something, and leave it out where it fails."""
        try:
            with redirect_stdout(sys.stderr):  # some print what nobody has asked for
                work()
        except (Exception, SystemExit) as error:  # of packages of others, as they like
            self._trackers.pop(name, None)
            why = one_line(f"{type(error).__name__}: {error}")[:_LONGEST]
            _log.warning("training.track_with: %s failed when it %s (%s). The run goes on without it.", name, when, why)

    def _begin(self, name: str) -> None:
        """Start a tracker, which goes on with the run where it can."""
        cls, own = LOGGER_TYPE_TO_CLASS[name], self._run / FOLDER / name
        own.mkdir(parents=True, exist_ok=True)
        prepare = _PREPARES.get(name)
        settings = {} if prepare is None else prepare(_Begin(self._run.name, own, self._ids.get(name), self._done))
        project = os.environ.get(_PROJECTS.get(name, ""), self._recipe.name)
        where = [str(own)] if cls.requires_logging_directory else []
        tracker = cls(project, *where, **settings)
        tracker.start()
        self._trackers[name] = tracker
        is_new = name not in self._ids
        if is_new or name in _FORGETS:
            tracker.store_init_configuration(_settings(self._recipe))
        if is_new:
            self._ids[name] = str(_ID_OF[name](tracker.tracker)) if name in _ID_OF else self._run.name
            write_json(self._run / FOLDER / _IDS, self._ids)


_OF_A_STEP = (
    "loss", "learning_rate", "gradient_norm", "rows_per_second", "tokens_per_second", "padding_share", "waiting_share",
)  # fmt: skip
_LONGEST = 300  # characters of what a tracker says


def _name(text: str) -> str:
    """Return a name that all trackers take: `sts/ndcg@10` is `sts/ndcg_at_10`."""
    return re.sub(r"[^\w./ -]", "_", text.replace("@", "_at_"))


def _with_bounds(sample: Sample) -> dict[str, float]:
    """Return the metrics of a task, and the bounds of their intervals under NAME/low and NAME/high."""
    return {
        f"{name}{bound}": value
        for name, found in scores(sample).items()
        for bound, value in (("", found.value), ("/low", found.low), ("/high", found.high))
    }


def _settings(recipe: Recipe) -> dict[str, float | str]:
    """Return the settings of a recipe under dotted names; those that are numbers as such."""
    found: dict[str, float | str] = {}
    for name, text in flat_settings(recipe.model_dump(mode="json")).items():
        try:
            found[name] = int(text) if text.lstrip("-").isdecimal() else float(text)
        except ValueError:
            found[name] = text
    return found


def _read_ids(file: Path) -> dict[str, str]:
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
    return {}


@dataclass(frozen=True, slots=True)
class _Begin:
    """What a tracker begins with."""

    run: str  # the name of the run folder
    folder: Path  # where what it writes lies, unless its user has said so
    id: str | None  # what it called the run that goes on; None: it begins
    done: int  # steps of an earlier run


Settings = dict[str, Any]  # arguments of a tracker's constructor, of many kinds


def _tensorboard(begin: _Begin) -> Settings:
    return {} if begin.id is None else {"purge_step": begin.done + 1}  # what is told of later steps is told again


def _wandb(begin: _Begin) -> Settings:
    goes_on = {} if begin.id is None else {"id": begin.id, "resume": "allow"}
    return {"name": begin.run, "dir": os.environ.get("WANDB_DIR", str(begin.folder)), **goes_on}


def _trackio(begin: _Begin) -> Settings:
    if "TRACKIO_DIR" not in os.environ:  # then it has one folder for all, fixed when it is imported
        import_module("trackio")
        folder = begin.folder.absolute()
        for name in [name for name in sys.modules if name.partition(".")[0] == "trackio"]:
            for constant, location in (("TRACKIO_DIR", folder), ("MEDIA_DIR", folder / "media")):
                if hasattr(sys.modules[name], constant):
                    setattr(sys.modules[name], constant, location)
    goes_on = "never" if begin.id is None else "allow"
    return {"name": begin.run, "resume": goes_on, "embed": False, "auto_log_cpu": False, "auto_log_gpu": False}


def _mlflow(begin: _Begin) -> Settings:
    folder = begin.folder.absolute()
    name: Settings = {"run_name": begin.run} if begin.id is None else {"run_id": begin.id}
    if "MLFLOW_TRACKING_URI" in os.environ:
        return name
    import_module("mlflow").set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")  # it keeps no plain files any more
    os.environ.pop("MLFLOW_TRACKING_URI", None)  # which it sets, and which would hold for the next run
    return name | {"logging_dir": (folder / "files").as_uri()}


_PREPARES = {"tensorboard": _tensorboard, "wandb": _wandb, "trackio": _trackio, "mlflow": _mlflow}
_FORGETS = ("trackio",)  # the recipe of a run that goes on
_PROJECTS = {"wandb": "WANDB_PROJECT"}  # what names the project in place of the recipe, where that is not seen to
_ID_OF: dict[str, Callable[[Any], object]] = {"wandb": lambda run: run.id, "mlflow": lambda run: run.info.run_id}


def _keep_in_wandb(tracker: Any, files: Sequence[Path]) -> None:
    artifact = import_module("wandb").Artifact(f"report-{tracker.tracker.id}", type="report")
    for file in files:
        artifact.add_file(str(file))
    tracker.tracker.log_artifact(artifact)


def _keep_in_trackio(tracker: Any, files: Sequence[Path]) -> None:
    artifact = import_module("trackio").Artifact(
        re.sub(r"[^\w.-]", "-", f"report-{tracker.tracker.name}"), type="report"
    )
    for file in files:
        artifact.add_file(str(file))
    tracker.tracker.log_artifact(artifact)


def _keep_in_mlflow(tracker: Any, files: Sequence[Path]) -> None:
    for file in files:
        tracker.log_artifact(str(file))


_KEEPS: dict[str, Callable[[Any, Sequence[Path]], None]] = {
    "wandb": _keep_in_wandb,
    "trackio": _keep_in_trackio,
    "mlflow": _keep_in_mlflow,
}
