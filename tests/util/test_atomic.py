import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from textcl.errors import DataError, TextclError, WriteError
from textcl.util import atomic
from textcl.util.atomic import (
    is_part,
    new_file,
    new_folder,
    passing_folder,
    refuse_link,
    refuse_location,
    remove,
    sweep,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fail_after_writing(path: Path) -> None:
    path.write_text("half")
    raise ValueError("stop")


def test_a_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    with new_file(tmp_path / "deep" / "a.txt") as temporary:
        temporary.write_text("new")
        assert not (tmp_path / "deep" / "a.txt").exists()
    assert (tmp_path / "deep" / "a.txt").read_text() == "new"
    assert names(tmp_path / "deep") == ["a.txt"]


def test_a_block_that_fails_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(ValueError, match="stop"), new_file(tmp_path / "a.txt") as temporary:
        fail_after_writing(temporary)
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")
    with new_folder(tmp_path / "model") as temporary:
        (temporary / "new.txt").write_text("new")
        assert names(tmp_path / "model") == ["old.txt"]
    assert names(tmp_path / "model") == ["new.txt"]
    assert names(tmp_path) == ["model"]


def test_a_folder_that_fails_leaves_the_old_one_and_no_trace(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")
    with pytest.raises(ValueError, match="stop"), new_folder(tmp_path / "model") as temporary:
        fail_after_writing(temporary / "new.txt")
    assert names(tmp_path / "model") == ["old.txt"]
    assert names(tmp_path) == ["model"]


def test_an_old_folder_comes_back_when_the_move_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "old.txt").write_text("old")
    replace = Path.replace

    def refuse_new(self: Path, target: Path) -> Path:
        if (self / "new.txt").exists():
            raise OSError("no")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse_new)
    monkeypatch.setattr(atomic, "_exchanged", lambda *_: False)
    with pytest.raises(OSError, match="no"), new_folder(tmp_path / "model") as temporary:
        (temporary / "new.txt").write_text("new")
    assert names(tmp_path / "model") == ["old.txt"]
    assert names(tmp_path) == ["model"]


KILLED = """
import os, signal, sys
from pathlib import Path
from textcl.util import atomic
def die(*_): os.kill(os.getpid(), signal.SIGKILL)
"""
IN_THE_BLOCK = """
with getattr(atomic, sys.argv[1])(Path(sys.argv[2])) as temporary:
    (temporary / "half" if temporary.is_dir() else temporary).write_text("half")
    die()
"""
BETWEEN_TWO_MOVES = """
atomic._exchanged = lambda *_: False
replace = Path.replace
Path.replace = lambda self, target: die() if (self / "new.txt").exists() else replace(self, target)
with atomic.new_folder(Path(sys.argv[1])) as temporary:
    (temporary / "new.txt").write_text("new")
"""


def killed(program: str, *arguments: object) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED + program, *map(str, arguments)], check=False)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("kind", ["new_file", "new_folder", "passing_folder"])
def test_what_a_killed_process_left_is_gone_when_the_same_is_written_again(tmp_path: Path, kind: str) -> None:
    killed(IN_THE_BLOCK, kind, tmp_path / "a[1].txt")
    [left] = tmp_path.iterdir()
    assert is_part(left)
    with new_file(tmp_path / "a.txt") as other, new_file(tmp_path / "a[1].txt.txt") as longer:
        other.touch()
        longer.touch()
    assert left.exists()  # neither is what was being written
    with new_file(tmp_path / "a[1].txt") as temporary:
        temporary.write_text("new")
    assert names(tmp_path) == ["a.txt", "a[1].txt", "a[1].txt.txt"]


@pytest.mark.parametrize("opening", [new_file, new_folder, passing_folder])
def test_what_a_living_process_writes_is_left_alone(
    tmp_path: Path, opening: Callable[[Path], AbstractContextManager[Path]]
) -> None:
    with opening(tmp_path / "a") as temporary:
        with opening(tmp_path / "a") as other:
            sweep(tmp_path)
            assert temporary.exists()
            assert other.exists()
        assert temporary.exists()


def test_a_folder_whose_replacement_was_killed_between_two_moves_comes_back(tmp_path: Path) -> None:
    best = tmp_path / "best"
    best.mkdir()
    (best / "old.txt").write_text("old")
    killed(BETWEEN_TWO_MOVES, best)
    assert not best.exists()
    sweep(tmp_path)
    assert names(tmp_path) == ["best"]
    assert names(best) == ["old.txt"]


def test_a_folder_is_replaced_in_one_move_where_the_system_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two", "best"):
        (tmp_path / name).mkdir()
    if not atomic._exchanged(tmp_path / "one", tmp_path / "two"):
        pytest.skip("this system has no such move")
    monkeypatch.setattr(atomic, "_move_over", None)
    with new_folder(tmp_path / "best") as temporary:
        (temporary / "new.txt").write_text("new")
    assert names(tmp_path / "best") == ["new.txt"]
    assert names(tmp_path) == ["best", "one", "two"]


KINDS = [new_file, new_folder, passing_folder]
Opening = Callable[[Path], AbstractContextManager[Path]]


@pytest.mark.parametrize("opening", KINDS)
def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path, opening: Opening) -> None:
    (tmp_path / "a.txt").write_text("old")
    for path in (tmp_path / "a.txt" / "b", tmp_path / "a.txt" / "b" / "c"):
        with pytest.raises(TextclError, match=r"/[bc] cannot be written: \S+a\.txt is a file, not a folder\. Name"):
            opening(path).__enter__()
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no folder that takes no file, even of root")
@pytest.mark.parametrize("opening", KINDS)
def test_a_folder_that_takes_no_file_is_told_as_a_error_of_the_user_and_of_the_system(opening: Opening) -> None:
    with (
        pytest.raises(WriteError, match=r"^/proc/x\.yaml cannot be written: No such file") as published,
        opening(Path("/proc/x.yaml")) as temporary,
    ):
        temporary.write_text("new")
    assert isinstance(published.value, TextclError)
    assert isinstance(published.value, OSError)
    assert published.value.errno == errno.ENOENT


def test_a_folder_is_no_file_and_a_file_no_folder_before_any_work_is_done(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(WriteError, match="it is a folder"):
        new_file(tmp_path).__enter__()
    with pytest.raises(WriteError, match="it is a file, not a folder"):
        new_folder(tmp_path / "a.txt").__enter__()
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("opening", KINDS)
def test_a_full_disk_is_told_and_other_errors_of_the_block_pass_through(tmp_path: Path, opening: Opening) -> None:
    with pytest.raises(WriteError, match="No space left on device"), opening(tmp_path / "a"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(FileNotFoundError, match="input"), opening(tmp_path / "a"):
        (tmp_path / "input").read_text()
    with pytest.raises(OSError, match=r"^no network$"), opening(tmp_path / "a"):
        raise OSError("no network")
    assert names(tmp_path) == []


@pytest.mark.parametrize("opening", KINDS)
@pytest.mark.parametrize(
    "told",
    [
        Exception("No space left on device (os error 28)"),  # tokenizers
        ValueError("Error while serializing: I/O error: No space left on device (os error 28)"),  # safetensors
        RuntimeError("Error: 'ret == (1)' failed: write error in /disk/x: No space left on device"),  # FAISS
        OSError("12800 requested and 992 written"),  # numpy
    ],
)
def test_libraries_tell_of_a_full_disk_in_their_own_way(tmp_path: Path, opening: Opening, told: Exception) -> None:
    with (
        pytest.raises(WriteError, match=r"a cannot be written: No space left on device\. Name"),
        opening(tmp_path / "a"),
    ):
        raise told
    with pytest.raises(ValueError, match="another thing"), opening(tmp_path / "a"):
        raise ValueError("another thing")
    assert names(tmp_path) == []


def test_a_device_and_a_pipe_stay_what_they_are(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/null")
    for name in ("pipe", "device"):
        with pytest.raises(WriteError, match="it is a device or a pipe"), new_file(tmp_path / name) as temporary:
            temporary.write_text("x")
        with pytest.raises(WriteError, match="it is a device or a pipe"):
            refuse_location(tmp_path / name, force=True)
        with pytest.raises(WriteError, match="not a folder"), new_folder(tmp_path / name):
            pass
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "device").is_char_device()


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="the system has no such links")
def test_a_stream_that_leads_to_a_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "printed.txt").write_text("so far")
    with (tmp_path / "printed.txt").open() as file:
        (tmp_path / "link").symlink_to(f"/dev/fd/{file.fileno()}")
        for path in (tmp_path / "link", Path(f"/dev/fd/{file.fileno()}")):
            assert path.is_file()
            with pytest.raises(WriteError, match="it is a device or a pipe"):
                refuse_location(path, force=True)
    assert (tmp_path / "link").is_symlink()


def test_every_file_of_a_folder_has_the_rights_that_the_umask_leaves(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    (tmp_path / "plain").chmod(0o600)
    with new_folder(tmp_path / "model") as temporary:
        (temporary / "deep").mkdir()
        for name in ("weights", "deep/weights"):
            (temporary / name).touch(0o600)
        (temporary / "link").symlink_to(tmp_path / "plain")
    usual = (tmp_path / "model").stat().st_mode & 0o666
    assert usual & 0o044
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "model").rglob("weights")} == {usual}
    assert (tmp_path / "plain").stat().st_mode & 0o777 == 0o600


def test_what_a_link_leads_to_is_neither_deleted_nor_written(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "a.txt").write_text("theirs")
    run = tmp_path / "run"
    run.mkdir()
    refuse_link(run)
    for name in ("checkpoints", ".x.0a1b2c3d.part", "model"):
        (run / name).symlink_to(tmp_path / "theirs")
    with pytest.raises(
        TextclError, match=r"run/\S+ is a link to \S+/theirs, and nothing is written or deleted outside"
    ):
        refuse_link(run / "checkpoints")
    sweep(run)
    remove(run / "checkpoints")
    with new_folder(run / "model") as temporary:
        (temporary / "ours.txt").write_text("ours")
    assert (names(run), names(run / "model"), names(tmp_path / "theirs")) == (["model"], ["ours.txt"], ["a.txt"])


def test_what_was_left_half_written_is_swept_up_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "checkpoints/.step-4.0a1b2c3d.part/model").mkdir(parents=True)
    (tmp_path / ".log.jsonl.0a1b2c3d.part").write_text("half")
    kept = [tmp_path / name for name in (".mine.part", "a.0a1b2c3d.part", "checkpoints/.step-4.0a1b2c3d")]
    for path in kept:
        path.write_text("whole")
    sweep(tmp_path)
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(kept)
    assert not (tmp_path / "checkpoints/.step-4.0a1b2c3d.part").exists()


def test_a_folder_is_removed_also_where_there_is_one_file_handle_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    (folder / "deep" / "deeper").mkdir(parents=True)
    (folder / "deep" / "deeper" / "file").write_text("x")
    outside.mkdir()
    (outside / "kept").write_text("x")
    (folder / "deep" / "link").symlink_to(outside)
    monkeypatch.setattr(shutil, "rmtree", lambda *arguments, **more: None)  # as it does without a handle for each level
    remove(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert (outside / "kept").exists()


def test_links_that_lead_to_each_other_may_be_named_as_what_is_read(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    refuse_location(tmp_path / "new", force=False, read=[tmp_path / "loop"])
    with pytest.raises(DataError, match="is what is read"):
        refuse_location(tmp_path / "loop", force=False, read=[tmp_path / "loop"])
