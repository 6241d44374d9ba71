"""What a run leaves: its folder, and the report of its scores."""

from dataclasses import dataclass
from pathlib import Path

from textcl.evaluation import Difference, Interval, Leakage, Sample, Task, differences, results_of, scores
from textcl.report import write_items, write_report
from textcl.training import Ranks

Scores = dict[str, dict[str, Interval]]  # task -> metric -> score


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run leaves: its folder, and the scores if its recipe asks for any."""

    folder: Path
    before: Scores
    after: Scores
    difference: dict[str, dict[str, Difference]]


def leave_report(
    folder: Path,
    tasks: list[Task],
    before: dict[str, Sample],
    after: dict[str, Sample],
    leakage: dict[str, Leakage],
    ranks: Ranks,
) -> Outcome:
    """Return the scores before and after a run and their differences, and write them on rank 0 if there are any."""
    outcome = Outcome(
        folder,
        before={task: scores(sample) for task, sample in before.items()},
        after={task: scores(sample) for task, sample in after.items()},
        difference={task: differences(before[task], sample) for task, sample in after.items()},
    )
    if ranks.is_main and outcome.after:
        write_items(folder / "report.json", results_of(tasks, after))
        write_report(folder / "report.json", outcome.before, outcome.after, outcome.difference, leakage)
    return outcome
