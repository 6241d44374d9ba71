"""Two processes score a model as one does: same numbers, each text embedded once over both, and none waits for ever."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist

from tests.forks import on_ranks
from tests.noted import Noted
from tests.tiny import SENTENCES, WORDS, tiny_encoder
from tests.workflows.test_run_during import mark, mark_of
from textcl.distributed import Ranks, join_ranks
from textcl.embedding.embed import fresh_embed, shared_embed, through_store
from textcl.embedding.store import VectorStore
from textcl.errors import DataError, ElsewhereError
from textcl.evaluation.run import evaluate
from textcl.evaluation.significance import scores
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.types.text import Role
from textcl.workflows.run.during import take_best

COUNTS = (0, 1, 2, 3, 11)  # texts over two ranks: also none, one for rank 0 alone, and unequal shares
TEXTS = [" ".join(WORDS[number : number + number % 9 + 1]) for number in range(40)]
PAIRS = [GradedPair(TEXTS[number], TEXTS[39 - number], number % 7) for number in range(15)]
TASKS = [
    STS("sts", PAIRS),
    Retrieval.from_pairs("retrieval", [(TEXTS[number], TEXTS[number + 1]) for number in range(0, 30, 2)]),
    STS("again", PAIRS),
]


class Counting:
    """An encoder that notes the texts that it was given."""

    def __init__(self) -> None:
        self.encoder, self.texts = tiny_encoder(), list[str]()

    def encode(self, texts: Sequence[str], **options: Any) -> np.ndarray:
        self.texts += texts
        return self.encoder.encode(texts, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.encoder, name)


def score(ranks: Ranks, deterministic: bool) -> dict[str, Any]:
    """Scores of all tasks, the texts that this rank embedded, and the progress that it reported."""
    encoder, noted = Counting(), Noted()
    embed = fresh_embed(
        encoder,  # type: ignore[arg-type]  # it is one for all that is asked of it here
        ranks,
        progress=noted,
        deterministic=deterministic,
    )
    found = {name: scores(sample) for name, sample in evaluate(TASKS, embed).items()}
    values = {f"{task}/{metric}": value.value for task, metrics in found.items() for metric, value in metrics.items()}
    return {"scores": values, "texts": encoder.texts, "told": sum(noted.advanced), "missing": noted.expected}


def outcome(ranks: Ranks, folder: Path) -> dict[str, Any]:
    encoder = tiny_encoder()
    embed = shared_embed(encoder, ranks)
    store = VectorStore(encoder.dimension, folder) if ranks.is_main else None
    return {
        "vectors": [embed(TEXTS[:count], Role.ANCHOR) for count in COUNTS],
        "near": score(ranks, deterministic=False),
        "exact": score(ranks, deterministic=True),
        "stored": [through_store(embed, encoder, ranks, store)(SENTENCES, Role.ANCHOR) for _ in range(2)],
        "best": best_of(ranks, folder),
        "errors": [type(error_of(ranks, failing)).__name__ for failing in ({0}, {1}, {0, 1}, set())],
    }


def best_of(ranks: Ranks, folder: Path) -> float:
    """Take the best model at the end of a run, whose ranks have drifted apart; only the first may read the folder."""
    encoder = tiny_encoder()
    if ranks.is_main:
        mark(encoder, 4)
        encoder.save(folder / "best/model")
        (folder / "best/best.json").write_text(json.dumps({"step": 4, "score": 1.0, "by": "toy/spearman"}))
    mark(encoder, 10 + ranks.rank)
    take_best(encoder, folder if ranks.is_main else folder / "not here", "toy/spearman", ranks)
    return mark_of(encoder)


def error_of(ranks: Ranks, failing: set[int]) -> Exception | None:
    """What a rank meets when encoding fails on some."""

    class Failing(Counting):
        def encode(self, texts: Sequence[str], **options: Any) -> np.ndarray:
            if ranks.rank in failing:
                raise DataError("out of memory, say")
            return super().encode(texts, **options)

    try:
        shared_embed(Failing(), ranks)(SENTENCES, Role.ANCHOR)  # type: ignore[arg-type]  # as above
    except (DataError, ElsewhereError) as error:
        return error
    return None


def _process(rank: int, folder: Path) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2")
    dist.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2)
    torch.save(outcome(join_ranks(), folder), folder / f"rank-{rank}.pt")
    dist.destroy_process_group()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes saw."""
    folder = tmp_path_factory.mktemp("evaluation")
    on_ranks(_process, folder)
    return [torch.load(folder / f"rank-{rank}.pt", weights_only=False) for rank in range(2)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one process sees."""
    return outcome(Ranks(), tmp_path_factory.mktemp("alone"))


def test_every_rank_gets_all_vectors_in_their_order_be_there_fewer_texts_than_ranks(
    two: list[dict[str, Any]], alone: dict[str, Any]
) -> None:
    for rank in two:
        for found, wanted in zip(rank["vectors"], alone["vectors"], strict=True):
            np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_two_ranks_give_the_scores_of_one(two: list[dict[str, Any]], alone: dict[str, Any]) -> None:
    for rank in two:
        assert rank["near"]["scores"] == pytest.approx(alone["near"]["scores"], abs=1e-6)


def test_deterministic_scores_of_two_ranks_are_those_of_one_to_the_last_bit(
    two: list[dict[str, Any]], alone: dict[str, Any]
) -> None:
    for rank in two:
        assert rank["exact"]["scores"] == alone["exact"]["scores"]


def test_a_text_is_embedded_once_over_all_ranks_tasks_and_roles(
    two: list[dict[str, Any]], alone: dict[str, Any]
) -> None:
    embedded = [text for rank in two for text in rank["near"]["texts"]]
    assert len(embedded) == len(set(embedded))
    assert sorted(embedded) == sorted(alone["near"]["texts"])
    shares = [len(rank["near"]["texts"]) for rank in two]
    assert abs(shares[0] - shares[1]) <= 3  # one at most for each time that texts were shared out


def test_rank_0_is_told_of_the_texts_of_all(two: list[dict[str, Any]], alone: dict[str, Any]) -> None:
    for seen in (two[0]["near"], alone["near"]):
        assert seen["told"] == sum(seen["missing"]) == len(alone["near"]["texts"])
        assert seen["missing"][-1] == 0  # the third task has the texts of the first


def test_the_store_of_rank_0_serves_all(two: list[dict[str, Any]]) -> None:
    for rank in two:
        first, second = rank["stored"]
        np.testing.assert_array_equal(first, second)


def test_where_one_rank_fails_all_stop_and_the_lowest_says_why(two: list[dict[str, Any]]) -> None:
    assert two[0]["errors"] == ["DataError", "ElsewhereError", "DataError", "NoneType"]
    assert two[1]["errors"] == ["ElsewhereError", "DataError", "ElsewhereError", "NoneType"]


def test_all_ranks_end_with_the_best_model_that_the_first_reads(two: list[dict[str, Any]]) -> None:
    assert [rank["best"] for rank in two] == [4, 4]
