"""An attack, and how what came of it is judged."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.commands import run
from tests.faults.judge import fault_of, steering

OWNED = "OWNED"  # the file that code of a stranger would leave
CODE = f"import pathlib; pathlib.Path({OWNED!r}).touch()"
SCRIPT = "<script>alert(1)</script>"
_HIDDEN = "what stands in another file"


@dataclass(frozen=True)
class Attack:
    """Something that a stranger tries.

    Attributes:
        name: What it is.
        words: The command line that meets it.
        prepare: Lays it out in the folder of the command.
        is_refused: Whether the command may not work.
    """

    name: str
    words: Sequence[str]
    prepare: Callable[[Path], object] = lambda folder: None
    is_refused: bool = False

    def attempt(self, folder: Path) -> str | None:
        """Try it, and say what is wrong."""
        outside = folder / "outside" / "other.json"
        outside.parent.mkdir()
        outside.write_text(json.dumps({"other": _HIDDEN}))
        (folder / "evil.py").write_text(f"{CODE}\nfrom textcl.types import Augmentation\nclass Loud(Augmentation): ...")
        self.prepare(folder)
        outcome = run(self.words, folder, lambda: sys.path.insert(0, str(folder)))
        if any(folder.rglob(OWNED)):
            return "code of a stranger ran"
        if _HIDDEN in outcome.out + outcome.err:
            return "a file outside was shown"
        if not outside.is_file() or _HIDDEN not in outside.read_text():
            return "a file outside was changed"
        return fault_of(outcome, must_fail=self.is_refused) or steering(outcome) or _raw_html(folder)


def _raw_html(folder: Path) -> str | None:
    pages = [*folder.rglob("*.html"), *folder.rglob("README.md")]
    return next(
        (f"{page.name} holds raw HTML" for page in pages if page.is_file() and SCRIPT in page.read_text()), None
    )
