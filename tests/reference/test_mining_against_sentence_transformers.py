"""Our negatives against those of sentence-transformers' mine_hard_negatives, on real pairs and with the real MiniLM.

Where the two differ on purpose: texts that differ from a positive, from the query or from another candidate in spelling
alone are no candidates here; a query whose positives are fewer than another query's looks at no more candidates for
it; and a cross-encoder is asked here even where nothing bounds its scores.
"""

from pathlib import Path

import numpy as np
import pytest
from datasets import Dataset
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.util import mine_hard_negatives
from transformers import BertConfig, BertForSequenceClassification

from tests.tiny import tiny_tokenizer
from textcl.encoder.locate import find_folder
from textcl.encoder.opening import open_encoder
from textcl.files.corpora import Pair
from textcl.files.rows import file_rows
from textcl.mining.collection import Collection
from textcl.mining.miner import mine
from textcl.mining.rescoring import cross_encoder
from textcl.mining.selection import Bounds, MiningRequest
from textcl.text.folding import folded_number
from textcl.types.batches import FloatArray
from textcl.types.text import Role

ROWS = 200


@pytest.fixture(scope="module")
def pairs(shared_data: Path) -> list[tuple[str, str]]:
    """Pairs whose texts all differ in more than spelling, where both sides mean the same by a candidate."""
    kept, seen = [], set()
    for row in file_rows(shared_data / "pairs" / "quora-dev.jsonl"):
        anchor, positive = row.text("anchor"), row.text("positive")
        folds = {folded_number(anchor), folded_number(positive)}
        if len(folds) == 2 and not folds & seen:
            seen |= folds
            kept.append((anchor, positive))
    return kept[:ROWS] + [(kept[row][0], kept[row + 1][1]) for row in range(0, ROWS, 2)]  # two positives for half


@pytest.fixture(scope="module")
def vectors(minilm: str, pairs: list[tuple[str, str]]) -> tuple[Collection, FloatArray, FloatArray]:
    collection, encoder = Collection(Pair(*pair) for pair in pairs), open_encoder(minilm, device="cpu")
    return (
        collection,
        encoder.encode(collection.queries, role=Role.ANCHOR),
        encoder.encode(collection.candidates, role=Role.POSITIVE),
    )


@pytest.fixture(scope="module")
def peer(minilm: str) -> SentenceTransformer:
    return SentenceTransformer(str(find_folder(minilm)), device="cpu")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Where the peer keeps its vectors, for they are the same at all settings."""
    return {"cache_folder": str(tmp_path_factory.mktemp("vectors"))}


def theirs(
    peer: SentenceTransformer, pairs: list[tuple[str, str]], wanted: MiningRequest, **more: object
) -> dict[str, set[str]]:
    table = Dataset.from_dict({"anchor": [a for a, _ in pairs], "positive": [p for _, p in pairs]})
    bounds = {
        name: getattr(wanted.bounds, name) for name in ("max_score", "min_score", "absolute_margin", "relative_margin")
    }
    mined = mine_hard_negatives(
        table, peer, num_negatives=wanted.negatives, range_min=wanted.first, range_max=wanted.last,
        sampling_strategy="top", output_format="triplet", batch_size=64, verbose=False, **bounds, **more,
    )  # fmt: skip
    found: dict[str, set[str]] = {}
    for anchor, negative in zip(mined["anchor"], mined["negative"], strict=True):
        found.setdefault(anchor, set()).add(negative)
    return found


def ours(
    vectors: tuple[Collection, FloatArray, FloatArray], wanted: MiningRequest, **more: object
) -> dict[str, set[str]]:
    collection, queries, candidates = vectors
    mined = mine(collection, queries, candidates, wanted, factory="exact", **more)
    named = zip(collection.queries, mined.negatives.ids.tolist(), strict=True)
    found = {query: {collection.candidates[number] for number in row if number >= 0} for query, row in named}
    return {query: texts for query, texts in found.items() if texts}


@pytest.mark.parametrize(
    "wanted",
    [
        MiningRequest(5, 0, 20),
        MiningRequest(5, 10, 100),
        MiningRequest(3, 0, 100, Bounds(relative_margin=0.05)),
        MiningRequest(3, 0, 100, Bounds(absolute_margin=0.2)),
        MiningRequest(5, 2, 100, Bounds(max_score=0.5, min_score=0.2)),
        MiningRequest(5, 0, 400, Bounds(relative_margin=0.6)),
    ],
)
def test_the_same_negatives_at_equal_settings(peer, pairs, vectors, cache, wanted: MiningRequest) -> None:
    expected, found = theirs(peer, pairs, wanted, **cache), ours(vectors, wanted)
    assert _differing(found, expected) <= 0.01


def _differing(found: dict[str, set[str]], expected: dict[str, set[str]]) -> float:
    """Share of queries whose negatives differ. One in a hundred may: two scores can be equal but for rounding."""
    queries = found.keys() | expected.keys()
    return sum(found.get(query) != expected.get(query) for query in queries) / len(queries)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny cross-encoder with random weights."""
    folder, tokenizer = tmp_path_factory.mktemp("reader"), tiny_tokenizer()
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=128, num_labels=1, initializer_range=0.5,
    )  # fmt: skip
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def test_the_same_negatives_after_a_cross_encoder(peer, pairs, vectors, reader: str) -> None:
    wanted = MiningRequest(3, 0, 20, Bounds(max_score=0.9))
    few = pairs[:60]
    collection = Collection(Pair(*pair) for pair in few)
    locations = {text: position for position, text in enumerate(vectors[0].candidates)}
    kept = (collection, vectors[1][:60], vectors[2][[locations[text] for text in collection.candidates]])
    expected = theirs(peer, few, wanted, cross_encoder=CrossEncoder(reader, device="cpu"))
    found = ours(kept, wanted, rescore=cross_encoder(reader))
    assert _differing(found, expected) <= 0.05  # of sixty queries


def test_control_another_model_finds_other_negatives(peer, pairs, vectors, cache) -> None:
    collection, queries, candidates = vectors
    shuffled = np.random.default_rng(0).permutation(candidates)
    wanted = MiningRequest(5, 0, 20)
    expected, found = theirs(peer, pairs, wanted, **cache), ours((collection, queries, shuffled), wanted)
    assert _differing(found, expected) > 0.9
