"""`textcl mine` as a user runs it."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.running import Finished, run
from tests.tiny import WORDS


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rows = [
        {"q": f"what is {word}?", "a": f"the {word} of a man", "l": str(n % 3)} for n, word in enumerate(WORDS[40:70])
    ]
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def mine(capsys: pytest.CaptureFixture[str], pairs: Path, model: Path, out: Path, *more: object) -> Finished:
    columns = ("--anchor-column", "q", "--positive-column", "a")
    return run(capsys, "mine", pairs, "--model", model, "--out", out, *columns, *more)


def rows_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_mine_writes_pairs_with_negatives_that_a_recipe_can_read(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    from textcl.data.sources.json_lines import JsonLines

    out = tmp_path / "mined.jsonl"
    finished = mine(capsys, pairs, tiny_model_folder, out, "--negatives", "3", "--range", "2:20")
    assert finished.code == 0, finished.err
    rows = rows_of(out)
    assert [row["anchor"] for row in rows] == [row["q"] for row in rows_of(pairs)]
    assert list(rows[0]) == ["anchor", "positive", "negatives", "scores", "positive_score"]
    for row in rows:
        assert len(row["negatives"]) == len(row["scores"]) == 3
        assert row["positive"] not in row["negatives"]
        assert row["scores"] == sorted(row["scores"], reverse=True)
    assert len(JsonLines(str(out), negative="negatives")[0].negatives) == 3
    assert "│ with all 3 negatives            │    30 │" in finished.out
    assert finished.out.endswith(f"{out}: 30 pairs with negatives\n")


def test_the_same_command_writes_the_same_file_with_a_cache_and_without(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    settings = ("--range", "0:20", "--sampling", "random", "--seed", "5", "--precision", "float32")
    written = []
    for number, more in enumerate([(), (), ("--cache", tmp_path / "cache"), ("--cache", tmp_path / "cache")]):
        out = tmp_path / f"mined-{number}.jsonl"
        assert mine(capsys, pairs, tiny_model_folder, out, *settings, *more).code == 0
        written.append([row["negatives"] for row in rows_of(out)])
    assert written[0] == written[1] == written[2] == written[3]
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []  # the vectors are gone


def test_labels_and_a_corpus_are_heeded(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "more.txt").write_text("a big red book\nthe old river\n")
    out = tmp_path / "mined.jsonl"
    arguments = ("--range", "0:40", "--negatives", "40", "--label-column", "l", "--corpus", tmp_path / "more.txt")
    finished = mine(capsys, pairs, tiny_model_folder, out, *arguments)
    assert finished.code == 0, finished.err
    labels = {row["a"]: row["l"] for row in rows_of(pairs)}
    for row in rows_of(out):
        assert {"a big red book", "the old river"} <= set(row["negatives"])
        assert labels[row["positive"]] not in {labels.get(negative) for negative in row["negatives"]}
        assert len(row["negatives"]) == 22
    assert "of the query's label" in finished.out


def test_a_table_of_another_delimiter_and_blanks_in_its_names_is_read(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    lines = ["q; a", *(f"a {word};the {word}, seen" for word in WORDS[40:50])]
    (tmp_path / "pairs.csv").write_text("\n".join(lines))
    out = tmp_path / "mined.jsonl"
    finished = mine(capsys, tmp_path / "pairs.csv", tiny_model_folder, out, "--range", "0:8")
    assert finished.code == 0, finished.err
    assert [row["positive"] for row in rows_of(out)] == [f"the {word}, seen" for word in WORDS[40:50]]


def test_tables_and_beir_folders_are_read(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    table, folder = tmp_path / "pairs.csv", tmp_path / "beir"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([("q", "a"), *((f"a {word}", f"the {word}, seen") for word in WORDS[40:50])])
    assert mine(capsys, table, tiny_model_folder, tmp_path / "table.jsonl", "--range", "0:8").code == 0
    (folder / "qrels").mkdir(parents=True)
    texts = [{"_id": str(n), "title": "a", "text": f"{word} book"} for n, word in enumerate(WORDS[40:60])]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    (folder / "queries.jsonl").write_text('{"_id": "x", "text": "what book?"}\n')
    (folder / "qrels" / "train.tsv").write_text("query-id\tcorpus-id\tscore\nx\t3\t1\nx\t4\t0\nx\t5\t2\n")
    finished = mine(capsys, folder, tiny_model_folder, tmp_path / "beir.jsonl", "--range", "0:100", "--negatives", "50")
    assert finished.code == 0, finished.err
    rows = rows_of(tmp_path / "beir.jsonl")
    assert [row["positive"] for row in rows] == [f"a {WORDS[43]} book", f"a {WORDS[45]} book"]
    assert len(rows[0]["negatives"]) == 18


def test_a_cross_encoder_scores_the_candidates_again(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    import torch
    from sentence_transformers import CrossEncoder
    from transformers import BertConfig, BertForSequenceClassification

    from tests.tiny import tiny_tokenizer

    torch.manual_seed(0)
    reader, tokenizer, out = tmp_path / "reader", tiny_tokenizer(), tmp_path / "mined.jsonl"
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(tokenizer), num_labels=1, initializer_range=0.5, **sizes)
    BertForSequenceClassification(config).save_pretrained(reader)
    tokenizer.save_pretrained(reader)
    finished = mine(capsys, pairs, tiny_model_folder, out, "--range", "0:10", "--cross-encoder", reader)
    assert finished.code == 0, finished.err
    row = rows_of(out)[0]
    request = [(row["anchor"], text) for text in (row["positive"], *row["negatives"])]
    expected = CrossEncoder(str(reader), device="cpu").predict(request)
    assert [row["positive_score"], *row["scores"]] == pytest.approx(expected.tolist(), abs=1e-5)
    assert row["scores"] == sorted(row["scores"], reverse=True)


def test_a_cross_encoder_without_a_trained_head_is_refused(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    from tests.tiny import tiny_backbone, tiny_tokenizer

    reader, out = tmp_path / "reader", tmp_path / "mined.jsonl"
    tiny_backbone().save_pretrained(reader)
    tiny_tokenizer().save_pretrained(reader)
    finished = mine(capsys, pairs, tiny_model_folder, out, "--range", "0:10", "--cross-encoder", reader)
    assert finished.code == 1
    assert "found no weights that score a pair (" in " ".join(finished.err.split())
    assert "Embedding" not in finished.err
    assert "LOAD REPORT" not in finished.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--range", "5"], 2, "write two ranks with a colon between them"),
        (["--range", "5:3"], 2, "holds no rank"),
        (
            ["--range", "40:80"],
            1,
            "jsonl: The range 40:80 passes over the 40 hardest candidates",
        ),
        (["--range", "0:10", "--max-score", "-2"], 1, "no query found a negative"),
        (["--range", "0:10", "--factory", "nonsense"], 1, "nonsense"),
        (["--positive-column", "b"], 1, "no column 'b'; there are q, a, l. Name the right one with --positive-column."),
        (["--cross-encoder", "absent"], 1, "no cross-encoder can be opened"),
    ],
)
def test_what_can_not_be_mined_is_one_clear_line(
    capsys: pytest.CaptureFixture[str],
    pairs: Path,
    tiny_model_folder: Path,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    finished = mine(capsys, pairs, tiny_model_folder, tmp_path / "mined.jsonl", *arguments)
    assert finished.code == code
    assert message in " ".join(finished.err.split())
    assert not (tmp_path / "mined.jsonl").exists()


@pytest.mark.parametrize("name", ["mined.jsonl.gz", "mined.csv", "mined"])
def test_what_is_not_named_jsonl_is_refused(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path, tmp_path: Path, name: str
) -> None:
    finished = mine(capsys, pairs, tiny_model_folder, tmp_path / name)
    assert finished.code == 1
    assert "name a file that ends in .jsonl" in " ".join(finished.err.split())
    assert not (tmp_path / name).exists()


def test_an_output_that_can_not_be_written_is_one_line_before_any_model_is_opened(
    capsys: pytest.CaptureFixture[str], pairs: Path, tmp_path: Path
) -> None:
    for more in ((), ("--cross-encoder", "absent")):
        finished = mine(capsys, pairs, Path("absent"), pairs / "mined.jsonl", "--range", "0:10", *more)
        assert finished.code == 1
        assert "mined.jsonl cannot be written: " in " ".join(finished.err.split())
        assert "Traceback" not in finished.err


def test_a_file_of_the_folder_that_is_read_is_never_overwritten(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "beir").mkdir()
    corpus = tmp_path / "beir" / "corpus.jsonl"
    corpus.write_text('{"_id": "1", "text": "a"}\n')
    finished = mine(capsys, tmp_path / "beir", tiny_model_folder, corpus)
    assert finished.code == 1
    assert "is a file of the folder that is read" in " ".join(finished.err.split())
    assert corpus.read_text() == '{"_id": "1", "text": "a"}\n'


def test_the_input_is_never_overwritten(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path
) -> None:
    before = pairs.read_text()
    finished = mine(capsys, pairs, tiny_model_folder, pairs, "--force")
    assert finished.code == 1
    assert "is what is read" in finished.err
    assert pairs.read_text() == before


def test_a_file_that_is_there_is_replaced_only_if_that_is_said(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mined.jsonl"
    out.write_text("of hours")
    finished = mine(capsys, pairs, tiny_model_folder, out, "--range", "0:10")
    assert finished.code == 1
    assert "mined.jsonl is there already" in " ".join(finished.err.split())
    assert out.read_text() == "of hours"
    assert mine(capsys, pairs, tiny_model_folder, out, "--range", "0:10", "--force").code == 0
    assert len(rows_of(out)) == 30


def test_an_output_below_a_file_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], pairs: Path, tiny_model_folder: Path
) -> None:
    finished = mine(capsys, pairs, tiny_model_folder, pairs / "mined.jsonl", "--range", "0:10")
    assert finished.code == 1
    assert f"{pairs} is a file, not a folder. Name a location" in " ".join(finished.err.split())
