"""Run `textcl ARGUMENTS` in this process and print, as JSON, the files of textcl in which a function ran.

Code that runs while a module is imported does not count: bodies of modules and classes, and the functions that they
call. Neither do other processes, nor methods that `dataclass` writes, which belong to no file.
"""

import contextlib
import inspect
import json
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import transformers.models.bert.modeling_bert  # noqa: F401 (while calls are noted, an import takes three times as long)

import textcl
from textcl.cli.app import main

ROOT = str(Path(textcl.__file__).parent)
ran: set[str] = set()


def note(frame: FrameType, event: str, _: Any) -> None:
    """Note the file of a function of textcl that is called."""
    code = frame.f_code
    if event != "call" or not code.co_filename.startswith(ROOT) or not code.co_filename.endswith(".py"):
        return
    is_function = code.co_flags & inspect.CO_OPTIMIZED
    if is_function and code.co_filename not in ran and not is_importing(frame):
        ran.add(code.co_filename)


def is_importing(frame: FrameType | None) -> bool:
    """Say whether the body of a module of textcl is running further out."""
    while frame is not None:
        if frame.f_code.co_name == "<module>" and frame.f_code.co_filename.startswith(ROOT):
            return True
        frame = frame.f_back
    return False


if __name__ == "__main__":
    threading.setprofile(note)
    sys.setprofile(note)
    with contextlib.redirect_stdout(sys.stderr):
        try:
            main(sys.argv[1:])
        except SystemExit as stop:
            if stop.code:
                raise
    sys.setprofile(None)
    sys.stdout.write(json.dumps(sorted(str(Path(file).relative_to(ROOT)) for file in ran)))
