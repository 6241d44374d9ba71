"""The JSON files of a model folder."""

import json
from pathlib import Path
from typing import Any

from textcl.errors import ModelError


def read_json(file: Path) -> Any:  # Any: JSON
    """Read a JSON file.

    Raises:
        ModelError: It is missing or no JSON.
    """
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(f"{file} is missing; the model folder is incomplete: copy or download it again.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ModelError(f"{file} is no JSON ({error}); copy or download it again.") from None


def write_json(file: Path, content: object) -> None:
    """Write a JSON file as people read it."""
    file.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
