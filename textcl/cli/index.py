"""`textcl index`: a corpus becomes a folder to search in."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import CorpusIdColumn, CorpusPath, CorpusTextColumn, ModelName, Precision


def index(
    model: ModelName,
    corpus: CorpusPath,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder to write the index to.")],
    factory: Annotated[
        str,
        typer.Option(help="exact, or a FAISS factory string such as HNSW32, SQ8, IVF1024,PQ48,RFlat or BFlat,RFlat."),
    ] = "exact",
    train_rows: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many vectors, a random sample, train the index. Default: as many as its kind can use.",
        ),
    ] = None,
    text_column: CorpusTextColumn = None,
    id_column: CorpusIdColumn = None,
    chunk: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="TOKENS",
            help="Cut longer documents into passages of at most so many tokens, at ends of sentences where there are "
            "some. The best passage stands for its document.",
        ),
    ] = None,
    overlap: Annotated[
        int | None,
        typer.Option(min=0, metavar="TOKENS", help="The most tokens that a passage repeats of the one before."),
    ] = None,
    repeat_title: Annotated[
        bool, typer.Option("--repeat-title", help="Put a document's title before each of its passages.")
    ] = False,
    late_chunking: Annotated[
        bool,
        typer.Option("--late-chunking", help="Embed passages as parts of their document: one pass over all of it."),
    ] = False,
    precision: Precision = "auto",
) -> None:
    """Embed a corpus and index it for search.

    The corpus may have any size. Stopped at any time, the same command goes on where it was.
    """
    import sys

    from textcl.cli.launching import refuse_launch_settings, start_missing_processes
    from textcl.embedding.chunking import Chunking
    from textcl.files.corpora import Corpus
    from textcl.report.progress import show_progress
    from textcl.workflows.index import index_corpus

    if chunk is None and (overlap is not None or repeat_title or late_chunking):
        raise typer.BadParameter("--overlap, --repeat-title and --late-chunking are of passages; give --chunk too.")
    chunking = None if chunk is None else Chunking(chunk, overlap or 0, repeat_title, late_chunking)
    start_missing_processes()
    refuse_launch_settings(precision, "--precision")
    try:
        with show_progress(sys.stderr, keeps=False) as progress:
            done = index_corpus(
                model, Corpus(corpus, text_column, id_column, "--text-column"), out,
                factory=factory, train_rows=train_rows, chunking=chunking, precision=precision, progress=progress,
            )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo("Interrupted. The same command goes on from here.", err=True)
        raise typer.Exit(130) from None
    if done is not None:
        about = done.about
        empty = f", {about.empty:,} of them empty" if about.empty else ""
        learned = f", learned from {about.train_rows:,}" if about.train_rows else ""
        print("Finished before; nothing was left to do." if done.was_finished else "Finished.")
        cut = f" in {about.passages:,} passages" if about.passages else ""
        print(f"{out}: {about.count:,} texts{cut}{empty}; {about.dimension} numbers each; {about.factory}{learned}")
