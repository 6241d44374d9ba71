"""Take a back-translation of a text that was made before the run."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from textcl.augment.words import check_shares
from textcl.errors import DataError
from textcl.files.lines import refuse_absence
from textcl.files.rows import ColumnError, Row, file_rows

_FORM = '{"text": "…", "translations": ["…"]}'
Table = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class BackTranslated:
    """Takes, with a probability, one of the back-translations that a file keeps of the text.

    A text without one stays as it is, whatever the probability. Texts are told apart without regard to white space;
    one that was changed before is another text, so this comes first in `augment`. Before a run begins it looks up a
    sample of the texts, and refuses a file that has none of them. The file is read once a process.

    Failure modes: machine translation changes some meanings (of those that the usual filters let pass about one in
    eight, by Apertium); and paraphrases by translation are a weaker positive than dropout on similarity, so a part of
    the texts is enough (p = 0.2), with dropout left on.

    Args:
        path: A file, of JSONL a line a text: {"text": "…", "translations": ["…", …]}. A text may come several times,
            and without translations; other keys are not read.
        p: The probability of each text that has back-translations to be replaced by one of them.

    Raises:
        ValueError: Not 0 ≤ p ≤ 1.
        DataError: The file is missing or not in that form.

    Source:
        Xie et al. 2020, Unsupervised Data Augmentation for Consistency Training, section 2.2. arXiv:1904.12848
        Gao et al. 2021, SimCSE (paraphrases by translation below dropout). arXiv:2104.08821

    Example:
        augment: [{use: BackTranslated, path: kept.jsonl, p: 0.2}]
        # before: The old dog sleeps by the river, and two birds sing.
        # after: By the river the old dog sleeps, and two birds sing.
    """

    papers = ("xie2020uda",)

    path: str
    p: float = 0.2

    def __post_init__(self) -> None:
        check_shares(p=self.p)
        self._table()

    def __call__(self, text: str, rng: random.Random) -> str:
        """Return the text or a back-translation of it."""
        translations = self._table().get(_folded(text), ())
        return rng.choice(translations) if translations and rng.random() < self.p else text

    def check(self, texts: Sequence[str]) -> None:
        """Refuse texts of which the file has none.

        Raises:
            DataError: Says how many were looked up.
        """
        table = self._table()
        if not any(_folded(text) in table for text in texts):
            raise DataError(
                f"{self.path}: found back-translations of {len(table):,} texts, but of none of {len(texts):,} texts of "
                "this run. Make them from the same file: textcl augment back-translate."
            )

    def _table(self) -> Table:
        path = Path(self.path).expanduser()
        refuse_absence(path)
        return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(path: Path, changed_ns: int) -> Table:
    """Read the file as it was at a time."""
    table: dict[str, dict[str, None]] = {}
    for row in file_rows(path):
        text, translations = _entry(row)
        table.setdefault(text, {}).update(dict.fromkeys(translations))
    return {text: tuple(translations) for text, translations in table.items() if translations}


def _entry(row: Row) -> tuple[str, list[str]]:
    """Return a text as it is looked up, and those of its translations that say anything."""
    try:
        text, translations = row.value("text"), row.value("translations")
    except ColumnError as error:
        raise DataError(f"{error} Each row must be an object such as {_FORM}.") from error
    if not isinstance(text, str) or not isinstance(translations, list) or not all(map(_is_text, translations)):
        raise DataError(f"{row.location}: 'text' must be a text and 'translations' a list of texts, as in {_FORM}.")
    return _folded(text), [translation for translation in translations if translation.strip()]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _folded(text: str) -> str:
    return " ".join(text.split())
