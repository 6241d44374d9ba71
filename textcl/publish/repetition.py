"""The command that repeats a run, for its card: where files that only its maker has are to be named."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from textcl.evaluation import is_own
from textcl.publish.base import is_local
from textcl.report import RunFiles, last_part


def repetition(files: RunFiles, name: str) -> str:
    """Return the command.

    Args:
        files: Of the run folder.
        name: The model's id on the Hub.
    """
    changes = (shlex.quote(f"{key}={value}") for key, value in _files(files))
    return " ".join(["textcl reproduce", name, *changes])


def _files(files: RunFiles) -> Iterator[tuple[str, str]]:
    """Yield the settings that name a file or folder, each with the last part of the name."""
    recipe = files.recipe
    for number, source in enumerate(recipe["data"]["sources"]):
        if source.get("path"):
            yield f"data.sources.{number}.path", last_part(str(source["path"]))
    if is_local(recipe["encoder"], files):
        yield "encoder.backbone", last_part(str(recipe["encoder"]["backbone"]))
    evaluation = recipe["evaluation"]
    if evaluation.get("data_dir"):
        yield "evaluation.data_dir", "FOLDER"  # of many files, and its own name may be that of its owner
    for number, entry in enumerate(evaluation.get("after") or ()):
        yield from _of_task(f"evaluation.after.{number}", entry)


def _of_task(place: str, entry: str | Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if isinstance(entry, str) and is_own(entry):
        kind, _, paths = entry.partition(":")
        yield place, f"{kind}:{','.join(last_part(path.strip()) for path in paths.split(','))}"
    elif isinstance(entry, str) and entry.endswith((".yaml", ".yml")):
        yield place, f"./{last_part(entry)}"
    elif isinstance(entry, Mapping) and entry["source"].get("path"):
        yield f"{place}.source.path", last_part(str(entry["source"]["path"]))
