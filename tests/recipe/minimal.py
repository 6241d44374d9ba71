"""The smallest recipe that is right, for tests that spoil it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from textcl.errors import RecipeError
from textcl.files.yaml import write_yaml
from textcl.recipe.load import load_recipe


def minimal(**sections: Any) -> dict[str, Any]:
    """A recipe with nothing but what it must say, and the sections given."""
    return {
        "name": "tiny",
        "data": {"sources": [{"use": "TextLines", "path": "lines.txt"}]},
        "encoder": {"backbone": "some/encoder"},
        **sections,
    }


def write_pairs(file: Path, count: int) -> Path:
    """Write so many pairs, a line each, and return the file."""
    rows = [{"anchor": f"the man sees {row} birds", "positive": f"birds {row} in the tree"} for row in range(count)]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def write_recipe_file(folder: Path, raw: object) -> str:
    """Write a recipe file and return its path."""
    path = folder / "mine.yaml"
    path.write_text(raw if isinstance(raw, str) else write_yaml(raw), encoding="utf-8")
    return str(path)


def errors_of(folder: Path, raw: object, *changes: str, allow_code: Sequence[str] = ()) -> list[str]:
    """The lines of the error that a recipe raises."""
    with pytest.raises(RecipeError) as caught:
        load_recipe(write_recipe_file(folder, raw), changes, allow_code)
    return str(caught.value).splitlines()
