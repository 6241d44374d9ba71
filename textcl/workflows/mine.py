"""Hard negatives for a file of pairs: read, embed to disk, mine, write."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from textcl.distributed import Ranks
from textcl.embedding.embed import Embedding, model_embed
from textcl.encoder.opening import open_encoder
from textcl.errors import DataError
from textcl.files.corpora import PairFile
from textcl.mining.collection import Collection
from textcl.mining.miner import AUTO, Mined, check_range, mine, usual_factory
from textcl.mining.rescoring import cross_encoder
from textcl.mining.selection import ExclusionReason, Wanted
from textcl.types.batches import Embed, FloatArray
from textcl.types.text import Role
from textcl.util.atomic import new_file, passing_folder, refuse_place
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


def mine_file(
    model: str,
    source: PairFile,
    out: Path,
    wanted: Wanted,
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
        model: A run folder, a model folder, `pkg://…` or a Hub id; queries are embedded as anchors, candidates as
            positives.
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
    refuse_place(out, force=force, read=[source.path] if corpus is None else [source.path, corpus])
    progress.phase("Reading")
    texts = Collection(source.pairs(), source.corpus(corpus))
    if not len(texts.pairs):
        raise DataError(f"{source.path} holds no pair.")
    check_range(len(texts.candidates), wanted)
    chosen = usual_factory(len(texts.queries), len(texts.candidates)) if factory == AUTO else factory
    with passing_folder(out) as folder:
        rescore = None if rescorer is None else cross_encoder(rescorer)
        embed = _embed(model, how, progress)
        progress.phase("Embedding the queries", len(texts.queries))
        queries = _on_disk(texts.queries, Role.ANCHOR, embed, folder / "queries.f32")
        progress.phase("Embedding the candidates", len(texts.candidates))
        candidates = _on_disk(texts.candidates, Role.POSITIVE, embed, folder / "candidates.f32")
        progress.phase("Mining" if rescore is None else "Mining and rescoring", len(texts.queries))
        mined = mine(
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
    if source.is_dir() and out.exists() and out.resolve().is_relative_to(source.resolve()):
        raise DataError(f"{out} is a file of the folder that is read; name another file with --out.")


def _embed(model: str, how: Embedding, progress: Progress) -> Embed:
    """Open the model; with a cache each text is looked up first."""
    encoder = open_encoder(model, precision=how.precision)
    if how.cache is not None:
        return model_embed(model, how, Ranks(device=encoder.device), progress)

    def embed(texts: Sequence[str], role: Role) -> FloatArray:
        return encoder.encode(texts, role=role, progress=progress.advance, deterministic=how.deterministic)

    return embed


def _on_disk(texts: Sequence[str], role: Role, embed: Embed, file: Path) -> FloatArray:
    """Embed texts block by block into a file, (N, D)."""
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
