"""A retrieval set in BEIR's layout as a source."""

import gzip
import json
from pathlib import Path

import pytest

from tests.data.tokens import tokenize
from textcl.data.batches import Batches
from textcl.data.sources.beir import BEIR
from textcl.data.views import default_views
from textcl.errors import DataError
from textcl.types.text import Example

CORPUS = [
    {"_id": "d1", "title": "Moon", "text": "It is round."},
    {"_id": "d2", "text": "It shines."},
    {"_id": "d3", "title": "", "text": ""},
    {"_id": "d4", "title": "Sun", "text": "It is hot."},
]
QUERIES = [{"_id": "1", "text": "What is round?"}, {"_id": "2", "text": "unjudged"}, {"_id": "3", "text": "hot?"}]
QRELS = "query-id\tcorpus-id\tscore\n1\td1\t2\n1\td2\t1\n1\td4\t0\n3\td4\t2\n1\td3\t1\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus.jsonl").write_text("\n".join(map(json.dumps, CORPUS)))
    (tmp_path / "queries.jsonl").write_text("\n".join(map(json.dumps, QUERIES)))
    (tmp_path / "qrels.tsv").write_text(QRELS)
    return tmp_path


def test_a_query_is_a_row_with_all_its_relevant_documents(folder: Path):
    source = BEIR(str(folder))
    assert [source[row] for row in range(len(source))] == [
        Example(0, "What is round?", ("Moon It is round.", "It shines.")),
        Example(1, "hot?", ("Sun It is hot.",)),
    ]
    assert source.location(1) == f"{folder / 'queries.jsonl'}, line 3"


def test_the_threshold_says_what_is_relevant(folder: Path):
    assert BEIR(str(folder), threshold=2)[0].positives == ("Moon It is round.",)
    with pytest.raises(
        DataError, match=r"qrels\.tsv: found grades up to 2, but none of at least 3; set threshold lower"
    ):
        BEIR(str(folder), threshold=3)


def test_no_batch_takes_another_document_of_a_query_for_its_negative(shared_data: Path, own_cache: Path):
    folder = shared_data / "retrieval" / "scifact"
    source = BEIR(str(folder), "queries-train.jsonl", "qrels-train.tsv")
    assert len(source) == 807  # of 809 queries, two texts stand there twice
    assert sum(len(source[row].positives) for row in range(len(source))) == 916  # of 919, three are documents of both
    anchors = [source[row].anchor for row in range(len(source))]
    assert len(set(anchors)) == len(anchors)  # one row a query: what a batch draws beside it is of other queries


def test_a_batch_draws_one_document_of_each_query(folder: Path):
    source = BEIR(str(folder))
    batches = Batches(source, default_views(source[0]), tokenize, batch_size=2, seed=1)
    drawn = {batches.batch(step).views[1].texts[list(batches.rows(step)).index(0)] for step in range(20)}
    assert drawn == {"Moon It is round.", "It shines."}


def test_packed_files_and_other_names_are_found(folder: Path):
    plain = BEIR(str(folder)).fingerprint
    for name in ("corpus.jsonl", "queries.jsonl"):
        (folder / f"{name}.gz").write_bytes(gzip.compress((folder / name).read_bytes()))
        (folder / name).unlink()
    (folder / "qrels").mkdir()
    (folder / "qrels.tsv").rename(folder / "qrels" / "train.tsv")
    assert BEIR(str(folder), qrels="qrels/train.tsv").fingerprint == plain


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("qrels.tsv", QRELS + "9\td1\t1\n", r"qrels\.tsv, line 7: names '9', which is not in .*queries\.jsonl"),
        ("qrels.tsv", QRELS + "1\td9\t1\n", r"qrels\.tsv, line 7: names 'd9', which is not in .*corpus\.jsonl"),
        (
            "qrels.tsv",
            "query\tcorpus-id\tscore\n1\td1\t1\n",
            r"line 2: no column 'query-id'; .* Did you mean",
        ),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\n1\td1\thigh\n", r"line 2, column 'score': found \"high\""),
        ("qrels.tsv", "query-id\tcorpus-id\tscore\n", r"the file holds no rows"),
        ("queries.jsonl", '{"_id": "1"}\n', r"queries\.jsonl, line 1: no column 'text'; there are _id"),
        (
            "queries.jsonl",
            '{"_id": "1", "text": " "}\n{"_id": "3", "text": "x"}',
            r"line 1, column 'text': found an empty",
        ),
        (
            "corpus.jsonl",
            json.dumps(CORPUS[0]) + "\n" + json.dumps(CORPUS[0]),
            r"line 2: 'd1' stands on line 1 already",
        ),
        ("corpus.jsonl", "{", r"corpus\.jsonl, line 1: starts an object that goes on over several lines"),
    ],
)
def test_what_is_faulty_is_named(folder: Path, name: str, content: str, message: str):
    (folder / name).write_text(content)
    with pytest.raises(DataError, match=message):
        BEIR(str(folder))


def test_a_missing_folder_or_file_is_named(folder: Path):
    with pytest.raises(DataError, match=r"no such folder; name the one that holds corpus\.jsonl, queries\.jsonl and"):
        BEIR(str(folder / "none"))
    with pytest.raises(DataError, match=r"queries-train\.jsonl: no such file .* Did you mean 'queries\.jsonl'"):
        BEIR(str(folder), queries="queries-train.jsonl")
