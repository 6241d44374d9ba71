"""Tasks of mteb: its figures, by its own code, on our function from texts to vectors."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from tests.evaluation.vectors import Table
from textcl.errors import DataError, ModelError
from textcl.evaluation.run import evaluate, texts_of
from textcl.evaluation.significance import scores
from textcl.evaluation.tasks.mteb import MTEBTask, mteb_task
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.types.text import Role

pytest.importorskip("mteb", reason="needs the extra textcl[mteb]")

datasets = pytest.importorskip("datasets")
RNG = np.random.default_rng(17)
TABLE = Table({f"text {number}": RNG.normal(size=5) for number in range(30)})
PAIRS = [
    GradedPair(f"text {RNG.integers(30)}", f"text {RNG.integers(30)}", float(RNG.integers(0, 6))) for _ in range(40)
]


def mine(subsets: Sequence[str] = ("default",), modalities: Sequence[str] = ("text",), fails: bool = False) -> Any:
    """A task of mteb whose data lies in memory: the pairs above, in each subset a few fewer."""
    from mteb.abstasks.sts import AbsTaskSTS
    from mteb.abstasks.task_metadata import TaskMetadata

    languages = {name: ["eng-Latn"] for name in subsets} if len(subsets) > 1 else ["eng-Latn"]

    class Mine(AbsTaskSTS):
        metadata = TaskMetadata(
            name="Mine", type="STS", description="mine", main_score="cosine_spearman", eval_splits=["test"],
            eval_langs=languages, modalities=list(modalities), dataset={"path": "mine/pairs", "revision": "abc"},
        )  # fmt: skip

        def load_data(self, num_proc: int | None = None, **_: Any) -> None:
            if fails:
                raise ConnectionError("the Hub cannot be reached")
            rows = {
                "sentence1": [pair.first for pair in PAIRS],
                "sentence2": [pair.second for pair in PAIRS],
                "score": [pair.score for pair in PAIRS],
            }
            whole = datasets.Dataset.from_dict(rows)
            cut = {name: {"test": whole.select(range(40 - 9 * number))} for number, name in enumerate(subsets)}
            self.dataset = cut if len(subsets) > 1 else cut["default"]
            self.data_loaded = True

    return Mine()


def test_the_score_of_an_sts_task_is_ours() -> None:
    sample = MTEBTask(mine()).run(TABLE)
    ours = STS("ours", PAIRS).run(TABLE).metrics(np.ones((1, 40)))["spearman"][0]
    assert {name: float(value[0]) for name, value in sample.values.items()} == {
        "cosine_spearman": pytest.approx(ours, abs=1e-6)
    }


def test_a_figure_without_items_has_no_interval() -> None:
    score = scores(evaluate([MTEBTask(mine())], TABLE)["mteb:Mine"])["cosine_spearman"]
    assert np.isfinite(score.value)
    assert np.isnan([score.low, score.high]).all()


def test_several_subsets_are_scored_each_and_as_their_mean() -> None:
    values = MTEBTask(mine(["en-a", "en-b"])).run(TABLE).values
    assert list(values) == ["cosine_spearman", "cosine_spearman/test/en-a", "cosine_spearman/test/en-b"]
    each = [float(values[f"cosine_spearman/test/{name}"][0]) for name in ("en-a", "en-b")]
    assert each[0] != each[1]
    assert float(values["cosine_spearman"][0]) == pytest.approx(sum(each) / 2)


def test_queries_are_anchors_documents_positives_and_all_else_takes_the_default_prompt() -> None:
    from mteb.types import PromptType

    from textcl.evaluation.tasks.mteb import EmbedEncoder

    table = Table({"text": [1.0]})
    for prompt_type in (None, PromptType.query, PromptType.document):
        EmbedEncoder(table).encode([{"text": ["text"]}], prompt_type=prompt_type, task_metadata=None)
    assert [use.role for _, use in table.calls] == [None, Role.ANCHOR, Role.POSITIVE]


def test_a_retrieval_task_gives_its_roles_and_agrees_with_ours() -> None:
    from mteb.mocks.mock_tasks import MockRetrievalTask

    task = MTEBTask(MockRetrievalTask())
    parts = texts_of([task])[task.name].parts
    assert set(parts) == {"queries", "documents"}
    vectors = {text: RNG.normal(size=4) for part in parts.values() for text in part}
    (value,) = task.run(Table(vectors)).values["ndcg_at_10"]
    assert 0 <= value <= 1


def test_our_cosines_are_those_that_mteb_takes() -> None:
    from mteb.similarity_functions import cos_sim, pairwise_cos_sim

    from textcl.evaluation.tasks.mteb import EmbedEncoder

    encoder, (one, other) = EmbedEncoder(TABLE), RNG.normal(size=(2, 6, 4)).astype(np.float32)
    torch.testing.assert_close(encoder.similarity(one, other), cos_sim(one, other))
    torch.testing.assert_close(encoder.similarity_pairwise(one, other), pairwise_cos_sim(one, other))


def test_no_result_of_another_model_is_taken_from_a_cache() -> None:
    task = MTEBTask(mine())
    first = task.run(TABLE).values["cosine_spearman"]
    other = Table({text: RNG.normal(size=5) for text in TABLE.vectors})
    assert task.run(other).values["cosine_spearman"] != first


def test_global_randomness_is_left_as_it_was() -> None:
    def drawn() -> tuple[float, float, float]:
        return random.random(), float(np.random.random()), float(torch.rand(1))  # noqa: NPY002

    def seed() -> None:
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        torch.manual_seed(1)

    task = mine()
    seed()
    expected = drawn()
    seed()
    MTEBTask(task).run(TABLE)
    with pytest.raises(DataError):
        mteb_task("no such task")
    assert drawn() == expected
    seed()
    mine()  # mteb without our guard
    assert drawn() != expected


def test_a_model_that_fails_is_told_as_such() -> None:
    with pytest.raises(ModelError, match=r"mteb:Mine: the model gives NaN"):
        evaluate([MTEBTask(mine())], lambda texts, role: np.full((len(texts), 2), np.nan, dtype=np.float32))


def test_a_task_that_is_not_there_is_told_with_a_name_that_is() -> None:
    with pytest.raises(DataError, match=r"mteb:STSBenchmrk: mteb [\d.]+ has no such task .* Did you mean 'STSBenchmar"):
        mteb_task("STSBenchmrk")


def test_a_hub_that_can_not_be_reached_is_told() -> None:
    with pytest.raises(
        DataError, match=r"mteb:Mine: the data of Mine \(mine/pairs on the Hub\) cannot be loaded: ConnectionError"
    ):
        MTEBTask(mine(fails=True))


def test_tasks_of_images_are_refused() -> None:
    with pytest.raises(DataError, match="the task is about image; textcl encodes text"):
        MTEBTask(mine(modalities=["image"]))


def test_without_the_extra_the_way_out_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(DataError, match=r"needs the package mteb, which is not installed: pip install mteb"):
        mteb_task("STSBenchmark")


def test_a_fingerprint_names_data_and_revision() -> None:
    assert MTEBTask(mine()).fingerprint == "Mine {'path': 'mine/pairs', 'revision': 'abc'}"
