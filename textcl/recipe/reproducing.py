"""Did a run come out as it did before? Its weights and scores against those of the first, and the answer in words."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors import safe_open

from textcl.evaluation import DETAILS, Difference, Interval, compared
from textcl.recipe.origin import REPORT, Origin
from textcl.report import Scores, open_report, read_scores
from textcl.report.scores import samples_path

_OTHER_RUNTIMES = ("onnx", "openvino")
_CLOSE = 1e-9  # scores as written
_NAMED = 5  # metrics that an answer names


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A run and its repetition."""

    first: Scores  # as the report of the first run has them
    second: Scores
    difference: Mapping[str, Mapping[str, Difference]]  # second minus first on the same items, where those are kept
    same_weights: bool | None  # None: the first run's are not there
    changed: tuple[str, ...] = ()  # settings

    @property
    def has_reproduced(self) -> bool | None:
        """Whether it came out as before: by its scores, without any by its weights; None: nothing can tell."""
        if self._judged():
            return not self._outside()
        return self.same_weights or None

    def answer(self) -> str:
        """Say in words whether the run was reproduced, and how that is known."""
        found = [self._headline(), self._of_weights(), self._of_scores(), *self._of_items()]
        if self.changed:
            found.append(f"But it is not the same run: {'; '.join(self.changed)}.")
        return " ".join(found)

    def _judged(self) -> list[tuple[str, Interval, Interval]]:
        """Return the metrics that both runs have, but for the details of rankings and what has no interval."""
        both = ((task, name) for task, metrics in self.first.items() for name in metrics if name not in DETAILS)
        return [
            (f"{task} {name}", self.first[task][name], self.second[task][name])
            for task, name in both
            if name in self.second.get(task, {}) and not math.isnan(self.first[task][name].low)
        ]

    def _outside(self) -> list[str]:
        """Return the metrics whose new score lies outside the 95 % interval of the old one."""
        judged = self._judged()
        return [name for name, old, new in judged if not (_is_close(old, new) or old.low <= new.value <= old.high)]

    def _are_scores_equal(self) -> bool:
        return all(_is_close(old, new) for _, old, new in self._judged())

    def _headline(self) -> str:
        if self.has_reproduced is None:
            return "Whether it was reproduced can not be told."
        if not self.has_reproduced:
            return "Not reproduced."
        is_exact = self.same_weights and self._are_scores_equal()
        return "Reproduced to the last bit." if is_exact else "Reproduced within the uncertainty of its scores."

    def _of_weights(self) -> str:
        if self.same_weights is None:
            return "The weights of the first run are not there to compare with."
        return "The weights are equal." if self.same_weights else "The weights differ."

    def _of_scores(self) -> str:
        judged, outside = self._judged(), self._outside()
        if not judged:
            return "The two runs have no score in common." if self.first else "The run was not scored."
        if outside:
            return f"Outside the 95 % interval of the first run: {_listed(outside, len(judged))}."
        if self._are_scores_equal():
            return f"All scores are equal ({len(judged)})."
        return f"Every score lies in the 95 % interval of the first run's ({len(judged)})."

    def _of_items(self) -> Iterator[str]:
        changes = {
            f"{task} {name}": change for task, found in self.difference.items() for name, change in found.items()
        }
        shown = {name: change for name, change in changes.items() if name.rpartition(" ")[2] not in DETAILS}
        moved = [name for name, change in shown.items() if change.verdict != "cannot tell"]
        if moved:
            yield f"Item by item these differ by more than chance would have it: {_listed(moved, len(shown))}."
        elif self._judged() and not shown:
            yield "The items of its scores are not there, so they were not compared one by one."


def compare_with(origin: Origin, folder: Path, on_task: Callable[[str], None]) -> Reproduction:
    """Compare a run with the one that it repeats.

    Args:
        origin: What was repeated.
        folder: The folder of the new run.
        on_task: Called with a task's name before its items are compared.

    Raises:
        DataError: A report can not be read.
    """
    old, new = origin.folder / REPORT, folder / REPORT
    first, second = (read_scores(path) if path.is_file() else {} for path in (old, new))
    difference: Mapping[str, Mapping[str, Difference]] = {}
    if all(samples_path(path).is_file() for path in (old, new)):
        reports = [open_report(path, str(path.parent)) for path in (old, new)]
        difference = compared(reports[0].results, reports[1].results, (reports[0].name, reports[1].name), on_task)
    return Reproduction(first, second, difference, have_same_weights(origin.model, folder / "model"), origin.changed)


def have_same_weights(one: Path, other: Path) -> bool | None:
    """Say whether two model folders hold the same tensors, bit for bit; None where the first holds none."""
    names, others = _weights(one), _weights(other)
    if not names:
        return None
    return names == others and all(_are_equal(one / name, other / name) for name in names)


def _weights(folder: Path) -> list[str]:
    files = (path.relative_to(folder) for path in folder.rglob("*.safetensors"))
    return sorted(str(path) for path in files if not set(path.parts) & {*_OTHER_RUNTIMES, "checkpoints"})


def _are_equal(one: Path, other: Path) -> bool:
    """Compare tensor by tensor: what stands beside them in a file, such as versions, does not count."""
    with safe_open(one, "pt") as first, safe_open(other, "pt") as second:
        if set(first.keys()) != set(second.keys()):
            return False
        return all(first.get_tensor(name).equal(second.get_tensor(name)) for name in first.keys())  # noqa: SIM118


def _is_close(old: Interval, new: Interval) -> bool:
    return math.isclose(old.value, new.value, rel_tol=0, abs_tol=_CLOSE)


def _listed(names: Sequence[str], of: int) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more} ({len(names)} of {of})"
