"""The rows that a recipe holds out, and the tasks that score a model on them: by what suits the rows."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from textcl.augment.span_crop import SpanCrop
from textcl.data.held_out import Amount, hold_out, hold_out_texts
from textcl.data.sources.concatenation import Concatenation
from textcl.errors import DataError, TextclError, located
from textcl.evaluation.kind import LabelledText
from textcl.evaluation.task import Task
from textcl.evaluation.tasks.classification import Classification
from textcl.evaluation.tasks.geometry import NEIGHBOURS, Geometry
from textcl.evaluation.tasks.pair_classification import LabelledPair, PairClassification
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.recipe.schema import Recipe
from textcl.recipe.section import HELD_OUT, Component, HeldOutRows
from textcl.text.folding import folded_number
from textcl.types.text import Example, Source
from textcl.util.seeds import derive
from textcl.workflows.run.build import RunData, build_component_source

_LOCATION = "data.held_out"


def divided(recipe: Recipe, sources: Sequence[Source]) -> RunData:
    """Hold out what a recipe says.

    Args:
        recipe: Its `data.held_out` is not null.
        sources: All rows.

    Raises:
        DataError: No rows can be held out, or too few are left.
    """
    asked = recipe.data.held_out
    if isinstance(asked, str):
        asked = recipe.data.components[0][1].model_copy(update={"path": asked})
    try:
        if isinstance(asked, Component):
            sides = hold_out_texts(sources, build_component_source(recipe, asked, _LOCATION))
        else:
            sides = hold_out(sources, _amount(asked))
    except TextclError as error:
        raise error if str(error).startswith(_LOCATION) else located(error, _LOCATION) from None
    return RunData(sides.train, sides.held)


def _amount(asked: HeldOutRows | float | None) -> Amount:
    if isinstance(asked, HeldOutRows):
        return Amount(asked.share or asked.rows or 0, asked.seed)
    assert asked is not None, "rows are held out"
    return Amount(asked)


@dataclass(frozen=True, slots=True)
class HeldTask:
    """A task of held-out rows."""

    task: Task
    rows: int  # that are held out; of many some are scored
    how: str  # what is measured
    limits: str = ""  # what that cannot tell


def held_out_tasks(recipe: Recipe, held: Sequence[Source]) -> list[HeldTask]:
    """Return the tasks of held-out rows: one, or one for each source where sources take turns.

    Pairs and triplets are scored by retrieval, graded pairs by rank correlation, pairs labelled 0 or 1 by average
    precision, labelled texts by a probe and by neighbours, and texts alone by views of them.

    Args:
        recipe: That holds them out.
        held: The rows, of each source or of all.

    Raises:
        DataError: The rows are too few for such a task.
    """
    rows = [source for source in held if len(source)]
    if not recipe.data.takes_turns or len(held) == 1:
        return _tasks(HELD_OUT, rows[0] if len(rows) == 1 else Concatenation(rows))
    named = zip(recipe.data.names, held, strict=True)
    return [task for name, source in named if len(source) for task in _tasks(f"{HELD_OUT}-{name}", source)]


SCORED = 10_000  # rows of a task, at most


def _tasks(name: str, source: Source) -> list[HeldTask]:
    """Return the tasks of rows of one kind; the first shows which."""
    examples = [source[row] for row in range(0, len(source), -(-len(source) // SCORED))]
    first = examples[0]
    try:
        if first.positives:
            kind = _search if first.score is None else _scored_pairs
        else:
            kind = _views if first.label is None else _probe
        return [HeldTask(task, len(source), how, limits) for task, how, limits in kind(name, examples)]
    except (DataError, ValueError) as error:
        raise DataError(f"{_LOCATION}: {error} Hold out more rows.") from error


_Made = list[tuple[Task, str, str]]  # tasks, what they measure, and what they cannot tell


def _search(name: str, examples: Sequence[Example]) -> _Made:
    pairs = [(example.anchor, positive) for example in examples for positive in example.positives]
    task = Retrieval.from_pairs(name, pairs)
    how = f"each of {len(task.queries):,} anchors looks for its positives among {len(task.corpus):,} texts"
    return [(task, how, "")]


def _scored_pairs(name: str, examples: Sequence[Example]) -> _Made:
    pairs = [(example.anchor, example.positives[0], example.score or 0.0) for example in examples]
    if {score for *_, score in pairs} <= {0.0, 1.0}:
        labelled = [LabelledPair(first, second, score == 1) for first, second, score in pairs]
        how = f"the cosines of {len(pairs):,} pairs tell those of 1 from those of 0"
        return [(PairClassification(name, labelled), how, "")]
    graded = [GradedPair(*pair) for pair in pairs]
    return [(STS(name, graded), f"the cosines of {len(pairs):,} pairs rise as their scores do", "")]


def _probe(name: str, examples: Sequence[Example]) -> _Made:
    """Learn labels from one half of the texts and say those of the other: no text of the training part is needed."""
    texts = {folded_number(example.anchor): LabelledText(example.anchor, str(example.label)) for example in examples}
    train, test = list[LabelledText](), list[LabelledText]()
    ordered = sorted(texts.items(), key=lambda item: (item[1].label, item[0]))
    for _, of_label in groupby(ordered, key=lambda item: item[1].label):
        rows = [row for _, row in of_label]
        test += rows[: len(rows) // 2]
        train += rows[len(rows) // 2 :]
    if len({row.label for row in test}) < 2:
        raise DataError(f"{len(texts):,} labelled texts; a probe needs two texts or more of each of two labels.")
    how = f"a linear probe and the nearest of {len(train):,} texts say the labels of {len(test):,} others"
    return [(Classification(name, train, test, shots=()), how, "")]


_CROP = SpanCrop(low=0.3, high=0.7)
_SEED = 17
_BLIND = (
    "Both views are cut from one text: this tells how well a model knows a text again by a part of it, not whether it "
    "puts texts of one meaning side by side. For that it takes pairs, scores or labels."
)


def _views(name: str, examples: Sequence[Example]) -> _Made:
    """Cut two views from each text, the same in every run, and let one look for the other."""
    texts = list({folded_number(example.anchor): example.anchor for example in examples}.values())
    views = [(_crop(text, 0), _crop(text, 1)) for text in texts]
    search = Retrieval.from_pairs(name, views)
    how = f"a part of each of {len(texts):,} texts looks for another part of it"
    made: _Made = [(search, how, _BLIND)]
    if len(texts) > NEIGHBOURS + 1:
        pairs = [(text, second) for text, (_, second) in zip(texts, views, strict=True)]
        geometry = Geometry(f"{name}-geometry", pairs, [])
        made.append((geometry, "how texts lie in space, and how close a part of each lies", _BLIND))
    return made


def _crop(text: str, view: int) -> str:
    return _CROP(text, random.Random(derive(_SEED, "held-out view", view, folded_number(text))))
