"""The docstrings of installed Python packages as a source: real pairs of text on any machine, with no download."""

from collections.abc import Iterable, Iterator
from functools import cached_property

from textcl.data.fingerprint import fingerprint_of
from textcl.data.identity import identities
from textcl.data.package_scan import DocumentedPair
from textcl.data.scan_cache import scanned
from textcl.errors import DataError
from textcl.types import Example


class Docstrings:
    """Pairs from docstrings: the summary of a function or class is the anchor, the prose below it the positive.

    Nothing is imported or run: the files are parsed. Of pairs that share a summary or a prose only the first stays.
    The scan of a package is kept in the user's cache folder.

    Args:
        packages: Names of installed packages as one imports them, such as `sklearn`.

    Raises:
        DataError: No package is named, one is named twice or is not installed, or they hold no pairs.
    """

    def __init__(self, packages: list[str]) -> None:
        if not packages:
            raise DataError("Docstrings: no packages named; list installed ones such as [scipy, sklearn].")
        if len(set(packages)) < len(packages):
            raise DataError(f"Docstrings: a package is named twice in {', '.join(packages)}; name each once.")
        pairs = (pair for package in packages for pair in scanned(package))
        self._pairs = list(_distinct(pairs))
        if not self._pairs:
            raise DataError(f"Docstrings: found no docstring with a summary and prose in {', '.join(packages)}.")

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the texts."""
        return fingerprint_of(self[row] for row in range(len(self)))

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, row: int) -> Example:
        row = range(len(self))[row]
        pair = self._pairs[row]
        return Example(row=row, anchor=pair.summary, positives=(pair.prose,))

    def place(self, row: int) -> str:
        """Name the function or class."""
        return self._pairs[row].place


def _distinct(pairs: Iterable[DocumentedPair]) -> Iterator[DocumentedPair]:
    seen: set[int] = set()
    for pair in pairs:
        numbers = {int(number) for number in identities((pair.summary, pair.prose))}
        if seen.isdisjoint(numbers):
            seen |= numbers
            yield pair
