"""`textcl augment questions`, as a user runs it."""

import json
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.translate.chat_server import chat_server, fails
from tests.translate.tiny_models import save_tiny_t5

ROWS = [
    {"_id": str(number), "title": f"the {word} of a man", "text": f"a man has one {word} and {word} has no man"}
    for number, word in enumerate(("dog", "cat", "horse", "bird", "fish"))
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "beir").mkdir()
    (tmp_path / "beir" / "corpus.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in ROWS))
    return tmp_path / "beir"


def verb(corpus: Path, *more: object) -> list[object]:
    folder = corpus.parent
    return ["augment", "questions", corpus, "--out", folder / "p.jsonl", "--cache", folder / "cache", *more]


def test_titles_become_pairs_that_mine_and_train_read(
    capsys: pytest.CaptureFixture[str], corpus: Path, tiny_model_folder: Path
) -> None:
    finished = run(capsys, *verb(corpus))
    assert finished.code == 0, finished.err
    assert "kept" in finished.out
    assert "5 (100%)" in finished.out
    assert "p.jsonl: 5 questions of 5 documents." in finished.out
    pairs, mined = corpus.parent / "p.jsonl", corpus.parent / "m.jsonl"
    done = run(capsys, "mine", pairs, "--model", tiny_model_folder, "--range", "0:4", "--negatives", 2, "--out", mined)
    assert done.code == 0, done.err
    trained = run(
        capsys, "train", "pairs", f"data.sources.0.path={pairs}", f"encoder.backbone={tiny_model_folder}",
        "data.batch_size=4", "data.max_length=32", "training.steps=1", "training.epochs=null", "--out",
        corpus.parent / "run",
    )  # fmt: skip
    assert trained.code == 0, trained.err
    again = run(capsys, *verb(corpus))
    assert (again.code, "p.jsonl is there already" in again.err) == (1, True)


def test_a_judge_is_asked_where_titles_shall_be_filtered(
    capsys: pytest.CaptureFixture[str], corpus: Path, tiny_model_folder: Path
) -> None:
    finished = run(capsys, *verb(corpus, "--judge", tiny_model_folder, "--first", 1))
    assert finished.code == 0, finished.err
    assert (corpus.parent / "cache" / "vectors.sqlite").is_file()


def test_a_model_and_an_endpoint_write_questions(
    capsys: pytest.CaptureFixture[str], corpus: Path, tiny_model_folder: Path
) -> None:
    t5 = save_tiny_t5(corpus.parent / "t5")
    finished = run(
        capsys,
        *verb(corpus, "--engine", f"seq2seq:{t5}", "--judge", tiny_model_folder, "--first", 1, "--device", "cpu"),
    )
    assert finished.code == 0, finished.err
    assert "does not find its document" in finished.out
    assert f"Answers are in {corpus.parent / 'cache'}" in finished.out
    with chat_server() as server:
        more = ["--engine", f"openai:{server.address}", "--model", "m", "--judge", "none", "--force"]
        finished = run(capsys, *verb(corpus, *more, "--per-document", 2))
    assert finished.code == 0, finished.err
    assert "p.jsonl: 10 questions of 5 documents." in finished.out


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--engine", "gpt"], 1, "There is no engine 'gpt'"),
        (["--first", 3], 2, "--first needs a judge"),
        (["--judge", "none", "--first", 3], 2, "--first needs a judge"),
        (["--prompt", "p.txt"], 1, "The engine titles takes no prompt"),
        (["--engine", "openai:h", "--model", "m"], 1, "write an address as http://127.0.0.1:8000/v1"),
        (["--engine", "openai:http://h/v1"], 1, "needs the name of a model"),
        (["--engine", "seq2seq:m", "--top-p", 0], 1, "top_p"),
        (["--title-column", "head"], 1, "no column 'head'"),
        (["--judge", "/no/such/model"], 1, "/no/such/model"),
        (["--engine", "seq2seq:/no/such/model", "--judge", "none"], 1, "/no/such/model"),
    ],
)
def test_what_is_wrong_is_one_error(
    capsys: pytest.CaptureFixture[str], corpus: Path, more: list[object], code: int, said: str
) -> None:
    finished = run(capsys, *verb(corpus, *more))
    assert (finished.code, said in " ".join(finished.err.split())) == (code, True), finished.err
    assert "Traceback" not in finished.err
    assert not (corpus.parent / "p.jsonl").exists()


def test_a_key_that_an_endpoint_refuses_is_one_error_without_the_key(
    capsys: pytest.CaptureFixture[str], corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-tell-nobody")
    with chat_server(lambda said, number: fails(401, "key sk-tell-nobody is wrong")) as server:
        finished = run(capsys, *verb(corpus, "--engine", f"openai:{server.address}", "--model", "m"))
    assert finished.code == 1
    assert "Set the key in the environment variable OPENAI_API_KEY." in " ".join(finished.err.split())
    assert "sk-tell-nobody" not in finished.err + finished.out
