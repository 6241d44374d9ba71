"""Checkpoints: all that a run needs to go on, complete when the folder has its name `step-N`."""

import hashlib
import json
import logging
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer

from textcl.errors import ModelError, TrainingError
from textcl.training.optimiser import GROUP_SETTINGS
from textcl.training.target import Target
from textcl.types.batches import TokenEncoder
from textcl.types.protocols import Objective
from textcl.util.atomic import new_folder

_NAME = re.compile(r"step-(\d+)")
_MANIFEST = "manifest.json"
_STATE = "training.pt"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run changes, and so what a checkpoint keeps. Random draws follow from the step: they have no state."""

    encoder: TokenEncoder
    objective: Objective
    target: Target
    optimiser: Optimizer


def save_checkpoint(folder: Path, step: int, trained: Trained, keep: int) -> Path:
    """Write `folder/step-N`, delete the oldest beyond the newest `keep`, and what is newer: it was found damaged.

    It holds `model/` (opens in textcl and in sentence-transformers), the state of the run and a manifest of sizes and
    digests. It is written under another name and moved, so a full disk or a kill leaves the older ones as they were.

    Raises:
        TrainingError: It cannot be written; older checkpoints are kept.
    """
    path = folder / f"step-{step}"
    try:
        with new_folder(path) as temporary:
            trained.encoder.save(temporary / "model")
            torch.save(_state(step, trained), temporary / _STATE)
            (temporary / _MANIFEST).write_text(json.dumps(_digests(temporary), indent=1), encoding="utf-8")
    except (OSError, RuntimeError, ModelError) as error:  # torch tells of a full disk by a RuntimeError
        raise TrainingError(
            f"{path}: the checkpoint cannot be written ({error}). Is the disk full? "
            "Earlier ones are kept: make room and go on with --resume."
        ) from error
    kept = [path for path in checkpoints(folder) if step_of(path) <= step][:keep]
    for other in set(checkpoints(folder)) - set(kept):
        shutil.rmtree(other)
    return path


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


def load_checkpoint(path: Path, trained: Trained) -> int:
    """Put the state of a checkpoint into a run, and return the number of steps done."""
    state = torch.load(path / _STATE, map_location="cpu", weights_only=True)
    trained.encoder.load_state_dict(state["encoder"])
    trained.objective.load_state_dict(state["objective"])
    trained.target.load_state_dict(state["target"])
    _load_moments(trained.optimiser, state["optimiser"])
    return int(state["step"])


def _load_moments(optimiser: Optimizer, state: dict[str, Any]) -> None:
    """Load what an optimiser remembers of the steps, and leave it the settings that this run gives it."""
    settings = [{name: group[name] for name in GROUP_SETTINGS} for group in optimiser.param_groups]
    optimiser.load_state_dict(state)
    for group, own in zip(optimiser.param_groups, settings, strict=True):
        group.update(own)


def _state(step: int, trained: Trained) -> dict[str, object]:
    return {
        "step": step,
        "encoder": trained.encoder.state_dict(),
        "objective": trained.objective.state_dict(),
        "target": trained.target.state_dict(),
        "optimiser": trained.optimiser.state_dict(),
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
        manifest: dict[str, str] = json.loads((checkpoint / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return f"{_MANIFEST} cannot be read"
    for name, digest in manifest.items():
        if not (checkpoint / name).is_file():
            return f"{name} is missing"
        if _digest(checkpoint / name) != digest:
            return f"{name} is truncated or changed"
    return None
