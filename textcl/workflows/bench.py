"""What it costs to search a corpus with a model: embedded once, then searched by one index after the other."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from textcl.benchmark.measure import Candidate, Setup, measure, with_nearest
from textcl.benchmark.points import Measured
from textcl.encoder.opening import open_encoder
from textcl.errors import DataError, SearchError
from textcl.files.beir import judgement_rows, judgements, queries, refuse_strangers, two_spellings
from textcl.files.corpora import Corpus, read_corpus
from textcl.files.rows import file_rows
from textcl.files.values import checked_text
from textcl.indexes.build import build_index, refuse_too_few
from textcl.indexes.documents import DocumentStore
from textcl.types.batches import FloatArray, IntArray
from textcl.types.text import Role
from textcl.util.progress import SILENT, Progress
from textcl.workflows.index import index_corpus
from textcl.workflows.index_folder import IndexFolder

_SAMPLED = 1000  # texts of the corpus that are the queries where none are given
_LARGEST_CELLS, _ROWS_PER_CELL = 4096, 39  # of the cells that are tried by default
_SEED = 17


@dataclass(frozen=True, slots=True)
class BenchRequest:
    """What is measured, and on what."""

    factories: tuple[str, ...] = ()  # none: a choice that suits the size
    dimensions: tuple[int, ...] = ()  # exact search on so many of the first numbers of each vector
    queries: Path | None = None  # none: texts of the corpus, which must then find others than themselves
    qrels: Path | None = None
    k: int = 10
    queries_per_call: int = 256


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What was measured."""

    texts: int
    queries: int
    dimension: int
    indexes: tuple[Measured, ...]


def bench_search(
    model: str, corpus: Corpus, out: Path, request: BenchRequest, precision: str, progress: Progress = SILENT
) -> Benchmark:
    """Embed a corpus, and measure each index on its vectors.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id.
        corpus: Where the texts are.
        out: A folder; the vectors stay in it as an exact index, so a second benchmark of the corpus embeds nothing.
        asked: What is measured.
        precision: float32, bf16 or auto.
        progress: Gets the progress.

    Raises:
        TextclError: Something that the user can mend.
    """
    if request.qrels is not None and request.queries is None:
        raise SearchError("--qrels judges queries: name their file with --queries.")
    folder = IndexFolder(out / "exact")
    chosen = partial(_candidates, request)
    indexed = index_corpus(
        model,
        corpus,
        folder.path,
        factory="exact",
        train_rows=None,
        precision=precision,
        progress=progress,
        check=chosen,
    )
    assert indexed is not None, "the only rank builds the index"
    rows, dimension = indexed.about.count, indexed.about.dimension
    candidates = chosen(rows, dimension)
    setup = with_nearest(_setup(model, folder, request, precision, rows))
    measured = []
    for candidate in candidates:
        progress.phase(f"Measuring {candidate.name}")
        measured.append(measure(candidate, setup, _SEED))
    return Benchmark(rows, len(setup.queries), dimension, tuple(measured))


def default_factories(rows: int, dimension: int) -> tuple[str, ...]:
    """Return indexes of every kind that so many vectors are enough for: all of FAISS's, and FAISS's own exact one."""
    cells = min(_LARGEST_CELLS, rows // _ROWS_PER_CELL, round(4 * math.sqrt(rows)))
    power = 2 ** max(0, int(math.log2(max(1, cells))))
    codes = dimension // 8 if dimension % 8 == 0 else None
    kinds = ["Flat", "SQ8", "HNSW32", "BFlat,RFlat"]
    if power >= 4:
        kinds += [f"IVF{power},Flat"]
    if power >= 4 and codes and rows >= 256 * _ROWS_PER_CELL:
        kinds += [f"IVF{power},PQ{codes}", f"IVF{power},PQ{codes},RFlat"]
    return tuple(kinds)


def _candidates(request: BenchRequest, rows: int, dimension: int) -> list[Candidate]:
    """Return exact search and all that is asked for; refuse what cannot be built."""
    if rows < 2 and request.queries is None:
        raise SearchError("The corpus holds one text, which has no neighbour. Give it two at least, or name --queries.")
    factories = request.factories or default_factories(rows, dimension)
    for factory in factories:
        refuse_too_few(build_index(factory, dimension), rows)
    for width in request.dimensions:
        if not 0 < width < dimension:
            raise SearchError(f"--dimension {width}: the vectors have {dimension} numbers; name fewer, at least one.")
    cut = request.dimensions or (() if request.factories else (dimension // 2, dimension // 4))
    others = [Candidate(factory) for factory in dict.fromkeys(factories) if factory != "exact"]
    return [Candidate("exact"), *others, *(Candidate("exact", width) for width in cut)]


def _setup(model: str, folder: IndexFolder, request: BenchRequest, precision: str, rows: int) -> Setup:
    vectors = (folder.index / "vectors.npy").absolute()  # read by processes that begin elsewhere
    encoder = open_encoder(model, precision=precision)

    def embedded(texts: Sequence[str]) -> FloatArray:
        return encoder.encode(texts, role=Role.ANCHOR)

    with DocumentStore(folder.documents) as store:
        if request.queries is None:
            own = _sampled(rows)
            own_texts = [text for _, text in store.at(own.tolist())]
            return Setup(vectors, embedded(own_texts), own, request.k, request.queries_per_call)
        texts = _queries(request.queries)
        judged = {} if request.qrels is None else _judged(request.qrels, list(texts), store)
        none = np.full(len(texts), -1, dtype=np.int64)
        setup = Setup(vectors, embedded(list(texts.values())), none, request.k, request.queries_per_call)
        return replace(setup, judged=judged)


def _sampled(rows: int) -> IntArray:
    chosen: IntArray = np.random.default_rng(_SEED).choice(rows, min(rows, _SAMPLED), replace=False)
    return np.sort(chosen)


def _queries(path: Path) -> dict[str, str]:
    """Read queries, id to text: JSONL in BEIR's layout, or a text file, whose ids are line numbers."""
    if ".jsonl" in path.suffixes:
        return {
            query: checked_text(text, f"{path}, query '{query}'") for query, text in queries(file_rows(path)).items()
        }
    return {line.id: line.text for line in read_corpus(path)}


def _judged(qrels: Path, request: Sequence[str], store: DocumentStore) -> Mapping[int, Mapping[int, int]]:
    """Return the judgements by positions of queries and rows of documents; a document that is missing keeps a number.

    Such a document cannot be found, and still belongs to what should have been.
    """
    grades = judgements(judgement_rows(qrels))
    known = set(request)
    unknown = [query for query in grades if query not in known]
    if unknown:
        raise DataError(
            f"{qrels}: query '{unknown[0]}' is judged but is not among the {len(request)} queries. "
            f"{two_spellings(unknown[0], 'The judgements', request, 'the file of queries')}"
        )
    ids = list(dict.fromkeys(document for each in grades.values() for document in each))
    rows = dict(zip(ids, store.rows(ids), strict=True))
    there = [store.at([0])[0][0], *(document for document in ids if rows[document] is not None)]
    refuse_strangers(grades, dict.fromkeys(there), str(qrels))
    judged: dict[int, dict[int, int]] = {}
    for position, query in enumerate(request):
        if any(grade > 0 for grade in grades.get(query, {}).values()):
            found = ((rows[document], grade) for document, grade in grades[query].items())
            judged[position] = {
                -1 - location if row is None else row: grade for location, (row, grade) in enumerate(found)
            }
    return judged
