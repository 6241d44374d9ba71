"""`textcl search`: the nearest texts of an index to a query."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from textcl.cli.options import A_FILE, Precision
from textcl.errors import DataError

if TYPE_CHECKING:
    from textcl.workflows.search import Searcher, SearchHit

_AT_ONCE = 256  # queries of a file
_SNIPPET = 200  # characters that are shown of a text


def search(
    index: Annotated[Path, typer.Argument(metavar="INDEX", help="A folder that `textcl index` wrote.")],
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="The query. Without it and --queries, you are asked for queries."),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="The number of texts to find.")] = 10,
    queries: Annotated[
        Path | None, typer.Option(metavar="FILE", help=f"Search for each text of a file. {A_FILE}")
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="With --queries: the column of texts; text without it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a query, with whole texts.")] = False,
    model: Annotated[str | None, typer.Option(help="The model, if it has moved since the index was made.")] = None,
    nprobe: Annotated[
        int | None,
        typer.Option(help="IVF indexes: cells to search. Default: twice the square root of their number, at least 8."),
    ] = None,
    ef_search: Annotated[
        int | None, typer.Option(help="HNSW indexes: the candidates kept during the search. Default: 64.")
    ] = None,
    k_factor: Annotated[
        int | None, typer.Option(help="Refined indexes: candidates for each text to find. Default: 8.")
    ] = None,
    precision: Precision = "auto",
) -> None:
    """Search an index for the texts nearest to a query.

    Takes one query, a file of queries, or what you type.
    """
    from textcl.workflows.search import Searcher

    if query is not None and queries is not None:
        raise typer.BadParameter("give a query or --queries, not both")
    given = {"nprobe": nprobe, "efSearch": ef_search, "k_factor": k_factor}
    settings = {name: value for name, value in given.items() if value is not None}
    searcher = Searcher(index, model=model, precision=precision, settings=settings)
    if query is not None:
        _show(searcher, [query], k, as_json)
    elif queries is not None:
        from textcl.files.corpora import Corpus

        given_queries = Corpus(queries, text_column, option="--text-column").documents()
        _show(searcher, (request.text for request in given_queries), k, as_json)
    else:
        _show(searcher, _typed(), k, as_json, at_once=1)


def _typed() -> Iterator[str]:
    """Yield what is typed until an empty line, the end of the input, or Ctrl-C."""
    while True:
        typer.echo("> ", nl=False, err=True)
        try:
            query = input().strip()
        except (EOFError, KeyboardInterrupt):
            typer.echo(err=True)
            return
        except UnicodeDecodeError as error:
            raise DataError(
                f"The query is not UTF-8 ({error.reason}). Set the terminal or the file to UTF-8."
            ) from error
        if not query:
            return
        yield query


def _show(searcher: Searcher, queries: Iterable[str], k: int, as_json: bool, at_once: int = _AT_ONCE) -> None:
    left = iter(queries)
    while request := list(islice(left, at_once)):
        for query, found in zip(request, searcher.search(request, k), strict=True):
            _print(query, found, as_json)
    searcher.lost.warn()


def _print(query: str, found: list[SearchHit], as_json: bool) -> None:
    if as_json:
        hits = [{name: value for name, value in asdict(hit).items() if name != "passage" or value} for hit in found]
        print(json.dumps({"query": query, "hits": hits}, ensure_ascii=False), flush=True)
        return
    from rich.table import Table
    from rich.text import Text

    from textcl.cli.screen import results

    table = Table("rank", "score", "id", "text", title=Text(query), title_justify="left")
    for hit in found:
        snippet = " ".join((hit.passage or hit.text).split())
        short = snippet if len(snippet) <= _SNIPPET else f"{snippet[: _SNIPPET - 1]}…"
        table.add_row(str(hit.rank), f"{hit.score:.4f}", Text(hit.id), Text(short))
    results().print(table)
