"""The log of a run, and checkpoints: all that it needs to go on, complete when the folder has its name `step-N`."""

import hashlib
import json
import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from textcl.errors import ModelError, TrainingError
from textcl.training.step import GROUP_SETTINGS, LossScale, Optimiser
from textcl.training.target import Target, frozen_names, load_trained, trained_state
from textcl.types.batches import TokenEncoder
from textcl.types.objective import Objective
from textcl.util.atomic import new_file, new_folder, remove

_log = logging.getLogger(__name__)


class Log:
    """Appends steps to a file, each flushed, so that a killed run keeps what it wrote.

    A line that cannot be written, as the disk is full, is worth less than the run: it is kept for the next step.

    Args:
        path: The file; its folder exists.
        done: Steps of an earlier run to keep; later lines are dropped, as those steps will run again.
    """

    def __init__(self, path: Path, done: int) -> None:
        kept = [line for line in logged(path) if line["step"] <= done]
        with new_file(path) as temporary:
            temporary.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
        self.path = path
        self._waiting: list[str] = []  # lines that found no room

    def has(self, step: int) -> bool:
        """Say whether a step is in the file."""
        return any(line["step"] == step for line in logged(self.path))

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
    return max((line["step"] for line in logged(path)), default=0)


def first_readings(path: Path, done: int) -> dict[str, dict[str, float]]:
    """Return what the monitor read first of each source, on the first `done` steps of a log."""
    first: dict[str, dict[str, float]] = {}
    for line in logged(path):
        readings = line.get("readings")
        if line["step"] <= done and isinstance(readings, dict) and readings:
            first.setdefault(str(line.get("source") or ""), readings)
    return first


def logged(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a log that are whole; a killed run may have left half of one."""
    lines = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []:
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            lines.append(line)
    return lines


_NAME = re.compile(r"step-(\d+)")
_MANIFEST = "manifest.json"
_STATE = "training.pt"
PARTS = "part-*.pt"  # beside it, where the processes share the weights
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run changes, and so what a checkpoint keeps. Random draws follow from the step: they have no state."""

    encoder: TokenEncoder
    objective: Objective
    target: Target
    optimiser: Optimiser
    is_shared_out: bool = False  # the encoder's weights, over the processes
    scale: LossScale | None = None  # in fp16


def save_checkpoint(folder: Path, step: int, trained: Trained, keep: int) -> Path:
    """Write `folder/step-N`, delete the oldest beyond the newest `keep`, and what is newer: it was found damaged.

    It holds `model/` (opens in textcl and in sentence-transformers), the state of the run and a manifest of sizes and
    digests; of an encoder with frozen weights the state of the others alone, and no `model/`. It is written under
    another name and moved, so a full disk or a kill leaves the older ones as they were.

    Raises:
        TrainingError: It cannot be written; older checkpoints are kept.
    """
    path = folder / f"step-{step}"
    with explained(path), new_folder(path) as temporary:
        if not frozen_names(trained.encoder):
            trained.encoder.save(temporary / "model")
        write_state(temporary, state_of(step, trained))
    make_room(path, keep)
    return path


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn the errors of writing a checkpoint into ones that say what becomes of the run."""
    try:
        yield
    except (OSError, RuntimeError, ModelError) as error:  # torch tells of a full disk by a RuntimeError
        raise TrainingError(
            f"{path}: the checkpoint cannot be written ({error}). Is the disk full? "
            "Earlier ones are kept: make room and go on with --resume."
        ) from error


def write_state(folder: Path, state: Mapping[str, object]) -> None:
    """Write the state of a run into a folder, and a manifest of all its files."""
    torch.save(state, folder / _STATE)
    (folder / _MANIFEST).write_text(json.dumps(_digests(folder), indent=1), encoding="utf-8")


def make_room(checkpoint: Path, keep: int) -> None:
    """Delete the oldest checkpoints beyond so many, and what is newer than this one: it was found damaged."""
    for newer in [other for other in checkpoints(checkpoint.parent) if step_of(other) > step_of(checkpoint)]:
        remove(newer)
    remove_older(checkpoint, keep)


def remove_older(checkpoint: Path, keep: int) -> None:
    """Delete the oldest checkpoints beyond so many, this one and those before it."""
    older = [path for path in checkpoints(checkpoint.parent) if step_of(path) < step_of(checkpoint)]
    for path in older[keep - 1 :]:
        remove(path)


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints in a folder, newest first."""
    found = [path for path in folder.glob("step-*") if _NAME.fullmatch(path.name)]
    return sorted(found, key=step_of, reverse=True)


def step_of(checkpoint: Path) -> int:
    """Return the number of steps done when a checkpoint was written."""
    return int(checkpoint.name.removeprefix("step-"))


def newest_good(folder: Path) -> Path | None:
    """Return the newest checkpoint whose files are all as they were written; say which newer ones are not.

    Raises:
        TrainingError: There are checkpoints, and every one is damaged.
    """
    found = checkpoints(folder)
    for path in found:
        error = _error(path)
        if error is None:
            return path
        _log.warning("%s: %s. Trying the checkpoint before it.", path, error)
    if found:
        raise TrainingError(
            f"{folder}: every checkpoint is damaged ({_error(found[0])}). Start again in another --out."
        )
    return None


def mark_of(checkpoint: Path) -> int:
    """Return a number that tells a checkpoint from others, by the digests of its files; 62 bits."""
    return int(_digest(checkpoint / _MANIFEST)[:16], 16) >> 2


def load_checkpoint(path: Path, trained: Trained) -> int:
    """Put the state of a checkpoint into a run, and return the number of steps done."""
    state = torch.load(path / _STATE, map_location="cpu", weights_only=True)
    if trained.is_shared_out or any(path.glob(PARTS)):
        from textcl.training.parts import put_together  # which few runs need

        state = put_together(state, path, trained)
    load_trained(trained.encoder, state["encoder"])
    trained.objective.load_state_dict(state["objective"])
    trained.target.load_state_dict(state["target"])
    _load_moments(trained.optimiser, state["optimiser"])
    if trained.scale is not None and state.get("scale"):
        trained.scale.now, trained.scale.steps = state["scale"]
    return int(state["step"])


def _load_moments(optimiser: Optimiser, state: dict[str, Any]) -> None:
    """Load what an optimiser remembers of the steps, and leave it the settings that this run gives it."""
    settings = [{name: group[name] for name in GROUP_SETTINGS} for group in optimiser.param_groups]
    optimiser.load_state_dict(state)
    for group, own in zip(optimiser.param_groups, settings, strict=True):
        group.update(own)


def state_of(step: int, trained: Trained) -> dict[str, object]:
    """Return all that a run needs to go on."""
    return {
        "step": step,
        "encoder": trained_state(trained.encoder),
        "objective": trained.objective.state_dict(),
        "target": trained.target.state_dict(),
        "optimiser": trained.optimiser.state_dict(),
        "scale": trained.scale and [trained.scale.now, trained.scale.steps],
    }


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _MANIFEST)
    return {path.relative_to(folder).as_posix(): _digest(path) for path in files}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


def _error(checkpoint: Path) -> str | None:
    """Say what is wrong with the files of a checkpoint, or None."""
    try:
        manifest = json.loads((checkpoint / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return f"{_MANIFEST} cannot be read"
    if not isinstance(manifest, dict) or _STATE not in manifest:
        return f"{_MANIFEST} is of another kind"
    for name, digest in manifest.items():
        if not (checkpoint / name).is_file():
            return f"{name} is missing"
        if _digest(checkpoint / name) != digest:
            return f"{name} is truncated or changed"
    return None
