"""`textcl classify`: learn a classifier from labelled texts, or label texts with one."""

from pathlib import Path
from typing import Annotated, Any

import typer

from textcl.cli.options import Force, Precision


def classify(
    first: Annotated[
        Path, typer.Argument(metavar="DATA|CLASSIFIER", help="Labelled texts to learn from, or a classifier's folder.")
    ],
    texts: Annotated[
        Path | None, typer.Argument(metavar="[INPUT]", help="Texts to label, a file of any kind; after a classifier.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR|FILE", help="The classifier's folder to write, or the JSONL file of labels."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="The model whose vectors the classifier reads; it is kept.")
    ] = None,
    test: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Labelled texts to score on. Default: a fifth of DATA.")
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Score another model on the same texts, such as the one before training."),
    ] = None,
    text_column: Annotated[str, typer.Option(metavar="NAME", help="The column of texts.")] = "text",
    label_column: Annotated[str, typer.Option(metavar="NAME", help="The column of labels.")] = "label",
    precision: Precision = "auto",
    force: Force = False,
) -> None:
    """Learn a classifier from labelled texts, or label texts with one.

    textcl classify train.csv --model runs/mine --out topics learns one, a linear probe, and scores it on texts that it
    has not seen; topics/report.html has the curve of how much labels help. textcl classify topics new.txt --out
    labels.jsonl then labels texts, each with the probability of every label.
    """
    from textcl.errors import DataError
    from textcl.workflows.classifier import FILE

    if out is None:
        raise DataError("--out is missing: the classifier's folder, or the file of labels.")
    if texts is not None:
        if model or test or against:
            raise DataError("A classifier has its model: --model, --test and --against belong to learning one.")
        _label(first, texts, out, None if text_column == "text" else text_column, precision, force)
    elif (first / FILE).is_file():
        raise DataError(f"{first} is a classifier: name the texts to label after it.")
    elif model is None:
        raise DataError("--model is missing: the model whose vectors the classifier reads, such as runs/mine.")
    else:
        columns = {"text_column": text_column, "label_column": label_column}
        _learn(first, model, out, against, {"test": test, "precision": precision, **columns})


def _label(folder: Path, texts: Path, out: Path, column: str | None, precision: str, force: bool) -> None:
    import sys

    from textcl.errors import DataError
    from textcl.report.progress import show_progress
    from textcl.workflows.classifier import FILE, Classifier, classify_file

    if not (folder / FILE).is_file():
        raise DataError(f"{folder} is no classifier. Learn one: textcl classify DATA --model MODEL --out DIR.")
    with show_progress(sys.stderr, keeps=False) as progress:
        classifier = Classifier(folder, precision=precision)
        counts = classify_file(classifier, texts, out, column=column, force=force, progress=progress)
    print(f"{out}: {counts.total():,} texts")
    for label, count in counts.most_common():
        print(f"  {label}: {count:,}")


def _learn(data: Path, model: str, out: Path, against: str | None, settings: dict[str, Any]) -> None:
    import sys

    from textcl.cli.screen import results
    from textcl.report.progress import show_progress
    from textcl.report.tables import scores_table
    from textcl.workflows.classify import PAGE
    from textcl.workflows.classify import classify as learn

    with show_progress(sys.stderr, keeps=False) as progress:
        found = learn(data, model, out, against=against, progress=progress, **settings)
    results().print(scores_table({data.stem: found.scores}))
    if found.differences:
        change = found.differences["accuracy"]
        print(f"Against {against}: accuracy {100 * change.value:+.2f} ({change.verdict}).")
    print(f"{out}: the classifier and its page, {PAGE}")
