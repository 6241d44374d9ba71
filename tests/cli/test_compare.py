"""Comparing from the command line: a model against another or a report, and runs side by side."""

import json
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.tiny import SENTENCES, tiny_encoder


@pytest.fixture
def other_model(tmp_path: Path) -> Path:
    tiny_encoder(seed=5).save(tmp_path / "other-model")
    return tmp_path / "other-model"


def test_a_model_and_the_report_of_it_give_the_same_comparison(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, other_model: Path, tmp_path: Path
) -> None:
    old, one, two = (tmp_path / f"{name}.json" for name in ("old", "one", "two"))
    assert run(capsys, "evaluate", other_model, "sts-smoke", "--json", old).code == 0
    beside = run(capsys, "evaluate", tiny_model_folder, "sts-smoke", "--against", other_model, "--json", one)
    assert beside.code == 0, beside.err
    report = run(capsys, "evaluate", tiny_model_folder, "sts-smoke", "--against", old, "--json", two)
    assert report.code == 0, report.err
    assert json.loads(one.read_text()) == json.loads(two.read_text())
    spearman = json.loads(one.read_text())["sts-smoke"]["spearman"]
    assert spearman["against"] == json.loads(old.read_text())["sts-smoke"]["spearman"]
    assert spearman["difference"]["value"] == pytest.approx(spearman["value"] - spearman["against"]["value"])
    for shown in (f"{spearman['difference']['p']:.4f}", spearman["difference"]["verdict"], "2 verdicts at 5 % each"):
        assert shown in beside.out
        assert shown in report.out


def test_runs_are_compared_by_their_folders(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "lines.txt").write_text("\n".join(SENTENCES), encoding="utf-8")
    changes = [
        f"data.sources.0.path={tmp_path / 'lines.txt'}",
        f"encoder.backbone={tiny_model_folder}",
        "data.batch_size=4",
        "training.steps=2",
        "training.precision=float32",
        "evaluation.after=[sts-smoke]",
    ]
    for seed in (1, 2):
        trained = run(capsys, "train", "simcse", *changes, f"seed={seed}", "--out", tmp_path / f"run-{seed}")
        assert trained.code == 0, trained.err
        assert "verdict" in trained.out
    change = json.loads((tmp_path / "run-1" / "report.json").read_text())["difference"]["sts-smoke"]["spearman"]
    assert set(change) == {"value", "low", "high", "p", "verdict"}
    compared = run(capsys, "compare", tmp_path / "run-1", tmp_path / "run-2", "--json", tmp_path / "compared.json")
    assert compared.code == 0, compared.err
    written = json.loads((tmp_path / "compared.json").read_text())
    assert list(written["runs"]) == [str(tmp_path / "run-1"), str(tmp_path / "run-2")]
    assert set(written["runs"][str(tmp_path / "run-2")]["difference"]["sts-smoke"]) == {"spearman", "pearson"}
    assert written["settings"] == {"seed": ["1", "2"]}
    assert "seed" in compared.out
    again = run(capsys, "evaluate", tmp_path / "run-1", "sts-smoke", "--against", tmp_path / "run-2")
    assert again.code == 0, again.err


def test_what_is_neither_model_nor_report_is_told_before_any_work(
    capsys: pytest.CaptureFixture[str], tiny_model_folder: Path, tmp_path: Path
) -> None:
    finished = run(capsys, "evaluate", tiny_model_folder, "sts-smoke", "--against", tmp_path / "gone")
    assert finished.code == 1
    assert "There is no folder" in finished.err
    assert "Scoring" not in finished.err
