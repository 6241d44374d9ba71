"""Each verb as a user runs it, on a tiny encoder."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.cli.running import run
from tests.tiny import SENTENCES
from textcl.encoder.opening import open_encoder
from textcl.errors import WriteError
from textcl.recipe.load import load_recipe
from textcl.training.loop import Stopped


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.txt"
    path.write_text("\n".join(SENTENCES) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def recipe(lines: Path, tiny_model_folder: Path) -> list[str]:
    """A recipe and the changes that make it three steps of a tiny encoder."""
    return [
        "simcse",
        f"data.sources.0.path={lines}",
        f"encoder.backbone={tiny_model_folder}",
        "data.batch_size=4",
        "training.steps=3",
        "training.precision=float32",
    ]


def test_recipes_are_listed_with_what_they_are_for(capsys: pytest.CaptureFixture[str]) -> None:
    finished = run(capsys, "recipes")
    assert finished.code == 0
    assert "simcse            Unsupervised SimCSE: each sentence" in finished.out


def test_a_recipe_is_shown_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert "{use: TextLines, path: null}" in run(capsys, "recipes", "--show", "simcse").out


def test_a_component_is_explained_under_the_name_that_recipes_use(capsys: pytest.CaptureFixture[str]) -> None:
    shown = run(capsys, "recipes", "--show", "MoCo").out
    assert shown.startswith("MoCo (objective)\n\nInfoNCE against a moving average")
    assert shown.endswith("Example:\n    objective:\n      use: MoCo\n      momentum: 0.85\n      queue_size: 512\n")
    absent = run(capsys, "recipes", "--show", "MoCoo")
    assert (absent.code, "Did you mean 'MoCo'?" in absent.err) == (1, True)


def test_components_are_listed_with_their_settings(capsys: pytest.CaptureFixture[str]) -> None:
    rows = run(capsys, "recipes", "--components").out.splitlines()
    assert "| `WordSwap` | Lets two random words of a text change places, several times | `rate` (0.1) |" in rows


def test_check_prints_the_resolved_recipe_and_the_plan_and_trains_nothing(
    capsys: pytest.CaptureFixture[str], recipe: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    finished = run(capsys, "check", *recipe)
    assert finished.code == 0, finished.err
    shown, _, figures = finished.out.partition("\n\n")
    (tmp_path / "resolved.yaml").write_text(shown, encoding="utf-8")
    assert load_recipe("resolved.yaml") == load_recipe(recipe[0], recipe[1:])
    assert "rows        7\n" in figures
    assert "steps       3, of 2 an epoch\n" in figures
    assert figures.count("lines.txt, line ") == 3
    assert not (tmp_path / "runs").exists()


def test_check_names_what_changes_the_input_of_a_view(capsys: pytest.CaptureFixture[str], recipe: list[str]) -> None:
    views = "data.views=[{role: anchor}, {role: positive, input: [{use: TokenCutoff}, {use: TokenShuffle}]}]"
    finished = run(capsys, "check", *recipe, views)
    assert finished.code == 0, finished.err
    assert finished.out.count("  [input: TokenCutoff, TokenShuffle]\n") == 3
    assert "rate: 0.15\n" in finished.out


def test_check_shows_the_shares_of_a_mix_and_the_texts_of_each_source(
    capsys: pytest.CaptureFixture[str], recipe: list[str], tmp_path: Path
) -> None:
    source = f"{{use: TextLines, path: {tmp_path / 'lines.txt'}}}"
    sources = f"data.sources=[{{name: one, source: {source}}}, {{name: other, source: {source}}}]"
    rest = [change for change in recipe if not change.startswith("data.sources")]
    finished = run(capsys, "check", *rest, sources, "data.mixing={weights: [1, 3]}")
    assert finished.code == 0, finished.err
    mix = [line.split() for line in finished.out.splitlines() if line.startswith("mix ")]
    assert [line[1] for line in mix] == ["one", "other"]
    assert [line[line.index("wanted:") - 1] for line in mix] == ["25.00%", "75.00%"]
    assert "\nsource one\n" in finished.out
    assert "\nsource other\n" in finished.out


def test_check_shows_what_the_first_epochs_make_of_a_view_that_changes_its_text(
    capsys: pytest.CaptureFixture[str], recipe: list[str]
) -> None:
    views = "data.views=[{role: anchor}, {role: positive, augment: [{use: CaseNoise, rate: 1, cases: [upper]}]}]"
    finished = run(capsys, "check", *recipe, views)
    assert finished.code == 0, finished.err
    assert "changed     by data.views.*.augment: positive 100.0% of the texts\n" in finished.out
    *_, row = finished.out.split("lines.txt, line ")
    text = SENTENCES[int(row.splitlines()[0]) - 1]
    drawn = f"[-{text}-] {{+{text.upper()}+}}"
    assert row.splitlines()[1:] == [
        f"  anchor    {text}",
        f"  positive  {text}",
        *[f"    epoch {number} {drawn}" for number in (1, 2, 3)],
    ]
    views = "data.views=[{role: anchor}, {role: positive, augment: [{use: WordSwap, rate: 0}]}]"
    assert run(capsys, "check", *recipe, views).out.count(" (unchanged)\n") == 9


def test_train_leaves_a_run_folder_and_says_what_it_gained(
    capsys: pytest.CaptureFixture[str], recipe: list[str], tmp_path: Path
) -> None:
    finished = run(capsys, "train", *recipe, "evaluation.after=[sts-smoke]", "--out", tmp_path / "run")
    assert finished.code == 0, finished.err
    steps = [line.split()[1] for line in finished.out.splitlines() if line.startswith("step ")]
    assert steps == ["1/3", "2/3", "3/3"]
    assert "rows/s" in finished.out
    assert "padding" in finished.out
    assert "learning rate" in finished.out
    assert "sts-smoke" in finished.out
    assert finished.out.splitlines()[-1] == f"The model is in {tmp_path / 'run' / 'model'}"
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert set(report) == {"before", "after", "difference", "leakage"}
    assert {path.name for path in (tmp_path / "run").iterdir()} >= {
        "recipe.yaml", "run.json", "log.jsonl", "checkpoints", "model", "report.json",
    }  # fmt: skip


def test_the_run_folder_is_named_after_the_recipe(
    capsys: pytest.CaptureFixture[str], recipe: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "train", *recipe, "name=mine").code == 0
    assert (tmp_path / "runs" / "mine" / "model").is_dir()


def test_train_never_overwrites_a_run(capsys: pytest.CaptureFixture[str], recipe: list[str], tmp_path: Path) -> None:
    run(capsys, "train", *recipe, "--out", tmp_path / "run")
    log = (tmp_path / "run" / "log.jsonl").read_text()
    finished = run(capsys, "train", *recipe, "--out", tmp_path / "run")
    assert finished.code == 1
    assert "is not empty" in finished.err
    assert "--resume" in finished.err
    assert (tmp_path / "run" / "log.jsonl").read_text() == log


def test_a_run_that_can_not_begin_leaves_no_folder(
    capsys: pytest.CaptureFixture[str], recipe: list[str], tmp_path: Path
) -> None:
    finished = run(capsys, "train", *recipe, "encoder.dropout=0.0", "--out", tmp_path / "run")
    assert finished.code == 1
    assert "encoder.dropout=0.1" in finished.err
    assert not (tmp_path / "run").exists()


def test_resume_goes_on_from_the_checkpoint(
    capsys: pytest.CaptureFixture[str], recipe: list[str], tmp_path: Path
) -> None:
    run(capsys, "train", *recipe, "--out", tmp_path / "run")
    finished = run(capsys, "train", *recipe, "training.steps=5", "--out", tmp_path / "run", "--resume")
    assert finished.code == 0, finished.err
    steps = [line.split()[1] for line in finished.out.splitlines() if line.startswith("step ")]
    assert steps == ["4/5", "5/5"]
    logged = [json.loads(line)["step"] for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert logged == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (Stopped(Path("run/checkpoints/step-2")), "run/checkpoints/step-2 with --resume"),
        (KeyboardInterrupt(), "Interrupted. Checkpoints, if there are any, are in run/checkpoints."),
    ],
)
def test_an_interrupted_run_leaves_with_130_and_names_its_checkpoint(
    capsys: pytest.CaptureFixture[str],
    recipe: list[str],
    monkeypatch: pytest.MonkeyPatch,
    raised: BaseException,
    message: str,
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr("textcl.workflows.train.train_recipe", interrupted)
    finished = run(capsys, "train", *recipe, "--out", "run")
    assert finished.code == 130
    assert message in finished.err


def test_evaluate_prints_and_writes_scores(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    finished = run(capsys, "evaluate", tiny_model_folder, "sts-smoke", "--json", tmp_path / "scores.json")
    assert finished.code == 0, finished.err
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert set(scores) == {"sts-smoke"}
    assert set(scores["sts-smoke"]) == {"spearman", "pearson"}
    spearman = scores["sts-smoke"]["spearman"]
    assert spearman["low"] <= spearman["value"] <= spearman["high"]
    assert f"{100 * spearman['value']:.2f}" in finished.out


def test_scores_that_find_no_room_on_the_disk_are_printed(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, *_: object) -> None:
        raise WriteError(28, "No space left on device", str(path))

    monkeypatch.setattr("textcl.report.scores.write_scores", fail)
    finished = run(capsys, "evaluate", tiny_model_folder, "sts-smoke", "--json", tmp_path / "scores.json")
    assert (finished.code, "spearman" in finished.out, "No space left" in finished.err) == (1, True, True)


def test_evaluate_keeps_vectors_where_asked_and_gives_the_same_scores_from_them(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["evaluate", tiny_model_folder, "sts-smoke", "--cache", tmp_path / "kept", "--deterministic"]
    first = run(capsys, *command)
    assert first.code == 0, first.err
    assert first.err.startswith("Scoring sts-smoke\n")

    def encode_nothing(*_: Any, **__: Any) -> None:
        raise AssertionError("the vectors are kept")

    monkeypatch.setattr("textcl.encoder.encoder.Encoder._encode_window", encode_nothing)
    assert run(capsys, *command).out == first.out


def test_evaluate_names_a_damaged_cache(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "vectors.sqlite").write_text("no database " * 50)
    finished = run(capsys, "evaluate", tiny_model_folder, "sts-smoke", "--cache", tmp_path)
    assert finished.code == 1
    assert f"{tmp_path / 'vectors.sqlite'} is damaged" in finished.err
    assert "Delete it" in finished.err


def test_evaluate_names_a_missing_data_set(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    finished = run(capsys, "evaluate", tiny_model_folder, "scifact", "--data-dir", tmp_path)
    assert finished.code == 1
    assert str(tmp_path) in finished.err


def test_evaluate_scores_sets_of_the_users_own(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "doubles.csv").write_text("a,sentence2,label\nfish,fish,1\nfish,two dogs run,0\n", encoding="utf-8")
    (tmp_path / "words.tsv").write_text("a\tsentence2\nfish\tbird\ncat\tdog\n", encoding="utf-8")
    own = [f"pairs:{tmp_path}/doubles.csv", f"bitext:{tmp_path}/words.tsv"]
    finished = run(
        capsys, "evaluate", tiny_model_folder, *own, "--first-column", "a", "--json", tmp_path / "scores.json"
    )
    assert finished.code == 0, finished.err
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert set(scores) == {"doubles", "words"}
    assert scores["doubles"]["ap"]["value"] == 1


def test_evaluate_refuses_columns_that_no_set_reads(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path
) -> None:
    finished = run(capsys, "evaluate", tiny_model_folder, "sts-smoke", "--text-column", "body")
    assert finished.code == 1
    assert "--text-column is for users' sets" in finished.err


def test_encode_writes_a_row_a_line(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, lines: Path, tmp_path: Path
) -> None:
    finished = run(capsys, "encode", tiny_model_folder, lines, "--out", tmp_path / "v.npy")
    assert finished.code == 0, finished.err
    assert finished.out == f"{tmp_path / 'v.npy'}: 7 vectors of 16 numbers\n"
    expected = open_encoder(tiny_model_folder).encode(SENTENCES)
    np.testing.assert_allclose(np.load(tmp_path / "v.npy"), expected, atol=1e-6)


def test_deterministic_vectors_of_a_line_do_not_depend_on_the_file(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, lines: Path, tmp_path: Path
) -> None:
    (tmp_path / "one.txt").write_text(SENTENCES[3] + "\n", encoding="utf-8")
    for name, path in (("all", lines), ("one", tmp_path / "one.txt")):
        out = tmp_path / f"{name}.npy"
        assert run(capsys, "encode", tiny_model_folder, path, "--out", out, "--deterministic").code == 0
    np.testing.assert_array_equal(np.load(tmp_path / "all.npy")[3], np.load(tmp_path / "one.npy")[0])


def test_encode_names_a_blank_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("one\n\ntwo\n")
    finished = run(capsys, "encode", "any", tmp_path / "in.txt", "--out", tmp_path / "v.npy")
    assert finished.code == 1
    assert "in.txt, line 2: found an empty text" in finished.err


def test_encode_overwrites_neither_its_texts_nor_unasked_another_file(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, lines: Path, tmp_path: Path
) -> None:
    before, out = lines.read_bytes(), tmp_path / "v.npy"
    finished = run(capsys, "encode", tiny_model_folder, lines, "--out", lines, "--force")
    assert (finished.code, lines.read_bytes()) == (1, before)
    assert "is what is read; name another file" in " ".join(finished.err.split())
    out.write_bytes(b"of hours")
    finished = run(capsys, "encode", tiny_model_folder, lines, "--out", out)
    assert (finished.code, out.read_bytes()) == (1, b"of hours")
    assert "v.npy is there already" in " ".join(finished.err.split())
    assert run(capsys, "encode", tiny_model_folder, lines, "--out", out, "--force").code == 0
    assert np.load(out).shape == (7, 16)


def test_train_leaves_a_page_and_report_makes_it_again(
    capsys: pytest.CaptureFixture[str], recipe: list[str], tmp_path: Path
) -> None:
    run(capsys, "train", *recipe, "evaluation.after=[sts-smoke]", "--out", tmp_path / "run")
    page = tmp_path / "run" / "report.html"
    written = page.read_text(encoding="utf-8")
    assert "sts-smoke" in written
    assert "<svg" in written
    page.unlink()
    finished = run(capsys, "report", tmp_path / "run")
    assert finished.code == 0, finished.err
    assert finished.out == f"{page}\n"
    assert page.read_text(encoding="utf-8") == written


def test_evaluate_writes_a_page(capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "new" / "page.html"
    finished = run(capsys, "evaluate", tiny_model_folder, "sts-smoke", "--html", page)
    assert finished.code == 0, finished.err
    written = page.read_text(encoding="utf-8")
    assert f">{tiny_model_folder}</h1>" in written
    assert written.count('class="chart map"') == 1


def test_evaluate_against_a_model_shows_both_on_its_page(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    finished = run(
        capsys,
        "evaluate",
        tiny_model_folder,
        "sts-smoke",
        "--against",
        tiny_model_folder,
        "--html",
        tmp_path / "p.html",
    )
    assert finished.code == 0, finished.err
    written = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert written.count('class="chart map"') == 2
    assert "cannot tell" in written


def test_report_of_no_run_says_what_would_be_right(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    finished = run(capsys, "report", tmp_path)
    assert finished.code == 1
    assert finished.err.startswith(f"Error: {tmp_path} is no run folder: it has no recipe.yaml.")
