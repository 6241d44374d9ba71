"""Running the command line as a user does, in a process of its own."""

import os
import subprocess
import sys
import tempfile
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tests import forks
from tests.tiny import WORDS, tiny_encoder
from textcl.cli.app import main


def textcl(*arguments: object, expect: int = 0) -> str:
    """Run `textcl …` in a process and return what it printed; the exit status must be the expected one."""
    with tempfile.NamedTemporaryFile("r+", encoding="utf-8") as printed:
        process = started(*arguments, output=Path(printed.name))
        process.join()
        said = Path(printed.name).read_text(encoding="utf-8")
    assert process.exitcode == expect, said
    return said


def started(*arguments: object, output: Path) -> BaseProcess:
    """Start `textcl …` in a process and a session of its own; what it prints goes to a file."""
    return forks.started(main, [str(argument) for argument in arguments], output=output, environment=environment())


def textcl_anew(*arguments: object) -> None:
    """Run `python -m textcl …`, a process that imports everything itself, as a user's does."""
    command = [sys.executable, "-m", "textcl", *map(str, arguments)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}


@pytest.fixture(scope="session")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a tiny encoder."""
    folder = tmp_path_factory.mktemp("backbone") / "tiny"
    tiny_encoder().save(folder)
    return folder


@pytest.fixture(scope="session")
def sentences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text file of 203 different lines, 2 to 20 words each."""
    file = tmp_path_factory.mktemp("corpus") / "sentences.txt"
    lines = [
        " ".join(WORDS[(row * 7 + word * (row + 3)) % len(WORDS)] for word in range(2 + row % 19)) for row in range(203)
    ]
    file.write_text("\n".join(f"{line} {row}" for row, line in enumerate(lines)) + "\n")
    return file
