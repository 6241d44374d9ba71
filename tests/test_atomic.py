from pathlib import Path

import pytest

from textcl.atomic import new_file, new_folder


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
    with pytest.raises(OSError, match="no"), new_folder(tmp_path / "model") as temporary:
        (temporary / "new.txt").write_text("new")
    assert names(tmp_path / "model") == ["old.txt"]
    assert names(tmp_path) == ["model"]
