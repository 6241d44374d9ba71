"""What a run trains on, as rows: from recipes, run folders and files of every kind."""

import gzip
import json
from pathlib import Path

import pytest

from tests.recipe.minimal import minimal, write_recipe_file
from textcl.errors import DataError, RecipeError
from textcl.evaluation.leakage import TrainingRow
from textcl.workflows.leaks import recipe_of, rows_of_file, rows_of_recipe


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_text_file_is_a_row_a_line(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "one\n\n two \n")
    assert list(rows_of_file(path)) == [
        TrainingRow(f"{path}, line 1", ("one",)),
        TrainingRow(f"{path}, line 3", ("two",)),
    ]


def test_a_gzipped_file_reads_as_the_plain_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"one\n"))
    assert [row.texts for row in rows_of_file(path)] == [("one",)]


def test_every_text_of_a_json_object_counts_and_lists_of_texts_too(tmp_path: Path) -> None:
    rows = [{"anchor": "a", "positive": ["b", "c"], "id": 7, "score": 2.5}, {"anchor": "d", "label": "1"}, {"n": None}]
    path = written(tmp_path / "a.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    read = list(rows_of_file(path))
    assert [row.texts for row in read] == [("a", "b", "c"), ("d", "1"), ()]
    assert [row.grade for row in read] == [2.5, 1.0, None]
    assert [row.texts for row in rows_of_file(written(path, json.dumps(rows[0])), ["positive"])] == [("b", "c")]


@pytest.mark.parametrize(("ending", "separator"), [("csv", ","), ("tsv", "\t")])
def test_a_table_has_columns(tmp_path: Path, ending: str, separator: str) -> None:
    lines = [["first", "second", "score"], ["a", "b", "4.5"]]
    path = written(tmp_path / f"a.{ending}", "\n".join(separator.join(line) for line in lines))
    (row,) = rows_of_file(path, ["first", "second"])
    assert (row.texts, row.grade, row.location) == (("a", "b"), 4.5, f"{path}, line 2")


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"anchor": "a"}\n')
    with pytest.raises(DataError, match=r"a\.jsonl, line 1: no column 'ancor'; there are anchor\. Did you mean 'anch"):
        list(rows_of_file(path, ["ancor"]))


def test_text_has_no_columns_and_a_file_without_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="leave --text-column out"):
        rows_of_file(written(tmp_path / "a.txt", "one\n"), ["text"])
    with pytest.raises(DataError, match="no row holds a text under any column"):
        list(rows_of_file(written(tmp_path / "a.jsonl", '{"n": 1}\n')))


def test_recipes_are_named_as_for_train_or_by_their_run_folder(tmp_path: Path) -> None:
    lines = written(tmp_path / "lines.txt", "one\ntwo\n")
    sources = {"sources": [{"use": "TextLines", "path": str(lines)}]}
    for name in (write_recipe_file(tmp_path, minimal(data=sources)), "run"):
        if name == "run":
            (tmp_path / "run").mkdir()
            (tmp_path / "mine.yaml").rename(tmp_path / "run" / "recipe.yaml")
        recipe = recipe_of(name if name != "run" else str(tmp_path / "run"))
        assert recipe is not None
        assert [row.texts for row in rows_of_recipe(recipe)] == [("one",), ("two",)]
    bundled = recipe_of("quickstart")
    assert bundled is not None
    assert bundled.name == "quickstart"
    assert recipe_of(str(lines)) is None


def test_a_recipe_of_a_run_that_cannot_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("{}")
    with pytest.raises(RecipeError, match=rf"The recipe is {tmp_path}"):
        recipe_of(str(tmp_path))


def test_a_folder_that_is_no_run_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"is a folder without a recipe\.yaml\. Name a run folder, a recipe, or a file"):
        recipe_of(str(tmp_path))


def test_a_row_of_a_recipe_holds_all_its_texts_and_its_score(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"anchor": "a", "positive": "b", "negative": ["c", "d"], "s": 3}\n')
    source = {"use": "JsonLines", "path": str(path), "negative": "negative", "score": "s"}
    recipe = recipe_of(write_recipe_file(tmp_path, minimal(data={"sources": [source]})))
    assert recipe is not None
    assert list(rows_of_recipe(recipe)) == [TrainingRow(f"{path}, line 1", ("a", "b", "c", "d"), 3.0)]
