"""`textcl augment questions`: pairs for documents that have no questions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textcl.cli.options import A_FILE, Force, Precision

if TYPE_CHECKING:
    from textcl.workflows.question_engines import QuestionEngine
    from textcl.workflows.questions import QuestionPairs, QuestionRequest, RoundTripSearch

_JUDGE = "sentence-transformers/all-MiniLM-L6-v2"
_NO_JUDGE = "none"


def questions(
    documents: Annotated[
        Path,
        typer.Argument(metavar="INPUT", help=f"{A_FILE} Or a BEIR folder, or a folder of .md and .txt files."),
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE.jsonl", help="The file to write: a question and its document a line.")
    ],
    engine: Annotated[
        str,
        typer.Option(
            help="What makes the questions: titles, seq2seq:MODEL (a Hub id or folder), or openai:URL (an endpoint of "
            "chat completions, as openai:http://127.0.0.1:8000/v1; its key is read from OPENAI_API_KEY)."
        ),
    ] = "titles",
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="openai: what the endpoint calls the model.")
    ] = None,
    per_document: Annotated[
        int | None, typer.Option(min=1, max=100, help="seq2seq, openai: questions of a document. Default: 3.")
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0, max=10, help="seq2seq, openai: the sampling temperature; 0: the likeliest words. Default: 1."
        ),
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="seq2seq, openai: sample from the likeliest words whose probabilities add up to this. Default: 0.95.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The seed of the sampling.")] = 17,
    prompt: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="openai: what is sent, with {document} and perhaps {number} in it."),
    ] = None,
    requests: Annotated[
        int | None, typer.Option(min=1, max=256, help="openai: requests that are under way at once. Default: 8.")
    ] = None,
    judge: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="An encoder; a question is kept only if it finds its document among the first by it. Default: "
            f"{_JUDGE}; none, for titles. none: all are kept.",
        ),
    ] = None,
    first: Annotated[
        int | None,
        typer.Option(min=1, metavar="K", help="With a judge: among how many a document must be. Default: 10."),
    ] = None,
    precision: Precision = "auto",
    device: Annotated[str | None, typer.Option(help="seq2seq: the device, cpu or cuda.")] = None,
    text_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of texts, of files with columns; text without it.")
    ] = None,
    title_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of titles; title without it, where there is one.")
    ] = None,
    id_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column of ids; _id or id without it, where there is one.")
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="The folder that keeps all answers, and vectors. Default: in your cache folder."
        ),
    ] = None,
    force: Force = False,
) -> None:
    """Make questions for documents that have none, to get pairs.

    Titles are questions, and need no model; their documents are then without them. A model writes others. A question is
    kept if it finds its document. Stopped at any time, the same command goes on where it was: every answer is kept, and
    filters come after it.
    """
    import sys

    from textcl.report.progress import show_progress
    from textcl.workflows.question_engines import QuestionEngine
    from textcl.workflows.questions import QuestionRequest, make_questions
    from textcl.workflows.titled_documents import TitledFile

    chosen = QuestionEngine(engine, model, per_document, temperature, top_p, prompt, requests, device)
    source = TitledFile(documents, text_column, title_column, id_column)
    request = QuestionRequest(source, out, chosen, _search(chosen, judge, first, precision), seed, cache, force)
    try:
        with show_progress(sys.stderr, keeps=False) as progress:
            pairs = make_questions(request, progress)
    except KeyboardInterrupt:
        typer.echo("Interrupted. The same command goes on from here.", err=True)
        raise typer.Exit(130) from None
    _show(request, pairs)


def _search(engine: QuestionEngine, judge: str | None, first: int | None, precision: str) -> RoundTripSearch | None:
    """Return the filter by search; generated questions have one unless it is declined."""
    from textcl.workflows.question_engines import TITLES
    from textcl.workflows.questions import FIRST, RoundTripSearch

    usual = _NO_JUDGE if engine.kind == TITLES else _JUDGE
    named = judge or usual
    if named == _NO_JUDGE:
        if first is not None:
            raise typer.BadParameter("--first needs a judge: name an encoder with --judge.")
        return None
    return RoundTripSearch(named, first or FIRST, precision)


def _show(request: QuestionRequest, pairs: QuestionPairs) -> None:
    from rich.table import Table

    from textcl.cli.screen import results
    from textcl.util.visible import one_line
    from textcl.workflows.question_engines import TITLES
    from textcl.workflows.questions import Refusal

    tally = pairs.tally
    for question, document in pairs.sample:
        print(f"{question}\n     {one_line(document)[:160]}\n")
    table = Table("questions", "count")
    table.columns[1].justify = "right"
    for reason in Refusal:
        if tally.questions[reason]:
            table.add_row(reason.value, f"{tally.questions[reason]:,}")
    table.add_section()
    kept, total = tally.questions[None], tally.questions.total()
    table.add_row("kept", f"{kept:,} ({kept / total:.0%})")
    results().print(table)
    left_out = [f"{count:,} {reason.value}" for reason, count in tally.unasked.most_common()]
    if left_out:
        print(f"Documents that are not asked about: {'; '.join(left_out)}.")
    kept_in = "" if request.engine.kind == TITLES else f" Answers are in {pairs.cache}"
    print(f"{tally.documents:,} documents in {pairs.seconds:,.1f} s.{kept_in}")
    print(
        f"{request.out}: {kept:,} questions of {tally.documents_kept:,} documents. {pairs.rejected}: the others, with "
        "the reason."
    )
