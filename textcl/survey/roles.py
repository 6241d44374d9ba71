"""From a look at a file to what its columns are for: by their names, and where these say nothing by what they hold."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from textcl.data.sources.columns import columns_of
from textcl.errors import DataError
from textcl.files.rows import (
    ANCHORS,
    LABELS,
    NEGATIVES,
    PAIR_LABELS,
    POSITIVES,
    SCORES,
    is_identifier,
    is_one_of,
    numbered_from_0,
)
from textcl.survey.records import open_records
from textcl.survey.survey import ColumnSurvey, Survey

_TEXTS = ("text", "name")
_VAGUE = ("source", "set")  # where short texts come again and again, these say where a row is from
_SCORE = "it should be a number, as in 0.75"
_LABEL = "it should be a whole number or a name"
_TEXT = "it should be a text"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file is taken for."""

    holds: str  # sentences, pairs, triplets, judged triplets, scored pairs, labelled pairs, labelled texts
    anchor: str
    positives: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    score: tuple[str, ...] = ()  # one of a row, or those of its texts, positives first
    label: str | None = None
    guessed: tuple[str, ...] = ()  # columns whose names say nothing, so that what they hold and their order decided

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns of texts."""
        return (self.anchor, *self.positives, *self.negatives)


def read_columns(found: Survey) -> Reading:
    """Say what a file holds.

    Raises:
        DataError: No column holds texts, a column of a known name holds what cannot be used, or labels that no
            objective can use stand beside pairs.
    """
    _refuse_no_names(found)
    _refuse_unread_texts(found)
    texts = [column for column in found.columns if column.kind in _TEXTS and not _is_label(column)]
    texts = texts or [column for column in found.columns if column.kind in _TEXTS]
    if not texts:
        named = ", ".join(column.name for column in found.columns)
        raise DataError(f"{found.path}: no column holds texts; found {named}.")
    read = _roles(found, texts)
    return _read_pairs(found, read) if read.positives else _read_texts(found, read)


_OTHER_DELIMITERS = re.compile(r"[,;|^\t\uff0c\uff1b]")
_WORDS_OF_A_NAME = 2  # at most, of one column at least


def _refuse_no_names(found: Survey) -> None:
    """Refuse a table whose first line names no columns: it is delimited otherwise, or holds texts."""
    names = [column.name for column in found.columns if column.name]
    if found.use not in ("CSV", "TSV"):
        return
    if len(names) == 1 and _OTHER_DELIMITERS.search(names[0]):
        raise DataError(
            f"{found.path}, line 1: found one column, {names[0]!r}. Delimit the columns by commas in a .csv file, by "
            "tabs in a .tsv file."
        )
    if len(names) > 1 and all(len(name.split()) > _WORDS_OF_A_NAME for name in names):
        raise DataError(
            f"{found.path}, line 1: found texts such as {names[0]!r} where the columns are named. Write a first line "
            "of names, such as anchor, positive; if they are names, make them shorter."
        )


def _refuse_unread_texts(found: Survey) -> None:
    """Refuse a column that is called an anchor, positive or negative, and holds no texts."""
    names = [column.name.casefold() for column in found.columns]
    anchors = [name for name in ANCHORS if name in names and name not in _VAGUE]
    for column, name in zip(found.columns, names, strict=True):
        is_known = name in anchors[:1] or is_one_of(name, POSITIVES) or is_one_of(name, NEGATIVES)
        if is_known and name not in LABELS and column.kind in ("number", "vector", "other"):
            raise _unusable(found, column, ("text", "list"), _TEXT)


def _unusable(found: Survey, column: ColumnSurvey, wanted: Sequence[str], should: str) -> DataError:
    """Say where a column holds what its name does not promise; `wanted` are the sorts of values that it may hold."""
    if column.kind == "empty":
        return DataError(f"{found.path}: column '{column.name}' is empty in every row. Fill it, or drop or rename it.")
    strange = [first for sort, first in column.firsts.items() if sort not in wanted]
    row, value = min(strange or column.firsts.values())
    location = f"{found.path}, row {row}, column '{column.name}'"
    return DataError(f"{location}: found {value}; {should}. Mend the column, or drop or rename it.")


def _is_label(column: ColumnSurvey) -> bool:
    """Say whether a column is called one of labels; a `target` may be a text that belongs to another."""
    name = column.name.casefold()
    return name in LABELS and not (name in POSITIVES and column.kind == "text")


def _roles(found: Survey, texts: Sequence[ColumnSurvey]) -> Reading:
    """Say which columns of texts are anchor, positives and negatives, and which of them were guessed."""
    numbered = numbered_from_0([column.name for column in texts])
    negatives = [column for column in texts if _is_called(column, NEGATIVES, numbered, "negative")]
    rest = [column for column in texts if column not in negatives]
    singles = [column for column in rest if not column.is_list]
    if not singles:
        named = ", ".join(f"'{column.name}'" for column in texts)
        raise DataError(
            f"{found.path}: no column can be the anchor, which is one text a row: found lists or negatives in {named}."
        )
    anchor = _anchor(singles)
    is_guess = anchor.name.casefold() not in ANCHORS and len(texts) > 1
    guessed = [anchor] if is_guess else []
    others = [column for column in rest if column is not anchor]
    positives = [column for column in others if _is_called(column, POSITIVES, numbered, "positive")]
    positives = [column for column in positives if column.kind == "text"] or positives
    if not positives:
        positives = [column for column in others if _may_be_positive(column)][:1]
        guessed += positives
    kept = negatives if positives else []
    names = [tuple(column.name for column in columns) for columns in (positives, kept, guessed)]
    holds = ("triplets" if kept else "pairs") if positives else "sentences"
    return Reading(holds, anchor.name, names[0], names[1], guessed=names[2])


def _is_called(column: ColumnSurvey, known: Sequence[str], numbered: Mapping[str, str], role: str) -> bool:
    return is_one_of(column.name, known) or numbered.get(column.name.casefold()) == role


def unread_columns(found: Survey, reading: Reading) -> tuple[str, ...]:
    """Return the columns that hold texts, as far as that can be seen, and are not taken for anything."""
    read = {*reading.texts, *reading.score, reading.label}
    return tuple(column.name for column in found.columns if column.name not in read and _may_be_positive(column))


def _anchor(columns: Sequence[ColumnSurvey]) -> ColumnSurvey:
    """Choose a column that is called so, else the first that looks most like texts."""
    known = {column.name.casefold(): column for column in reversed(columns)}
    for name in ANCHORS:
        if name in known and not (name in _VAGUE and known[name].kind == "name"):
            return known[name]
    return min(columns, key=_unlikeness)


def _unlikeness(column: ColumnSurvey) -> tuple[bool, bool, bool]:
    return _is_identifier(column), is_one_of(column.name, POSITIVES), column.kind == "name"


def _may_be_positive(column: ColumnSurvey) -> bool:
    return column.kind == "text" and not _is_identifier(column) and column.name.casefold() not in LABELS


def _is_identifier(column: ColumnSurvey) -> bool:
    """Say whether a column holds ids, addresses or dates, by its name or because its texts are single words."""
    return is_identifier(column.name) or (column.longest <= 1 and not column.is_unspaced)


def _read_pairs(found: Survey, read: Reading) -> Reading:
    """Say what grades pairs, if anything does."""
    judged = _judged(found)
    if judged and read.negatives:
        return replace(read, holds="judged triplets", score=judged)
    lists = (column.name for column in found.columns if column.is_list and read.negatives)  # of scores: the negatives'
    score = _graded(found, SCORES, ("number",), _SCORE, (*read.texts, *lists))
    if score is not None:
        return Reading("scored pairs", read.anchor, read.positives, (), (score.name,), None, read.guessed)
    label = _graded(found, PAIR_LABELS, ("number", *_TEXTS), _LABEL, read.texts)
    if label is None or (label.low, label.high) == (1, 1):
        return read
    if label.kind == "number" and not label.is_whole:
        return Reading("scored pairs", read.anchor, read.positives, (), (label.name,), None, read.guessed)
    if (label.low, label.high) == (0, 1):
        return Reading("labelled pairs", read.anchor, read.positives[:1], (), (label.name,), None, read.guessed)
    if set(read.positives) <= set(read.guessed) and _tells_apart(label):
        guessed = tuple(name for name in read.guessed if name == read.anchor)
        return Reading("labelled texts", read.anchor, label=label.name, guessed=guessed)
    raise DataError(
        f"{found.path}: holds pairs with labels in '{label.name}' other than 0 and 1 ({label.distinct} of them). Keep "
        "the rows of the label that means 'the same' (of inference: entailment) as pairs, or write 1 for it and 0 for "
        "the others; where they say how similar two texts are, call the column 'score'."
    )


_JUDGED = ("positive_score", "scores")  # as `textcl mine` writes them


def _judged(found: Survey) -> tuple[str, ...]:
    """Return the columns of a judge's scores of the positive and of each negative; none where one is missing."""
    of_positive, of_negatives = _JUDGED
    kinds = {column.name: column.kind for column in found.columns}
    is_there = kinds.get(of_positive) == "number" and kinds.get(of_negatives) in ("number", "vector")
    return _JUDGED if is_there else ()


def _read_texts(found: Survey, read: Reading) -> Reading:
    """Say whether texts have labels: in a column that is called so, or short texts that come again and again."""
    label = _graded(found, LABELS, ("number", *_TEXTS), _LABEL, read.texts)
    if label is not None and _tells_apart(label):
        return Reading("labelled texts", read.anchor, label=label.name, guessed=read.guessed)
    if label is None and found.column(read.anchor).kind == "text":
        label = next((column for column in found.columns if _may_be_label(column)), None)
        if label is not None:
            return Reading("labelled texts", read.anchor, label=label.name, guessed=(*read.guessed, label.name))
    return read


def _graded(
    found: Survey, known: Sequence[str], kinds: Sequence[str], should: str, texts: Collection[str]
) -> ColumnSurvey | None:
    """Return the first column of a known name that can be used; None where no column has one.

    Raises:
        DataError: Those that have one cannot be used.
    """
    named = [column for column in found.columns if column.name.casefold() in known and column.name not in texts]
    usable = [column for column in named if column.kind in kinds and not column.is_list]
    if named and not usable:
        raise _unusable(found, named[0], ("number",) if kinds == ("number",) else ("number", "text"), should)
    return next(iter(usable), None)


def _tells_apart(column: ColumnSurvey) -> bool:
    """Say whether a column has several values, of which some come again: what contrast between labels needs."""
    return column.distinct > 1 and column.duplicates > 0


def _may_be_label(column: ColumnSurvey) -> bool:
    is_named = is_identifier(column.name) or any(
        is_one_of(column.name, known) for known in (ANCHORS, POSITIVES, NEGATIVES)
    )
    return column.kind == "name" and not column.is_list and not is_named and _tells_apart(column)


WITHOUT_COLUMNS = ("TextLines", "FolderLines", "BEIR")  # sources whose recipes name none


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of reading the rows that a survey looked at."""

    refused: int = 0  # rows
    first: str = ""  # of the refusals
    fewest: int = 0  # negatives, of the rows that are not refused
    most: int = 0
    pairs: int = 0  # rows without negatives, where others have some


def try_rows(found: Survey, reading: Reading) -> Trial:
    """Read the rows of a file as training would.

    Raises:
        DataError: All are refused, or none can be read at all.
    """
    if found.use in WITHOUT_COLUMNS:
        return Trial()
    named = [*reading.positives], [*reading.negatives]
    refusals, negatives = [], []
    columns = columns_of(reading.anchor, *named, list(reading.score), reading.label)
    for number, row in enumerate(islice(open_records(found.path).rows, found.rows)):
        try:
            negatives.append(len(columns.example(number, row.fields, row.location).negatives))
        except DataError as refusal:
            refusals.append(str(refusal))
    if not negatives:
        raise DataError(f"All {found.rows:,} rows would be refused, the first: {refusals[0]}")
    pairs = negatives.count(0) if any(negatives) else 0
    return Trial(len(refusals), next(iter(refusals), ""), min(negatives), max(negatives), pairs)
