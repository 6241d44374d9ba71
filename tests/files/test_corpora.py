"""The documents of a corpus, from every kind of file."""

import gzip
import json
from pathlib import Path

import pytest

from textcl.errors import DataError
from textcl.files.corpora import Pair, PairFile, read_corpus


def written(file: Path, text: str) -> Path:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(gzip.compress(text.encode()) if file.suffix == ".gz" else text.encode())
    return file


def pairs(*given: object) -> list[tuple[str, str]]:
    return [(document.id, document.text) for document in read_corpus(*given)]


@pytest.mark.parametrize("name", ["c.txt", "c.txt.gz"])
def test_a_text_file_holds_a_text_a_line(tmp_path: Path, name: str) -> None:
    assert pairs(written(tmp_path / name, "one\ntwo \n")) == [("1", "one"), ("2", "two")]


@pytest.mark.parametrize("name", ["c.jsonl", "c.jsonl.gz"])
def test_jsonl_has_named_columns(tmp_path: Path, name: str) -> None:
    file = written(tmp_path / name, '{"text": "one", "key": 7}\n\n{"text": "two", "key": "b"}\n')
    assert pairs(file) == [("1", "one"), ("3", "two")]
    assert pairs(file, None, "key") == [("7", "one"), ("b", "two")]
    with pytest.raises(DataError, match="line 1: no column 'body'"):
        pairs(file, "body")


def test_csv_may_hold_line_breaks_in_quotes(tmp_path: Path) -> None:
    file = written(tmp_path / "c.csv", 'key,body\na,"one\n\n two, three"\nb,four\n')
    assert pairs(file, "body", "key") == [("a", "one\n\n two, three"), ("b", "four")]
    assert pairs(file, "body") == [("2", "one\n\n two, three"), ("5", "four")]
    with pytest.raises(DataError, match="line 2: found 3 fields between ',', but line 1 names 2 columns: key, body"):
        pairs(written(tmp_path / "d.csv", "key,body\na,b,c\n"), "body")
    with pytest.raises(DataError, match="holds no rows"):
        pairs(written(tmp_path / "e.csv", "key,body\n"), "body")


def test_tsv_takes_quotation_marks_as_they_are_and_endings_may_be_large(tmp_path: Path) -> None:
    assert pairs(written(tmp_path / "c.TSV", 'key\ttext\na\t"one" two\n'), None, "key") == [("a", '"one" two')]


@pytest.mark.parametrize("name", ["corpus.jsonl", "corpus.jsonl.gz"])
def test_a_beir_folder_joins_title_and_text_and_may_hold_empty_documents(tmp_path: Path, name: str) -> None:
    rows = [{"_id": "a", "title": "T", "text": "x"}, {"_id": "b", "title": "", "text": ""}]
    written(tmp_path / "beir" / name, "\n".join(map(json.dumps, rows)))
    assert pairs(tmp_path / "beir") == [("a", "T x"), ("b", "")]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("c.txt", "one\n\ntwo\n", "line 2: found an empty text; fill it, or drop the row"),
        ("c.txt", "", "holds no rows"),
        (
            "c.jsonl",
            '{"text": "one"}\n{"text": " "}\n',
            "line 2, column 'text': found an empty text; fill it, or drop the row",
        ),
        ("c.jsonl", '{"text": "one"}\n["x"]\n', "line 2: starts an array, not an object"),
        ("c.jsonl", '{"text": "one"\n', "line 1: not JSON"),
        ("c.jsonl", '{"text": "a \\ud800"}\n', "line 1, column 'text': found .*half a surrogate pair"),
    ],
)
def test_what_is_faulty_is_named_with_its_line(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        pairs(written(tmp_path / name, text))


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        pairs(tmp_path / "none.txt")
    with pytest.raises(DataError, match=r"is a folder without corpus\.jsonl"):
        pairs(tmp_path)
    with pytest.raises(DataError, match="found a text file, which has no columns; leave"):
        pairs(written(tmp_path / "c.txt", "one\n"), "text")


def test_a_beir_corpus_is_read_alike_by_its_folder_and_by_its_file(tmp_path: Path) -> None:
    rows = [{"_id": "a", "title": "T", "text": "x"}, {"_id": "b", "title": "", "text": "y"}]
    file = written(tmp_path / "beir" / "corpus.jsonl", "\n".join(map(json.dumps, rows)))
    assert pairs(file) == pairs(tmp_path / "beir") == [("a", "T x"), ("b", "y")]
    assert pairs(file, "text") == [("1", "x"), ("2", "y")], "columns that are named are taken as they are"


def test_a_title_that_is_not_read_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pairs(written(tmp_path / "c.jsonl", '{"id": "a", "title": "The words of a title", "text": "x"}\n'))
    assert caplog.messages == [
        f"{tmp_path / 'c.jsonl'}: 'title' holds texts and is not read. Documents are read from one column."
    ]


def test_texts_beside_pairs_and_documents_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    said, folder = "what somebody noted here", tmp_path / "beir"
    written(folder / "corpus.jsonl", json.dumps({"_id": "d", "title": "", "text": "x", "abstract": said}))
    list(read_corpus(folder))
    pair = {"anchor": "a", "positive": "b", "notes": said, "label": 1, "source_url": said, "n": 2}
    assert list(PairFile(written(tmp_path / "p.jsonl", json.dumps(pair))).pairs()) == [Pair("a", "b")]
    assert [message.removeprefix(f"{tmp_path}/") for message in caplog.messages] == [
        "beir/corpus.jsonl: 'abstract' holds texts and is not read. A BEIR set is read by the columns _id, title and "
        "text.",
        "p.jsonl: 'notes' holds texts and is not read. Pairs are read from two columns, which --anchor-column and "
        "--positive-column name.",
    ]


@pytest.mark.parametrize("as_folder", [False, True])
def test_blank_documents_among_candidates_are_counted_and_no_text_at_all_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, as_folder: bool
) -> None:
    def candidates(*texts: str) -> list[str]:
        rows = [json.dumps({"_id": str(number), "text": text}) for number, text in enumerate(texts)]
        file = written(tmp_path / "beir" / "corpus.jsonl", "\n".join(rows))
        folder = tmp_path / "beir"
        return list(PairFile(folder).corpus(None)) if as_folder else list(PairFile(tmp_path / "p.jsonl").corpus(file))

    assert candidates("one", " ", "", "two") == ["one", "two"]
    (said,) = caplog.messages
    assert said.endswith("2 of 4 documents hold no text.")
    with pytest.raises(DataError, match=r"beir.*none of the 2 documents holds a text"):
        candidates(" ", "")
