"""One process at a time in a folder."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import textcl
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


WITHOUT_LOCKS = """
import os, sys
from pathlib import Path
sys.modules["fcntl"] = None
for name in ("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "O_NONBLOCK"):
    delattr(os, name)
from textcl.util.atomic import new_file, new_folder, only_one, sweep
folder = Path(sys.argv[1])
with only_one(folder), only_one(folder):
    for text in ("old", "new"):
        with new_file(folder / "a") as temporary:
            temporary.write_text(text)
        with new_folder(folder / "b") as temporary:
            (temporary / text).write_text(text)
    sweep(folder)
"""


def test_files_and_folders_are_written_whole_where_there_are_no_locks(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    subprocess.run([sys.executable, "-c", WITHOUT_LOCKS, str(folder)], check=True)
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) == ["a", "b", "b/new"]
    assert (folder / "a").read_text() == "new"


UNIX = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty"}


def imported_at_once(body: list[ast.stmt]) -> Iterator[str]:
    """Yield what a module imports when it is imported itself, but for what it can do without."""
    for node in body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.If | ast.With | ast.ClassDef):
            yield from imported_at_once(node.body)


def test_no_module_needs_what_only_unix_has() -> None:
    modules = {path: path.read_text(encoding="utf-8") for path in Path(textcl.__file__).parent.rglob("*.py")}
    found = {path: UNIX & set(imported_at_once(ast.parse(text).body)) for path, text in modules.items()}
    assert {path for path, names in found.items() if names} == set()
    assert set(imported_at_once(ast.parse("import a, fcntl\nfrom pwd import x").body)) == {"a", "fcntl", "pwd"}
