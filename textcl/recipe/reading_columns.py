"""From a look at a file to what its columns are for: by their names, and where these say nothing by what they hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from textcl.column_names import ANCHORS, LABELS, NEGATIVES, POSITIVES, SCORES, is_one_of
from textcl.data.survey import Survey
from textcl.errors import DataError


@dataclass(frozen=True, slots=True)
class Reading:
    """What a file is taken for."""

    holds: str  # sentences, pairs, triplets, scored pairs, labelled pairs, labelled texts
    anchor: str
    positives: tuple[str, ...] = ()
    negatives: tuple[str, ...] = ()
    score: str | None = None
    label: str | None = None
    guessed: tuple[str, ...] = ()  # columns whose names say nothing, so that their order decided

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns of texts."""
        return (self.anchor, *self.positives, *self.negatives)


def read_columns(found: Survey) -> Reading:
    """Say what a file holds.

    Raises:
        DataError: No column holds texts, or labels that no objective can use stand beside pairs.
    """
    texts = [column.name for column in found.columns if column.kind in ("text", "name")]
    prose = [column.name for column in found.columns if column.kind == "text"]
    label = _labels(found)
    usable = [name for name in (prose or texts) if name != label]
    if not usable:
        named = ", ".join(column.name for column in found.columns)
        raise DataError(f"{found.path}: no column holds texts; found {named}.")
    anchor, positives, negatives, guessed = _roles(usable)
    score = _named(found, SCORES, ("number",))
    if positives and score is not None:
        return Reading("scored pairs", anchor, positives, (), score, None, guessed)
    if positives and label is not None:
        return _labelled_pairs(found, anchor, positives, label, guessed)
    if positives:
        return Reading("triplets" if negatives else "pairs", anchor, positives, negatives, None, None, guessed)
    if label is not None:
        return Reading("labelled texts", anchor, label=label, guessed=guessed)
    return Reading("sentences", anchor, guessed=guessed)


def _roles(texts: Sequence[str]) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return anchor, positives, negatives, and those of them that were guessed."""
    negatives = tuple(name for name in texts if is_one_of(name, NEGATIVES))
    rest = [name for name in texts if name not in negatives]
    if not rest:
        raise DataError(f"columns {', '.join(negatives)} are named as negatives, but there is no anchor beside them.")
    positives = tuple(name for name in rest if is_one_of(name, POSITIVES))
    anchor = next((name for known in ANCHORS for name in rest if name.casefold() == known), None)
    guessed: tuple[str, ...] = ()
    if anchor is None:
        anchor = next((name for name in rest if name not in positives), rest[0])
        guessed = (anchor,)
    others = [name for name in rest if name != anchor]
    positives = tuple(name for name in positives if name != anchor)
    if not positives and others:
        positives = (others[0],)
        guessed += positives
    return anchor, positives, negatives if positives else (), guessed if len(texts) > 1 else ()


def _labelled_pairs(
    found: Survey, anchor: str, positives: tuple[str, ...], label: str, guessed: tuple[str, ...]
) -> Reading:
    column = found.column(label)
    if column.kind != "number" or (column.low, column.high, column.distinct) != (0, 1, 2):
        raise DataError(
            f"{found.path}: holds pairs with labels in '{label}' other than 0 and 1 ({column.distinct} of them). Keep "
            "the rows of the label that means 'the same' as pairs, or write 1 for it and 0 for the others."
        )
    return Reading("labelled pairs", anchor, positives[:1], (), label, None, guessed)


def _labels(found: Survey) -> str | None:
    """Return the column of labels: one that is called so, or short texts that come again and again."""
    named = _named(found, LABELS, ("number", "name"))
    if named is not None:
        return named
    has_prose = any(column.kind == "text" for column in found.columns)
    return next((column.name for column in found.columns if column.kind == "name"), None) if has_prose else None


def _named(found: Survey, known: Sequence[str], kinds: Sequence[str]) -> str | None:
    names = (column.name for column in found.columns if column.kind in kinds)
    return next((name for name in names if name.casefold() in known), None)
