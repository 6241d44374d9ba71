"""JSON files that appear whole or not at all."""

import json
from pathlib import Path

from textcl.atomic import new_file


def write_json(path: Path, content: object) -> None:
    """Write content as JSON, which knows no NaN."""
    with new_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
