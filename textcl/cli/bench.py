"""`textcl bench`: what it costs to search a corpus, by several indexes."""

from pathlib import Path
from typing import Annotated

import typer

from textcl.cli.options import CorpusIdColumn, CorpusPath, CorpusTextColumn, ModelName, Precision


def bench(
    model: ModelName,
    corpus: CorpusPath,
    out: Annotated[Path, typer.Option(metavar="DIR", help="A folder for the vectors, bench.json and bench.svg.")],
    factory: Annotated[
        list[str] | None,
        typer.Option(help="An index as a FAISS factory string; may be repeated. Default: one of each kind."),
    ] = None,
    dimension: Annotated[
        list[int] | None,
        typer.Option(metavar="N", help="Also measure exact search on the first N dimensions; may be repeated."),
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The queries: a text file, one a line, or BEIR's queries.jsonl. Default: texts of the corpus.",
        ),
    ] = None,
    qrels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="The relevance judgements of the queries (BEIR's qrels), to measure nDCG@10 as well."
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="The number of texts to find, for recall@k.")] = 10,
    queries_per_call: Annotated[
        int, typer.Option(min=2, help="The number of queries in one call, where several are searched at once.")
    ] = 256,
    text_column: CorpusTextColumn = None,
    id_column: CorpusIdColumn = None,
    precision: Precision = "auto",
) -> None:
    """Measure kinds of index on a corpus: speed, memory and recall.

    For each kind: build time, size on disk, memory, queries a second, and recall against exact search. The effort of
    a search (nprobe, efSearch, k_factor) rises until more of it finds no more.
    """
    import sys

    from textcl.cli.screen import check_results, results
    from textcl.files.corpora import Corpus
    from textcl.report.progress import show_progress
    from textcl.report.search_tables import build_table, points_table, write_measured, write_tradeoff
    from textcl.workflows.bench import BenchRequest, bench_search

    request = BenchRequest(tuple(factory or ()), tuple(dimension or ()), queries, qrels, k, queries_per_call)
    source = Corpus(corpus, text_column, id_column, "--text-column")
    check_results(out / "bench.json", out / "bench.svg")
    with show_progress(sys.stderr, keeps=False) as progress:
        found = bench_search(model, source, out, request, precision, progress)
    about = {"model": model, "corpus": corpus.name, "texts": found.texts, "queries": found.queries, "k": k}
    write_measured(out / "bench.json", found.indexes, about)
    write_tradeoff(out / "bench.svg", found.indexes, k)
    screen = results()
    screen.print(f"{found.texts:,} texts, {found.queries:,} queries, {found.dimension} numbers a vector")
    screen.print(build_table(found.indexes), points_table(found.indexes, k))
    print(f"* no other is better in both recall and speed. Written: {out / 'bench.json'}, {out / 'bench.svg'}")
