"""A classifier of texts: a linear probe on a model's vectors, learned from labelled rows, kept with the model.

`textcl.Classifier` opens what it leaves.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from textcl.distributed import join_ranks
from textcl.embedding.embed import Embedding, Model, ModelEmbed, model_embed, model_name
from textcl.encoder.locate import read_name
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.saving import refuse_filled, whole_folder
from textcl.errors import DataError, ModelError
from textcl.evaluation.items import Result, results_of
from textcl.evaluation.kind import LabelColumns, LabelledText, codes, labelled, labels_of
from textcl.evaluation.run import evaluate as run_tasks
from textcl.evaluation.samples import LabelSample
from textcl.evaluation.significance import Difference, Interval, compared, scores
from textcl.evaluation.task import Sample
from textcl.evaluation.tasks.classification import SHOTS, Classification, fitted_probe
from textcl.files.rows import ColumnError, file_rows
from textcl.report.figures import Curve
from textcl.report.page import Facts, PageTable, last_part, write_use_page
from textcl.report.page_data import shown
from textcl.report.progress import progress_of
from textcl.report.score_rows import DASH
from textcl.types.batches import FloatArray
from textcl.util.atomic import write_json
from textcl.util.cosines import Float64Array, unit_length
from textcl.util.progress import Progress
from textcl.util.seeds import derive
from textcl.workflows.classifier import FILE, MODEL, PROBE, USE
from textcl.workflows.page import group_map

PAGE = "report.html"
_HELD_OUT = 0.2  # of the texts, where no test file is named
_SEED = 17


@dataclass(frozen=True, slots=True)
class Classified:
    """What learning a classifier leaves.

    Attributes:
        folder: Holds the classifier, its model and its page.
        scores: metric -> score with its 95 % interval, on texts that the scored probe has not seen.
        other: The same of the other model; empty where there is none.
        differences: metric -> the model minus the other, on the same texts.
    """

    folder: Path
    scores: Mapping[str, Interval]
    other: Mapping[str, Interval] = field(default_factory=dict)
    differences: Mapping[str, Difference] = field(default_factory=dict)


def classify(
    data: str | Path,
    model: Model,
    out: str | Path,
    *,
    test: str | Path | None = None,
    against: Model | None = None,
    text_column: str = "text",
    label_column: str = "label",
    precision: str = "auto",
    progress: bool | Progress = False,
) -> Classified:
    """Learn a classifier from labelled texts: logistic regression on the vectors of a model, which stays as it is.

    It is scored on texts that it has not seen, then learned again from all rows and kept. The curve of the page says
    what few labels would have given; `against` draws the same of another model, such as the one before training.

    >>> import textcl
    >>> found = textcl.classify("labelled.csv", "model", "by-topic")
    >>> 0 <= found.scores["accuracy"].value <= 1
    True
    >>> textcl.Classifier("by-topic").predict(["a cat sleeps"])[0].label in ("animals", "people")
    True

    Args:
        data: A file with columns: a text and its label a row.
        model: A run folder, a model folder, `pkg://…` or a Hub id; or an encoder that is open.
        out: The folder of the classifier; appears whole or not at all, and never in the place of another.
        test: Rows to score on; None: a fifth of the texts, drawn label by label.
        against: Another model, scored on the same texts.
        text_column: The column of texts.
        label_column: The column of labels: words or whole numbers.
        precision: What a model that is named multiplies in: float32, bf16 or auto.
        progress: True shows bars in a terminal or notebook, lines elsewhere, on stderr; or a `Progress` of your own.

    Raises:
        DataError: A file is missing or has an error, there is one label only, or `out` holds something.
        ModelError: A model cannot be opened.
    """
    folder = Path(out)
    refuse_filled(folder)
    if isinstance(model, str | Path) and read_name(str(model)).export is not None:
        raise ModelError(f"{model} is an export. Name the model that it was made of: it is kept with the classifier.")
    columns = LabelColumns(text=text_column, label=label_column)
    rows = _labelled(Path(data), columns)
    task = _task(rows, None if test is None else _labelled(Path(test), columns), Path(data))
    with progress_of(progress, sys.stderr) as shown_progress:
        how = Embedding(precision)
        embed = model_embed(model, how, join_ranks(), shown_progress)
        shown_progress.phase(f"Scoring {model_name(model)}")
        results = _results(task, embed)
        others: dict[str, Result] = {}
        if against is not None:
            shown_progress.phase(f"Scoring {model_name(against)}")
            others = _results(task, model_embed(against, how, join_ranks(), shown_progress))
        names = (model_name(against) if against is not None else "", model_name(model))
        found = _found(folder, task, results, others, names)
        shown_progress.phase("Learning from all rows")
        learned = _learned(embed, rows)
    facts = {
        "model": names[1], "against": names[0], "data": last_part(str(data)), "labels": f"{len(learned.labels):,}",
        "rows": f"{len(task.train):,} learned from and {len(task.test):,} scored on; then learned from {len(rows):,}",
    }  # fmt: skip
    samples = [its[task.name].sample for its in (results, others) if its]
    with whole_folder(folder) as new:
        _write(new, learned, {"rows": len(rows), "model": names[1]}, embed.encoder)
        _write_page(new / PAGE, [(k, v) for k, v in facts.items() if v], found, samples, task, learned)
    return found


def _labelled(file: Path, columns: LabelColumns) -> list[LabelledText]:
    try:
        return labelled(file_rows(file), columns)
    except ColumnError as error:
        option = "--label-column" if error.column == columns.label else "--text-column"
        raise DataError(f"{error} Name the right one with {option}.") from error


def _results(task: Classification, embed: ModelEmbed) -> dict[str, Result]:
    return results_of([task], run_tasks([task], embed))


def _found(
    folder: Path, task: Classification, results: Mapping[str, Result], others: Mapping[str, Result],
    names: tuple[str, str],
) -> Classified:  # fmt: skip
    own = scores(results[task.name].sample)
    if not others:
        return Classified(folder, own)
    differences = compared(others, results, names)[task.name]
    return Classified(folder, own, scores(others[task.name].sample), differences)


def _task(rows: list[LabelledText], test: list[LabelledText] | None, data: Path) -> Classification:
    """Return the task: the rows of two files, or one file's texts split label by label, a text on one side alone."""
    if len(labels_of(rows)) < 2:
        raise DataError(f"{data}: all {len(rows)} rows have one label; a classifier tells two or more apart.")
    if test is not None:
        return Classification(data.stem, rows, test)
    held = _held_out(rows)
    train, own_test = [row for row in rows if row.text not in held], [row for row in rows if row.text in held]
    if not own_test or len(labels_of(train)) < 2:
        raise DataError(
            f"{data}: {len(rows)} rows are too few to learn from some and score on others: it takes two labels with "
            "two texts each, or more rows, or a file of its own to score on (--test)."
        )
    return Classification(data.stem, train, own_test)


def _held_out(rows: Sequence[LabelledText]) -> set[str]:
    """Return a fifth of the distinct texts of each label, at least one and never all."""
    of_label: dict[str, dict[str, None]] = {}
    first: dict[str, str] = {}  # text -> the label that it is drawn with, where it has several
    for row in rows:
        of_label.setdefault(first.setdefault(row.text, row.label), {})[row.text] = None
    held: set[str] = set()
    for label, texts in sorted(of_label.items()):
        count = min(len(texts) - 1, max(1, round(_HELD_OUT * len(texts))))
        order = np.random.default_rng(derive(_SEED, "held out", label)).permutation(len(texts))
        listed = list(texts)
        held.update(listed[position] for position in order[:count])
    trained = {row.label for row in rows if row.text not in held}
    return held - {row.text for row in rows if row.label not in trained}


def _learned(embed: ModelEmbed, rows: Sequence[LabelledText]) -> "_Learned":
    labels, texts = labels_of(rows), list(dict.fromkeys(row.text for row in rows))
    position = {text: number for number, text in enumerate(texts)}
    vectors = unit_length(embed(texts, USE))
    probe = fitted_probe(vectors[[position[row.text] for row in rows]], codes(rows, labels))
    weight, bias = np.ascontiguousarray(probe.coef_), probe.intercept_  # safetensors writes memory as it lies
    if len(labels) == 2:  # of two labels scikit-learn keeps the second's numbers alone
        weight, bias = np.vstack([0 * weight, weight]), np.concatenate([0 * bias, bias])
    group = {row.text: labels.index(row.label) for row in rows}
    return _Learned(labels, texts, vectors, [group[text] for text in texts], weight, bias)


@dataclass(frozen=True, slots=True)
class _Learned:
    """A probe, and what it was learned from."""

    labels: list[str]
    texts: list[str]
    vectors: FloatArray  # (texts, D)
    groups: list[int]  # the label of each text
    weight: Float64Array  # (C, D)
    bias: Float64Array  # (C,)


def _write(folder: Path, learned: _Learned, about: Mapping[str, object], encoder: TextEncoder) -> None:
    encoder.save(folder / MODEL)
    save_file({"weight": learned.weight, "bias": learned.bias}, folder / PROBE)
    write_json(folder / FILE, {"labels": learned.labels, **about})


def _write_page(
    path: Path, facts: Facts, found: Classified, samples: Sequence[Sample], task: Classification, learned: _Learned
) -> None:
    """Write the page; `samples` are the model's, then the other model's if there is one."""
    write_use_page(
        path,
        "A classifier by textcl",
        facts,
        scores={task.name: found.scores},
        other={task.name: found.other} if found.other else None,
        difference={task.name: found.differences} if found.other else None,
        curves=[_curve(found.scores, "model"), *([_curve(found.other, "against")] if found.other else [])],
        text_map=group_map(task.name, learned.texts, learned.vectors, learned.groups, learned.labels, _SEED),
        tables=_tables(task, samples[0]),
    )


def _curve(of: Mapping[str, Interval], name: str) -> Curve:
    points = [(shots, 100 * of[f"accuracy@{shots}"].value) for shots in SHOTS if f"accuracy@{shots}" in of]
    return Curve(
        f"accuracy: {name}", "by labels a class", tuple(shots for shots, _ in points),
        tuple(value for _, value in points), unit="labels a class:",
    )  # fmt: skip


_CONFUSIONS = 20  # pairs of labels that a page lists


def _tables(task: Classification, sample: Sample) -> list[PageTable]:
    """Return precision and recall of each label, and which labels are taken for which."""
    assert isinstance(sample, LabelSample)
    gold, predicted = sample.gold, sample.predicted
    rows: list[tuple[str | float, ...]] = []
    for number, label in enumerate(task.labels):
        hits = int(((gold == number) & (predicted == number)).sum())
        chosen, members = int((predicted == number).sum()), int((gold == number).sum())
        shares = [f"{100 * hits / count:.1f}" if count else DASH for count in (chosen, members)]
        rows.append((shown(label), members, *shares))
    wrong = Counter((g, p) for g, p in zip(gold.tolist(), predicted.tolist(), strict=True) if g != p)
    taken = [(shown(task.labels[g]), shown(task.labels[p]), count) for (g, p), count in wrong.most_common(_CONFUSIONS)]
    tables = [PageTable("Labels", "Of the texts that were held back.", ("label", "texts", "precision", "recall"), rows)]
    return tables + ([PageTable("Taken for another", "", ("label", "taken for", "texts"), taken)] if taken else [])
