"""`kind.json` in the folder of a saved index: how it was built, and what is set."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from textcl.errors import SearchError

_FILE = "kind.json"


@dataclass(frozen=True, slots=True)
class Description:
    """What must be known of an index to open it."""

    factory: str
    dimension: int  # D
    settings: dict[str, int] = field(default_factory=dict)


def write_description(folder: Path, description: Description) -> None:
    """Write it into the folder of an index."""
    (folder / _FILE).write_text(json.dumps(asdict(description), indent=2) + "\n", encoding="utf-8")


def read_description(folder: Path) -> Description:
    """Read it from the folder of an index.

    Raises:
        SearchError: The folder holds no index.
    """
    file = folder / _FILE
    try:
        return Description(**json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise SearchError(f"{folder} holds no index: {file} is missing.") from None
    except (json.JSONDecodeError, TypeError, UnicodeDecodeError) as error:
        raise SearchError(f"{file}: not the description of an index ({error}).") from error
