"""What long work shows while it goes on."""

import io
import os
import sys
from dataclasses import replace

import pytest
from rich.console import Console
from rich.progress import Progress as Screen
from rich.progress import TextColumn

from textcl.report.progress import LiveBars, PlainLines, figures, show_progress
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
    shown = PlainLines(sys.stdout)
    shown.phase("Training")
    for step in range(1, 102):
        shown.step(_entry(step, steps=101))
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
    shown = PlainLines(sys.stdout)
    shown.step(_entry(50))  # a run that goes on
    monkeypatch.setattr("time.monotonic", lambda: 20.0)
    shown.step(_entry(55))  # five steps in ten seconds
    assert capsys.readouterr().out.splitlines()[1].endswith("1:30 left")


def test_lines_that_nobody_reads_end_no_work() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as stream:
        PlainLines(stream).phase("Training")
        with pytest.raises(BrokenPipeError):
            stream.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), writing)


def test_scores_on_the_way_are_printed_in_points(capsys: pytest.CaptureFixture[str]) -> None:
    PlainLines(sys.stdout).scores(20, {"stsb-dev/spearman": 0.81234})
    assert capsys.readouterr().out == "step 20  stsb-dev/spearman 81.23\n"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in its one entry."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_plain_lines_say_how_far_a_long_phase_is_every_ten_seconds(clock: list[float]) -> None:
    screen = io.StringIO()
    shown = PlainLines(screen)
    shown.phase("Scoring scifact")
    shown.expect(5183)
    for _ in range(30):
        clock[0] += 1
        shown.advance(100)
    shown.expect(300)
    assert screen.getvalue().splitlines() == [
        "Scoring scifact",
        "Scoring scifact: 1,000 of 5,183 texts, 100 texts/s",
        "Scoring scifact: 2,000 of 5,183 texts, 100 texts/s",
        "Scoring scifact: 3,000 of 5,183 texts, 100 texts/s",
    ]


def test_the_plain_lines_of_a_long_phase_become_rare(clock: list[float]) -> None:
    screen = io.StringIO()
    shown = PlainLines(screen)
    shown.phase("Embedding", 36_000)
    for _ in range(36_000):  # ten hours
        clock[0] += 1
        shown.advance(1)
    assert 100 < len(screen.getvalue().splitlines()) < 150


def test_a_plain_phase_says_what_there_is_to_do_and_what_was_done_before(clock: list[float]) -> None:
    screen = io.StringIO()
    shown = PlainLines(screen)
    shown.phase("Embedding", 5000, 1000)
    clock[0] += 20
    shown.advance(400)
    shown.phase("Cleaning", unit="rows")
    clock[0] += 10
    shown.advance(50)
    assert screen.getvalue().splitlines() == [
        "Embedding: 5,000 texts, 1,000 of them done before",
        "Embedding: 1,400 of 5,000 texts, 20 texts/s",
        "Cleaning",
        "Cleaning: 50 rows, 5 rows/s",
    ]


def test_scores_during_training_count_no_texts_in_plain_lines(clock: list[float]) -> None:
    screen = io.StringIO()
    shown = PlainLines(screen)
    shown.phase("Training")
    shown.step(_entry(100))
    clock[0] += 60
    shown.expect(400)
    shown.advance(400)
    assert len(screen.getvalue().splitlines()) == 2


def live(text: str) -> tuple[Screen, io.StringIO]:
    file = io.StringIO()
    return Screen(TextColumn(text), console=Console(file=file, width=200), auto_refresh=False), file


def test_a_live_bar_shows_the_phase_and_the_newest_figures() -> None:
    screen, file = live("{task.description} {task.completed}/{task.total} {task.fields[note]}")
    with screen:
        shown = LiveBars(screen)
        shown.phase("Scoring")
        shown.advance(30)
        shown.advance(12)
        shown.phase("Training")
        shown.step(_entry(51))
        shown.expect(5)  # scores during training
        shown.advance(5)
        shown.step(_entry(52))
        scored, trained = screen.tasks
        assert (scored.completed, scored.finished) == (42, True)
        assert (trained.completed, trained.total) == (52, 100)
    assert "Training 52/100 loss 0.1235" in file.getvalue()


def test_a_bar_shows_the_phase_its_texts_and_their_rate(clock: list[float]) -> None:
    screen, _ = live("{task.description} {task.completed}/{task.total} {task.fields[note]}")
    with screen:
        shown = LiveBars(screen)
        shown.phase("Scoring scifact")
        shown.expect(400)
        clock[0] += 2
        shown.advance(400)
        clock[0] += 60  # searching is not embedding
        shown.expect(100)
        clock[0] += 1
        shown.advance(50)
        (bar,) = screen.tasks
        assert (bar.description, bar.completed, bar.total) == ("Scoring scifact", 450, 500)
        assert bar.fields["note"] == "150 texts/s"
        shown.phase("Scoring sts12")
        shown.expect(0)  # all of it is there
        shown.end_phase()
        assert all(bar.finished for bar in screen.tasks)


def test_a_phase_that_knows_its_total_keeps_it() -> None:
    screen, _ = live("{task.description} {task.fields[note]}")
    shown = LiveBars(screen)
    shown.phase("Embedding the queries", 500)
    shown.expect(300)  # the others are in a cache
    assert screen.tasks[0].total == 500


def test_bars_that_are_not_kept_go_with_their_phase() -> None:
    screen, _ = live("{task.description} {task.fields[note]}")
    shown = LiveBars(screen, keeps=False)
    shown.phase("Reading")
    shown.phase("Building", 50, 10)
    assert [(bar.description, bar.completed, bar.total) for bar in screen.tasks] == [("Building", 10, 50)]
    shown.end_phase()
    assert not screen.tasks


def test_where_no_terminal_is_lines_are_plain() -> None:
    file = io.StringIO()
    with show_progress(file) as shown:
        shown.phase("Reading")
    assert file.getvalue() == "Reading\n"
