"""The file of back-translated pairs, and beside it that of what was not kept and why."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from textcl.atomic import new_file
from textcl.recipe.pair_judge import Judgement
from textcl.translate import Reason


class PairWriter:
    """Writes judgements as JSON lines."""

    def __init__(self, kept: TextIO, rejected: TextIO, engine: str) -> None:
        self._kept, self._rejected, self._engine = kept, rejected, engine

    def write(self, judgements: Sequence[Judgement]) -> None:
        """Write a text with all of its translations that were kept, and each of the others with its reason."""
        kept = [judgement for judgement in judgements if judgement.reason is None]
        if kept:
            self._line(
                self._kept,
                text=kept[0].text,
                translations=[judgement.trip.text for judgement in kept],
                pivots=[judgement.trip.route.pivot for judgement in kept],
                engine=self._engine,
            )
        for judgement in judgements:
            if judgement.reason is not None:
                trip = judgement.trip
                self._line(
                    self._rejected, text=judgement.text, translation=trip.text, pivot=trip.route.pivot,
                    reason=judgement.reason.value,
                )  # fmt: skip

    def write_unsuited(self, text: str, reason: Reason) -> None:
        """Write a text that was not translated."""
        self._line(self._rejected, text=text, reason=reason.value)

    def _line(self, file: TextIO, **fields: object) -> None:
        file.write(json.dumps(fields, ensure_ascii=False) + "\n")


@contextmanager
def written_pairs(out: Path, engine: str) -> Iterator[PairWriter]:
    """Yield a writer; its two files appear together when the block ends well.

    Raises:
        WriteError: They can not be written.
    """
    rejected = rejected_file(out)
    with (
        new_file(rejected) as second, new_file(out) as first,
        first.open("w", encoding="utf-8") as kept, second.open("w", encoding="utf-8") as others,
    ):  # fmt: skip
        yield PairWriter(kept, others, engine)


def rejected_file(out: Path) -> Path:
    """Return the name of the file of what was not kept: `pairs.rejected.jsonl` beside `pairs.jsonl`."""
    return out.with_suffix(".rejected.jsonl")
