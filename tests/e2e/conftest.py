"""Running the command line as a user does, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tiny import WORDS, tiny_encoder


def textcl(*arguments: object, expect: int = 0) -> str:
    """Run `python -m textcl …` and return what it printed; the exit status must be the expected one."""
    done = subprocess.run(command(*arguments), env=environment(), capture_output=True, text=True)
    assert done.returncode == expect, done.stdout + done.stderr
    return done.stdout + done.stderr


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "textcl", *map(str, arguments)]


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
