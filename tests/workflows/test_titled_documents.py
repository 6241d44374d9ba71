"""Documents and their titles, of columns, headings and files."""

import json
from pathlib import Path

import pytest

from textcl.errors import DataError
from textcl.workflows.titled_documents import TitledDocument, TitledFile, titled


def parts(text: str, title: str = "") -> tuple[str, str]:
    document = titled("", title, text, "here")
    return document.title, document.body


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("# Lions\n\nThey sleep.\nThey eat.", "Lions", "They sleep.\nThey eat."),
        ("### What is a lion? ##\nA cat.", "What is a lion?", "A cat."),
        ("Lions\n=====\nThey sleep.", "Lions", "They sleep."),
        ("The lives of lions\n\nThey sleep.", "The lives of lions", "They sleep."),
        ("---\ntitle: 'Lions'\ndate: 2020\n---\n# Lions\nThey sleep.", "Lions", "They sleep."),
        ("---\ndate: 2020\n---\n# Lions\nThey sleep.", "Lions", "They sleep."),
        ("Lions sleep all day.\nThey eat.", "", "Lions sleep all day.\nThey eat."),  # a sentence
        ("Lions sleep all day", "", "Lions sleep all day"),  # one line
        ("# Lions", "", "# Lions"),  # nothing below
        ("w " * 16 + "\nThey eat.", "", "w " * 16 + "\nThey eat."),  # long
        ("", "", ""),
    ],
)
def test_a_title_is_the_heading_of_a_text_of_several_lines(text: str, title: str, body: str) -> None:
    assert parts(text) == (title, body)
    assert titled("", "", text, "here").whole == text.strip()


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("They sleep.", "They sleep."),
        ("Lions: they sleep.", "they sleep."),
        ("# LIONS\n\nThey sleep.", "They sleep."),
        ("Lions - they sleep.", "they sleep."),
        ("Lions sleep.", "Lions sleep."),
        ("Lionesses hunt.", "Lionesses hunt."),
        ("Lions", ""),
    ],
)
def test_a_title_of_its_own_is_taken_off_a_text_that_repeats_it(text: str, body: str) -> None:
    assert parts(text, "Lions") == ("Lions", body)


def found(path: Path, **columns: str) -> list[TitledDocument]:
    return list(TitledFile(path, **columns))


def test_columns_are_read_by_their_usual_names_or_by_those_that_are_named(tmp_path: Path) -> None:
    row = {"_id": 7, "title": " Lions ", "text": "They sleep.", "head": "Cats", "body": "They hunt."}
    (tmp_path / "d.jsonl").write_text(json.dumps(row) + "\n")
    file = tmp_path / "d.jsonl"
    assert found(file) == [TitledDocument("7", "Lions", "They sleep.", "Lions They sleep.", f"{file}, line 1")]
    (named,) = found(file, text_column="body", title_column="head")
    assert (named.title, named.body) == ("Cats", "They hunt.")


def test_a_blank_title_gives_way_to_a_heading_and_a_text_may_be_null(tmp_path: Path) -> None:
    rows = [{"title": None, "text": "# Lions\nThey sleep."}, {"title": "Cats", "text": None}, {"text": "Dogs\n\nbark."}]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    documents = found(tmp_path / "d.jsonl")
    assert [(each.id, each.title, each.body) for each in documents] == [
        ("", "Lions", "They sleep."), ("", "Cats", ""), ("", "Dogs", "bark."),
    ]  # fmt: skip


def test_a_folder_of_files_is_a_document_each_and_a_beir_folder_its_corpus(tmp_path: Path) -> None:
    (tmp_path / "docs" / "cats").mkdir(parents=True)
    (tmp_path / "docs" / ".git").mkdir()
    (tmp_path / "docs" / ".git" / "x.md").write_text("no")
    (tmp_path / "docs" / "b.txt").write_bytes(b"Lions\r\n\r\nThey sleep.\r\n")
    (tmp_path / "docs" / "cats" / "a.md").write_text("# Cats\nThey hunt.")
    assert [(each.id, each.title, each.body) for each in found(tmp_path / "docs")] == [
        ("b.txt", "Lions", "They sleep."), ("cats/a.md", "Cats", "They hunt."),
    ]  # fmt: skip
    (tmp_path / "docs" / "corpus.jsonl").write_text('{"_id": "1", "title": "Dogs", "text": "They bark."}\n')
    assert [each.title for each in found(tmp_path / "docs")] == ["Dogs"]


@pytest.mark.parametrize(
    ("name", "content", "columns", "said"),
    [
        ("d.jsonl", '{"text": "a b"}', {"title_column": "head"}, "line 1: no column 'head'.* with --title-column"),
        ("d.jsonl", '{"body": "a b"}', {}, "line 1: no column 'text'.* with --text-column"),
        ("d.jsonl", '{"text": "a b"}', {"id_column": "key"}, "line 1: no column 'key'.* with --id-column"),
        ("d.jsonl", '{"text": ["a b"]}', {}, "column 'text': found .* it should be a text"),
        ("d.txt", "a b", {"title_column": "head"}, "a text file, which has no columns"),
        ("docs/a.pdf", "a b", {}, "a folder without corpus.jsonl and without files of texts"),
        ("docs/a.md", "a b", {"text_column": "body"}, "a folder of texts, which has no columns"),
    ],
)
def test_what_cannot_be_read_is_one_error(
    tmp_path: Path, name: str, content: str, columns: dict[str, str], said: str
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(content + "\n")
    with pytest.raises(DataError, match=said):
        found(tmp_path / name.partition("/")[0], **columns)
