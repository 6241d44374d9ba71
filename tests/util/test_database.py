"""SQLite files: opened one way."""

import sqlite3
from pathlib import Path

import pytest

import textcl
from textcl.errors import DataError, SearchError
from textcl.util.database import explained, open_database


def test_a_file_is_made_with_its_folder(tmp_path: Path) -> None:
    with open_database(tmp_path / "new" / "a.sqlite") as database:
        database.execute("CREATE TABLE numbers (number INTEGER)")
    assert (tmp_path / "new" / "a.sqlite").is_file()


def test_reading_alone_writes_nothing_and_wants_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a #1? 100%.sqlite"
    with pytest.raises(sqlite3.OperationalError):
        open_database(path, read_only=True).execute("SELECT 1")
    open_database(path).execute("CREATE TABLE numbers (number INTEGER)")
    reader = open_database(path, read_only=True)
    assert reader.execute("SELECT count(*) FROM numbers").fetchone() == (0,)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO numbers VALUES (1)")


def test_a_damaged_file_and_one_that_cannot_be_opened_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_text("no database " * 100)
    with (
        pytest.raises(DataError, match=r"a\.sqlite is damaged \(.*\)\. Delete it\.$"),
        explained(tmp_path / "a.sqlite", "the vectors", "Delete it."),
    ):
        open_database(tmp_path / "a.sqlite").execute("SELECT * FROM numbers")
    inside = tmp_path / "a.sqlite" / "b.sqlite"
    with (
        pytest.raises(SearchError, match=r"b\.sqlite: the vectors cannot be used \(.*\)\. Is there room, may it be"),
        explained(inside, "the vectors", "Delete it.", SearchError),
    ):
        open_database(inside)


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize(
    "made",
    [
        "VIEW texts AS WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r",
        "TRIGGER t AFTER INSERT ON numbers BEGIN DELETE FROM numbers; END",
    ],
)
def test_a_file_with_more_than_tables_is_none_of_ours(tmp_path: Path, made: str, read_only: bool) -> None:
    path = tmp_path / "a.sqlite"
    with open_database(path) as database:
        database.execute("CREATE TABLE numbers (number INTEGER)")
        database.execute(f"CREATE {made}")
    with (
        pytest.raises(
            DataError, match=r"a\.sqlite is damaged \(it holds a (view|trigger) '.*', as textcl makes none\)"
        ),
        explained(path, "the vectors", "Delete it."),
    ):
        open_database(path, read_only=read_only)


def test_what_sqlite_does_not_say_of_the_system_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("textcl.util.database.os.open", refuse)
    with (
        pytest.raises(DataError, match=r"\(unable to open database file: Too many open files\)\. Is there room"),
        explained(tmp_path / "a.sqlite", "the vectors", "Delete it."),
    ):
        raise sqlite3.OperationalError("unable to open database file")


def test_a_file_that_is_read_meanwhile_is_not_taken_for_the_database(tmp_path: Path) -> None:
    refused = PermissionError(13, "Permission denied", str(tmp_path / "secret" / "texts.txt"))
    with pytest.raises(PermissionError) as told, explained(tmp_path / "a.sqlite", "the vectors", "Delete it."):
        raise refused
    assert told.value is refused


def test_no_other_file_opens_a_database() -> None:
    package = Path(textcl.__file__).parent
    opening = [file for file in package.rglob("*.py") if "sqlite3.connect" in file.read_text(encoding="utf-8")]
    assert [file.relative_to(package).as_posix() for file in opening] == ["util/database.py"]
