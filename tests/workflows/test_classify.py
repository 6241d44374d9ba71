"""A classifier is learned, scored on texts it has not seen, kept, and used."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import textcl
from tests.cli.running import run
from tests.tiny import tiny_encoder
from textcl.errors import DataError, ModelError
from textcl.evaluation.kind import LabelledText
from textcl.workflows.classify import _held_out

SUBJECTS = {"animals": ("cat", "dog", "horse", "bird"), "people": ("man", "woman", "girl", "boy")}
VERBS = ("sleeps", "runs", "eats", "sits", "walks")
ROWS = [(f"a {who} {verb}", label) for label, subjects in SUBJECTS.items() for who in subjects for verb in VERBS]
THREE = [*ROWS, *((f"the train number {number} leaves", "trains") for number in range(10))]


def write(file: Path, rows: list[tuple[str, str]]) -> Path:
    file.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows))
    return file


@pytest.mark.parametrize("rows", [ROWS, THREE], ids=["two labels", "three"])
def test_probabilities_are_those_of_scikit_learn(rows: list[tuple[str, str]], tmp_path: Path) -> None:
    encoder = tiny_encoder()
    textcl.classify(write(tmp_path / "rows.jsonl", rows), encoder, tmp_path / "out", precision="float32")
    texts = ["a dog sits", "the boy eats a train"]
    theirs = LogisticRegression(max_iter=1000).fit(encoder.encode([text for text, _ in rows]), [y for _, y in rows])
    ours = textcl.Classifier(tmp_path / "out", precision="float32").predict(texts)
    expected = theirs.predict_proba(encoder.encode(texts))
    assert list(ours[0].probabilities) == list(theirs.classes_)
    np.testing.assert_allclose([list(one.probabilities.values()) for one in ours], expected, atol=1e-5)
    assert [one.label for one in ours] == theirs.predict(encoder.encode(texts)).tolist()
    assert [one.probability for one in ours] == [max(one.probabilities.values()) for one in ours]


def test_a_text_is_held_back_with_all_its_rows_and_no_label_is_held_back_whole() -> None:
    rows = [LabelledText(text, label) for text, label in [*ROWS, *ROWS, ("once", "alone"), (ROWS[0][0], "other")]]
    held = _held_out(rows)
    assert len(held) == pytest.approx(0.2 * 40, abs=1)
    assert "once" not in held
    assert {row.label for row in rows if row.text not in held} >= {row.label for row in rows if row.text in held}
    of_animals = [text for text, label in ROWS if label == "animals" and text in held]
    assert len(of_animals) == 4  # a fifth of 20


def test_scores_are_of_texts_that_were_not_learned_from(tmp_path: Path) -> None:
    chance = np.random.default_rng(3).integers(0, 2, 400).tolist()  # labels that say nothing of the texts
    rows = [(f"sentence {number}", f"label {label}") for number, label in enumerate(chance)]
    found = textcl.classify(write(tmp_path / "rows.jsonl", rows), tiny_encoder(), tmp_path / "out")
    assert 0.3 < found.scores["accuracy"].value < 0.7


def test_another_model_is_scored_on_the_same_texts(tmp_path: Path) -> None:
    rows, model = write(tmp_path / "rows.jsonl", THREE), tiny_encoder()
    found = textcl.classify(rows, model, tmp_path / "out", against=model)
    assert found.other["accuracy"] == found.scores["accuracy"]
    assert found.differences["accuracy"].verdict == "cannot tell"
    page = (tmp_path / "out" / "report.html").read_text()
    assert "accuracy: against" in page
    assert "labels a class: 1 to 16" in page  # the curve
    assert ">trains: the train number 0 leaves</li>" in page  # the map's texts, each with its label
    assert '<th scope="col">recall</th>' in page


def test_the_command_learns_and_labels_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    tiny_encoder().save(tmp_path / "model")
    data, clf = write(tmp_path / "rows.jsonl", ROWS[:-4]), tmp_path / "clf"
    test = write(tmp_path / "test.jsonl", ROWS[-4:])
    learned = run(capsys, "classify", data, "--model", tmp_path / "model", "--test", test, "--out", clf)
    assert learned.code == 0, learned.err
    assert "accuracy" in learned.out
    (tmp_path / "new.txt").write_text("a cat sleeps\na man runs\n")
    labelled = run(capsys, "classify", clf, tmp_path / "new.txt", "--out", tmp_path / "labels.jsonl")
    assert (labelled.code, "2 texts" in labelled.out) == (0, True), labelled.err
    lines = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    assert [line["text"] for line in lines] == ["a cat sleeps", "a man runs"]
    assert all(abs(sum(line["probabilities"].values()) - 1) < 1e-9 for line in lines)
    assert all(line["probability"] == line["probabilities"][line["label"]] for line in lines)
    again = run(capsys, "classify", clf, tmp_path / "new.txt", "--out", tmp_path / "labels.jsonl")
    assert "is there already" in again.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["rows.jsonl", "--out", "clf"], "--model is missing"),
        (["rows.jsonl", "--model", "model"], "--out is missing"),
        (["rows.jsonl", "new.txt", "--out", "clf"], "rows.jsonl is no classifier"),
        (["rows.jsonl", "new.txt", "--model", "model", "--out", "clf"], "A classifier has its model"),
        (["rows.jsonl", "--model", "model", "--out", "full"], "full is not empty"),
        (
            ["rows.jsonl", "--model", "model", "--label-column", "topic", "--out", "clf"],
            "no column 'topic'; there are text, label. Name the right one with --label-column.",
        ),
        (["rows.jsonl", "--model", "model", "--text-column", "t", "--out", "clf"], "one with --text-column."),
        (["one.jsonl", "--model", "model", "--out", "clf"], "one.jsonl: all 2 rows have one label"),
        (["few.jsonl", "--model", "model", "--out", "clf"], "few.jsonl: 2 rows are too few"),
        (["rows.jsonl", "--model", "model#onnx", "--out", "clf"], "is an export"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(
    words: list[str], why: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny_encoder().save("model")
    write(Path("rows.jsonl"), ROWS)
    write(Path("one.jsonl"), [("a", "x"), ("b", "x")])
    write(Path("few.jsonl"), [("a", "x"), ("b", "y")])
    Path("new.txt").write_text("a\n")
    Path("full").mkdir()
    Path("full/file").touch()
    failed = run(capsys, "classify", *words)
    assert failed.code == 1
    assert why in failed.err
    assert not Path("clf").exists()


def test_a_damaged_classifier_is_named(tmp_path: Path) -> None:
    textcl.classify(write(tmp_path / "rows.jsonl", ROWS), tiny_encoder(), tmp_path / "clf")
    about = json.loads((tmp_path / "clf" / "classifier.json").read_text())
    (tmp_path / "clf" / "classifier.json").write_text(json.dumps({**about, "labels": ["a", "b", "c"]}))
    with pytest.raises(ModelError, match=r"probe.safetensors: holds weights of \(2, 16\), and 3 labels"):
        textcl.Classifier(tmp_path / "clf")
    (tmp_path / "clf" / "probe.safetensors").write_bytes(b"no weights")
    with pytest.raises(ModelError, match=r"probe\.safetensors cannot be read"):
        textcl.Classifier(tmp_path / "clf")
    with pytest.raises(ModelError, match=r"classifier\.json cannot be read"):
        textcl.Classifier(tmp_path)


def test_a_file_without_labels_is_an_error_of_its_row(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"text": "a", "label": "x"}\n{"text": "b"}\n')
    with pytest.raises(DataError, match=r"rows\.jsonl, line 2"):
        textcl.classify(tmp_path / "rows.jsonl", tiny_encoder(), tmp_path / "clf")
