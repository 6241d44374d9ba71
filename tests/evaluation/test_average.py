"""The average over tasks: its value, its interval, and what it costs."""

import numpy as np
import pytest

from tests.evaluation.vectors import Table
from textcl.errors import DataError
from textcl.evaluation.average import Average, AverageSample
from textcl.evaluation.correlation import CorrelationSample
from textcl.evaluation.run import evaluate
from textcl.evaluation.samples import MeanSample
from textcl.evaluation.significance import differences, resampled_weights, scores, strata
from textcl.evaluation.tasks.sts import STS, GradedPair
from textcl.report.scores import as_json


def _queries(seed: int, size: int, level: float) -> MeanSample:
    return MeanSample(
        {"ndcg@10": np.random.default_rng(seed).uniform(level, level + 0.5, size), "other": np.zeros(size)}
    )


SMALL, LARGE = _queries(0, 12, 0.0), _queries(1, 300, 0.5)
AVERAGE = AverageSample({"small": SMALL, "large": LARGE}, "ndcg@10")


def test_each_task_counts_once_whatever_its_size():
    expected = (SMALL.per_item["ndcg@10"].mean() + LARGE.per_item["ndcg@10"].mean()) / 2
    assert AVERAGE.metrics(np.ones((1, 312))).keys() == {"ndcg@10"}
    assert scores(AVERAGE)["ndcg@10"].value == pytest.approx(expected)


def test_the_interval_is_that_of_resampling_each_task_within_itself():
    rng = np.random.default_rng(7)
    drawn = [
        np.mean([rng.choice(sample.per_item["ndcg@10"], sample.size).mean() for sample in (SMALL, LARGE)])
        for _ in range(4000)
    ]
    found = scores(AVERAGE, resamples=4000)["ndcg@10"]
    assert [found.low, found.high] == pytest.approx(np.percentile(drawn, [2.5, 97.5]), abs=0.006)
    assert found.high - found.low > 0.05


def test_every_resample_draws_as_many_items_of_a_task_as_it_has():
    weights = np.concatenate(list(resampled_weights(strata(AVERAGE), 50, seed=3)))
    assert weights.shape == (50, 312)
    assert (weights[:, :12].sum(axis=1) == 12).all()
    assert (weights[:, 12:].sum(axis=1) == 300).all()
    together = np.concatenate(list(resampled_weights((312,), 50, seed=3)))
    assert not (together[:, :12].sum(axis=1) == 12).all()  # the control: one draw from all of them does not


def test_a_task_without_a_score_leaves_no_average():
    flat = CorrelationSample(np.ones(5), np.arange(5.0))
    good = CorrelationSample(np.arange(5.0), np.arange(5.0))
    found = scores(AverageSample({"good": good, "flat": flat}, "spearman"))["spearman"]
    assert np.isnan([found.value, found.low, found.high]).all()


def test_a_metric_that_a_task_lacks_names_the_task():
    with pytest.raises(DataError, match="'mrr' cannot be averaged: small has ndcg@10, other"):
        scores(AverageSample({"small": SMALL}, "mrr"))


def test_the_difference_of_two_models_is_paired_task_by_task():
    better = MeanSample({name: values + 0.1 for name, values in SMALL.per_item.items()})
    found = differences(AVERAGE, AverageSample({"small": better, "large": LARGE}, "ndcg@10"))["ndcg@10"]
    assert [found.value, found.low, found.high] == pytest.approx([0.05] * 3)
    assert found.p < 0.01
    same = differences(AVERAGE, AVERAGE)["ndcg@10"]
    assert (same.value, same.p) == (0, 1)


def test_items_are_exchanged_within_their_task():
    other = AverageSample({"small": _queries(5, 12, 0.2), "large": _queries(6, 300, 0.1)}, "ndcg@10")
    swaps = np.zeros((2, 312), dtype=np.bool_)
    swaps[1, :12] = True  # all of the small task
    mine, its = AVERAGE.exchanged_metrics(other, swaps)
    means = {
        name: [s.members[name].metrics(np.ones((1, n)))["ndcg@10"][0] for s in (AVERAGE, other)]
        for name, n in (("small", 12), ("large", 300))
    }
    np.testing.assert_allclose(
        mine["ndcg@10"], [(means["small"][0] + means["large"][0]) / 2, (means["small"][1] + means["large"][0]) / 2]
    )
    np.testing.assert_allclose(
        its["ndcg@10"], [(means["small"][1] + means["large"][1]) / 2, (means["small"][0] + means["large"][1]) / 2]
    )


def _tasks() -> tuple[list[STS], Table]:
    pairs = [GradedPair("a", "b", 4.0), GradedPair("a", "c", 3.0), GradedPair("a", "d", 3.5), GradedPair("b", "d", 0.0)]
    return [STS("one", pairs), STS("two", pairs[:3])], Table({"a": [1, 0], "b": [1, 1], "c": [0, 1], "d": [-1, 1]})


def test_a_task_that_was_run_is_not_run_again_for_the_average():
    tasks, model = _tasks()
    samples = evaluate([*tasks, Average("both", tasks, "spearman")], model)
    assert len(model.calls) == 2
    assert list(samples) == ["one", "two", "both"]
    values = [scores(samples[name])["spearman"].value for name in samples]
    assert values[2] == pytest.approx((values[0] + values[1]) / 2)


def test_an_average_that_stands_alone_runs_its_tasks():
    tasks, model = _tasks()
    alone = evaluate([Average("both", tasks, "spearman")], model)["both"]
    beside = evaluate([*tasks, Average("both", tasks, "spearman")], model)["both"]
    assert scores(alone) == scores(beside)


def test_the_fingerprint_changes_with_the_data_of_a_task():
    tasks, _ = _tasks()
    before = Average("both", tasks, "spearman").fingerprint
    assert Average("renamed", tasks, "spearman").fingerprint == before
    assert Average("both", tasks[:1], "spearman").fingerprint != before
    assert Average("both", [tasks[0], STS("two", tasks[0].pairs[1:])], "spearman").fingerprint != before


def test_a_collapsed_model_has_no_score_in_any_report():
    tasks, model = _tasks()
    collapsed = Table({text: [1, 2] for text in model.vectors})
    samples = evaluate([*tasks, Average("both", tasks, "spearman")], collapsed)
    found = {task: scores(sample) for task, sample in samples.items()}
    assert as_json(found)["both"] == {"spearman": {"value": None, "low": None, "high": None}}
    assert set(as_json(found)) == {"one", "two", "both"}
    assert all(value is None for score in as_json(found)["one"].values() for value in score.values())
