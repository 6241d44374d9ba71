"""What a run folder holds for its page: read as it lies there, and nothing is loaded or scored again."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textcl.errors import DataError, RecipeError
from textcl.export.figures import FILE as EXPORTS
from textcl.export.figures import read_figures
from textcl.files.yaml import read_yaml_file
from textcl.report.page_data import PageData, read_page_data

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
        exports=read_figures(folder / EXPORTS),
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
