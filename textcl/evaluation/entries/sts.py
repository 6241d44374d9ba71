"""A set of graded pairs in a suite."""

import hashlib
from collections.abc import Sequence
from typing import Literal

from textcl.errors import DataError
from textcl.evaluation.files import Files
from textcl.evaluation.rows import Row
from textcl.evaluation.section import Hub, Section
from textcl.evaluation.sts import STS, GradedPair


class STSColumns(Section):
    """The columns of a set of graded pairs."""

    first: str = "sentence1"
    second: str = "sentence2"
    score: str = "score"
    subset: str = "subset"  # may be absent: which part of the set a pair belongs to


class STSEntry(Section):
    """A set of graded pairs."""

    kind: Literal["sts"]
    name: str
    bundled: str | None = None  # a file beside the suite file; neither Hub nor data folder is then asked
    local: str | None = None  # a file, below the data folder
    hub: Hub | None = None
    columns: STSColumns = STSColumns()
    ends: str | None = None  # digest of the first and last pair: guards a cut that the Hub does not name

    def task(self, files: Files) -> STS:
        """Read the pairs and check that they are the set that is meant."""
        pairs = [self._pair(row) for row in files.rows(self)]
        if len(pairs) < 2:
            raise DataError(f"{self.name}: {len(pairs)} pairs; a correlation needs at least two.")
        if self.ends is not None and ends_digest(pairs) != self.ends:
            raise DataError(
                f"{self.name}: the {len(pairs)} pairs read are not the set that this suite means: "
                "the first and the last differ. "
                "Name a folder that holds the right file with --data-dir."
            )
        return STS(self.name, pairs)

    def _pair(self, row: Row) -> GradedPair:
        columns = self.columns
        subset = row.text(columns.subset) if columns.subset in row.fields else ""
        return GradedPair(row.text(columns.first), row.text(columns.second), row.number(columns.score), subset)


def ends_digest(pairs: Sequence[GradedPair]) -> str:
    """Return a digest of the texts of the first and the last pair, case and white space aside."""
    ends = (pairs[0].first, pairs[0].second, pairs[-1].first, pairs[-1].second)
    folded = "\n".join(" ".join(text.casefold().split()) for text in ends)
    return hashlib.sha256(folded.encode()).hexdigest()[:16]
