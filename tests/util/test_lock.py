"""One process at a time in a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from textcl.errors import TextclError
from textcl.util.atomic import only_one

HOLD = """
import sys, time
from pathlib import Path
from textcl.util.atomic import only_one
with only_one(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_folder_is_held_by_one_process_and_free_when_that_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(folder)], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(TextclError, match=r"run: another process is at work in it"), only_one(folder):
            pass
    finally:
        holder.kill()
        holder.wait()
    with only_one(folder):
        assert list(folder.iterdir()) == []
