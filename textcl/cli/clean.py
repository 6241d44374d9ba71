"""`textcl clean`: a file without the rows that teach nothing, or something wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textcl.cli.options import A_FILE, Force, Precision

if TYPE_CHECKING:
    from textcl.cleaning.cleaner import Cleaned


def clean(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help=A_FILE)],
    out: Annotated[
        Path,
        typer.Option(
            metavar="FILE", help="The file to write: the rows to keep, unchanged; of Parquet and Arrow as JSONL."
        ),
    ],
    dropped: Annotated[
        Path | None,
        typer.Option(metavar="FILE.jsonl", help="A file for the dropped rows, with line number and reason."),
    ] = None,
    text_column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A column that holds texts; may be repeated. Default: columns with usual names."
        ),
    ] = None,
    near: Annotated[
        float,
        typer.Option(
            help="Near duplicates share at least this fraction of their 5-letter sequences; 1: only exact ones."
        ),
    ] = 0.8,
    max_words: Annotated[int, typer.Option(help="The most words a text may have.")] = 1000,
    min_words: Annotated[int, typer.Option(help="The fewest words a text may have.")] = 1,
    language: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Drop texts that seem to be in another language than this: en, de, fr, …"),
    ] = None,
    allow_identical: Annotated[
        bool, typer.Option("--allow-identical", help="Keep rows in which two texts are the same.")
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            help="An encoder that compares the first two columns: a run folder, pkg://package/folder, or a Hub id."
        ),
    ] = None,
    min_cosine: Annotated[float | None, typer.Option(help="The lowest cosine of a pair, with --model.")] = None,
    max_cosine: Annotated[float | None, typer.Option(help="The highest cosine of a pair, with --model.")] = None,
    precision: Precision = "auto",
    force: Force = False,
) -> None:
    """Drop bad rows from a file of texts or pairs.

    Dropped are empty, over-long and duplicate rows, other languages, and pairs whose sides are the same or do not
    belong together. Of duplicates the first row is kept. INPUT is never changed.
    """
    import sys

    from textcl.cleaning.cleaner import Cleaning
    from textcl.cleaning.cleaner import clean as clean_file
    from textcl.cleaning.rules import Rules, Similarity
    from textcl.report.progress import show_progress

    if (model is None) != (min_cosine is None and max_cosine is None):
        raise typer.BadParameter("--model needs --min-cosine or --max-cosine, and these need --model")
    try:
        rules = Rules(max_words, min_words, language, not allow_identical)
        request = Cleaning(rules, near, text_column or ())
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if model is not None:
        from dataclasses import replace

        from textcl.encoder.opening import open_encoder

        encoder = open_encoder(model, precision=precision)
        similarity = Similarity(lambda texts, role: encoder.encode(texts, role=role), min_cosine, max_cosine)
        request = replace(request, similarity=similarity)
    with show_progress(sys.stderr, keeps=False) as progress:
        found = clean_file(source, out, dropped, request, force=force, progress=progress)
    _show(found, out, dropped)


def _show(found: Cleaned, out: Path, dropped: Path | None) -> None:
    from rich.table import Table

    from textcl.cli.screen import results

    total = found.kept + sum(found.dropped.values())
    table = Table("rows", "count", "share")
    for name, count in [("kept", found.kept), *found.dropped.items()]:
        table.add_row(name, f"{count:,}", f"{count / max(1, total):.1%}")
        if name == "kept":
            table.add_section()
    for column in table.columns[1:]:
        column.justify = "right"
    results().print(table)
    print(f"{total:,} rows read, texts in {', '.join(found.columns)}.")
    print(f"{out}: {found.kept:,} rows" + ("" if dropped is None else f"; {dropped}: {total - found.kept:,} rows"))
