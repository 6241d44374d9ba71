"""What a run shows while it goes on."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from textcl.cli.progress import LiveWatcher, PlainWatcher, figures
from textcl.types.protocols import StepLog


def _entry(step: int, steps: int = 100) -> StepLog:
    return StepLog(
        step=step,
        steps=steps,
        loss=0.12345,
        learning_rate=3e-5,
        gradient_norm=1.0,
        rows_per_second=1234.4,
        tokens_per_second=56789.0,
        padding_share=0.081,
        waiting_share=0.004,
    )


def test_the_figures_of_a_step_are_a_line() -> None:
    assert figures(_entry(1)) == "loss 0.1235  1,234 rows/s  56,789 tokens/s  8% padding  learning rate 3.0e-05"


def test_the_terms_of_a_sum_stand_beside_their_sum() -> None:
    entry = replace(_entry(1), terms={"InfoNCE": 0.1, "CoSENT": 0.02345})
    assert figures(entry).startswith("loss 0.1235 (InfoNCE 0.1000, CoSENT 0.0234)  1,234 rows/s")


def test_plain_lines_are_some_twenty_however_long_the_run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = iter(range(0, 10_000, 2))
    monkeypatch.setattr("time.monotonic", lambda: next(seconds))
    watcher = PlainWatcher()
    watcher.phase("Training")
    for step in range(1, 102):
        watcher.step(_entry(step, steps=101))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Training"
    assert [line.split()[1] for line in lines[1:4]] == ["1/101", "5/101", "10/101"]
    assert lines[-1].startswith("step 101/101 ")
    assert len(lines) == 1 + 1 + 20 + 1
    assert "left" not in lines[1]
    assert lines[-1].endswith("0:00 left")


def test_the_time_left_follows_from_the_steps_of_this_process(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: 10.0)
    watcher = PlainWatcher()
    watcher.step(_entry(50))  # a run that goes on
    monkeypatch.setattr("time.monotonic", lambda: 20.0)
    watcher.step(_entry(55))  # five steps in ten seconds
    assert capsys.readouterr().out.splitlines()[1].endswith("1:30 left")


def test_scores_on_the_way_are_printed_in_points(capsys: pytest.CaptureFixture[str]) -> None:
    PlainWatcher().scores(20, {"stsb-dev/spearman": 0.81234})
    assert capsys.readouterr().out == "step 20  stsb-dev/spearman 81.23\n"


def test_a_live_bar_shows_the_phase_and_the_newest_figures() -> None:
    screen = io.StringIO()
    columns = [TextColumn("{task.description}"), TextColumn("{task.completed}/{task.total} {task.fields[note]}")]
    with Progress(*columns, console=Console(file=screen, width=200), auto_refresh=False) as progress:
        watcher = LiveWatcher(progress)
        watcher.phase("Scoring")
        watcher.texts(30)
        watcher.texts(12)
        watcher.phase("Training")
        watcher.step(_entry(51))
        watcher.texts(5)  # scores on the way
        watcher.step(_entry(52))
        scored, trained = progress.tasks
        assert (scored.completed, scored.finished) == (42, True)
        assert (trained.completed, trained.total) == (52, 100)
    assert "Training 52/100 loss 0.1235" in screen.getvalue()
