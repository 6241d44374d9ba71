"""What an evaluation shows while it goes on."""

import io

import pytest
from rich.console import Console
from rich.progress import Progress, TextColumn

from textcl.cli.scoring_progress import LiveWatcher, PlainWatcher


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in its one entry."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


def test_plain_lines_say_how_far_a_long_task_is_every_ten_seconds(
    capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    watcher = PlainWatcher()
    watcher.task("scifact")
    watcher.missing(5183)
    for _ in range(30):
        clock[0] += 1
        watcher.texts(100)
    watcher.missing(300)
    assert capsys.readouterr() == (
        "",
        "Scoring scifact\n"
        "Scoring scifact: 1,000 of 5,183 texts, 100 texts/s\n"
        "Scoring scifact: 2,000 of 5,183 texts, 100 texts/s\n"
        "Scoring scifact: 3,000 of 5,183 texts, 100 texts/s\n",
    )


def test_a_bar_shows_the_task_its_texts_and_their_rate(clock: list[float]) -> None:
    screen = io.StringIO()
    text = "{task.description} {task.completed}/{task.total} {task.fields[note]}"
    with Progress(TextColumn(text), console=Console(file=screen, width=200), auto_refresh=False) as progress:
        watcher = LiveWatcher(progress)
        watcher.task("scifact")
        watcher.missing(400)
        clock[0] += 2
        watcher.texts(400)
        clock[0] += 60  # searching is not embedding
        watcher.missing(100)
        clock[0] += 1
        watcher.texts(50)
        (bar,) = progress.tasks
        assert (bar.description, bar.completed, bar.total) == ("Scoring scifact", 450, 500)
        assert bar.fields["note"] == "150 texts/s"
        watcher.task("sts12")
        watcher.missing(0)  # all of it is there
        watcher.end_task()
        assert all(bar.finished for bar in progress.tasks)
