"""Pairs of a task whose two texts stand in the training text, above all side by side."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textcl.evaluation.task_texts import TextPair

_SAME = 1e-6  # scores that differ by no more are one


@dataclass(frozen=True, slots=True)
class PairLeakage:
    """How many of a task's pairs leak exactly; each count holds the next."""

    pairs: int
    both: int  # both texts stand somewhere in the training text
    together: int  # in one row of it
    same_grade: int | None  # in a row with the pair's own score or label: the answer leaks too; None without grades


class Pairs:
    """The pairs of one task, and where their texts were met.

    Args:
        pairs: What the task compares.
        number_of: The number of a text; equal texts have one.
    """

    def __init__(self, pairs: Sequence[TextPair], number_of: Callable[[str], int]) -> None:
        self._grades: dict[tuple[int, int], list[float | None]] = {}  # two numbers, the smaller first -> their grades
        for pair in pairs:
            one, other = sorted((number_of(pair.first), number_of(pair.second)))
            self._grades.setdefault((one, other), []).append(pair.grade)
        self._together: set[tuple[int, int]] = set()
        self._same: dict[tuple[int, int], set[int]] = {}  # positions in the list of grades

    def __len__(self) -> int:
        return sum(map(len, self._grades.values()))

    def meet(self, one: int, other: int, grade: float | None) -> None:
        """Note that a training row with this score or label holds both texts, the smaller number first."""
        grades = self._grades.get((one, other))
        if grades is None:
            return
        self._together.add((one, other))
        same = {position for position, own in enumerate(grades) if _are_same(own, grade)}
        if same:
            self._same.setdefault((one, other), set()).update(same)

    def leakage(self, exact: set[int]) -> PairLeakage:
        """Count the pairs.

        Args:
            exact: The numbers of the texts that leak exactly and are long enough to count.
        """
        together = sum(len(self._grades[pair]) for pair in self._together)
        apart = (pair for pair in self._grades if pair not in self._together and exact.issuperset(pair))
        both = together + sum(len(self._grades[pair]) for pair in apart)
        graded = any(grade is not None for grades in self._grades.values() for grade in grades)
        same = sum(map(len, self._same.values())) if graded else None
        return PairLeakage(len(self), both, together, same)


def _are_same(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= _SAME
