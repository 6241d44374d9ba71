"""What the page of a run or an evaluation shows, from what was seen while its tasks ran."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np

from textcl.evaluation import Sample
from textcl.recipe.query_changes import query_changes
from textcl.recipe.watching import Key, Seen, Watch, WatchedTask, keys_of
from textcl.report import (
    Cosines,
    PageData,
    Similarities,
    TextMap,
    layouts,
    shown,
    similarities,
    write_page_data,
    write_run_page,
)
from textcl.types import FloatArray, Role

_TEXTS = 500  # on the map
_SHIFTS = (1, 2, 3)  # how far each first text is from the second text that chance gives it


def leave_page(folder: Path, watch: Watch, models: Mapping[str, Mapping[str, Sample]], seed: int) -> None:
    """Write the page of a run, `report.html`, and what is needed to make it again; the other files are there."""
    write_page_data(folder, page_data(watch, models, seed))
    write_run_page(folder)


def page_data(watch: Watch, models: Mapping[str, Mapping[str, Sample]], seed: int) -> PageData:
    """Gather the data of a page.

    Args:
        watch: Looked on.
        models: What each model that was watched is called, and what each task gave for it; one model or two.
        seed: Decides the places on the map.
    """
    seen = [watch.seen[model] for model in models]
    samples = {task.name: [model[task.name] for model in models.values()] for task in watch.tasks}
    changes = {task.name: query_changes(task.task, samples[task.name], seen) for task in watch.tasks}
    return PageData(
        made=datetime.now().astimezone().isoformat(timespec="minutes"),
        models=tuple(models),
        similarities={task.name: tuple(_similarities(task, its) for its in seen) for task in watch.tasks if task.pairs},
        map=_map(watch.tasks, seen, seed),
        queries={task: changed for task, changed in changes.items() if changed},
    )


def _similarities(task: WatchedTask, seen: Seen) -> Similarities:
    first, second = (_stacked(seen, [keys_of(pair)[side] for pair in task.pairs]) for side in (0, 1))
    strange = [
        (mine, its)
        for shift in _SHIFTS
        for mine, its in ((number, (number + shift) % len(task.pairs)) for number in range(len(task.pairs)))
        if not task.belong_together(task.pairs[mine].first, task.pairs[its].second)
    ]
    randoms = _cosines(first[[mine for mine, _ in strange]], second[[its for _, its in strange]])
    return similarities(_cosines(first, second), randoms)


def _map(tasks: Sequence[WatchedTask], models: Sequence[Seen], seed: int) -> TextMap | None:
    """Return the map of the first task that has enough texts."""
    for task in tasks:
        keys = _map_keys(task)
        placed = layouts([_stacked(seen, keys) for seen in models], seed)
        if placed:
            position = {key: number for number, key in enumerate(keys)}
            ends = [keys_of(pair) for pair in task.pairs]
            pairs = [(position[a], position[b]) for a, b in ends if a in position and b in position and a != b]
            return TextMap(
                task=task.name,
                texts=tuple(shown(text) for text, _ in keys),
                is_document=tuple(role is not Role.ANCHOR for _, role in keys),
                pairs=tuple(dict.fromkeys(pairs)),
                layouts=placed,
            )
    return None


def _map_keys(task: WatchedTask) -> list[Key]:
    """Return the texts of as many whole pairs as there is place for."""
    keys: dict[Key, None] = {}
    for pair in task.pairs:
        if len(keys) > _TEXTS - 2:
            break
        keys.update(dict.fromkeys(keys_of(pair)))
    return list(keys)


def _stacked(seen: Seen, keys: Sequence[Key]) -> FloatArray:
    return np.array([seen.vectors[key] for key in keys], dtype=np.float32)  # (keys, D)


def _cosines(first: FloatArray, second: FloatArray) -> Cosines:
    """Cosine of each row of one with the same row of the other, (N,); models give vectors of unit length."""
    cosines: Cosines = np.sum(first.astype(np.float64) * second, axis=-1)
    return cosines
