"""The geometry task: its measures by naive loops, scipy and the monitor, and what it measures of which texts."""

import numpy as np
import pytest
import torch
from scipy import stats

from tests.evaluation.vectors import Table
from tests.toy import PAIR
from textcl.errors import DataError
from textcl.evaluation import significance
from textcl.evaluation.task import Exchangeable
from textcl.evaluation.tasks import geometry
from textcl.evaluation.tasks.geometry import Geometry, effective_rank, occurrences, weighted_skewness
from textcl.training.monitor import readings
from textcl.types.batches import EmbeddedBatch
from textcl.types.text import Role


def _case(pairs=6, alone=14, dimension=5, seed=0):
    rng = np.random.default_rng(seed)
    named = [(f"first {number}", f"second {number}") for number in range(pairs)]
    texts = [f"text {number}" for number in range(alone)]
    everything = [*(text for pair in named for text in pair), *texts]
    return named, texts, Table({text: rng.normal(size=dimension) + 0.5 for text in everything})


def _scores(sample, weights=None):
    weights = np.ones((1, sample.size)) if weights is None else weights
    return {name: float(value[0]) for name, value in sample.metrics(weights).items()}


def _unit(vector):
    return np.asarray(vector, dtype=np.float64) / np.linalg.norm(vector)


def _naive(pairs, texts, table, counts=None):
    """Each measure by its definition, over texts that stand there as often as `counts` says."""
    counts = counts or [1] * (len(pairs) + len(texts))
    copies = [text for text, n in zip([p for p, _ in pairs] + texts, counts, strict=True) for _ in range(n)]
    kernel, cosines = [], []
    for i, one in enumerate(copies):
        for j, other in enumerate(copies):
            if i != j and one != other:
                a, b = _unit(table.vectors[one]), _unit(table.vectors[other])
                kernel.append(np.exp(-2 * np.sum((a - b) ** 2)))
                cosines.append(a @ b)
    apart = [
        np.sum((_unit(table.vectors[a]) - _unit(table.vectors[b])) ** 2)
        for (a, b), n in zip(pairs, counts[: len(pairs)], strict=True)
        for _ in range(n)
    ]
    return {"alignment": np.mean(apart), "uniformity": np.log(np.mean(kernel)), "mean_cosine": np.mean(cosines)}


def _neighbours(texts, table):
    """How often each text is among the ten nearest of the others."""
    found = dict.fromkeys(texts, 0)
    for text in texts:
        others = [other for other in texts if other != text]
        others.sort(key=lambda other: -_unit(table.vectors[text]) @ _unit(table.vectors[other]))
        for near in others[:10]:
            found[near] += 1
    return list(found.values())


def test_every_measure_equals_a_naive_loop():
    pairs, texts, table = _case()
    scores = _scores(Geometry("t", pairs, texts).run(table))
    for name, value in _naive(pairs, texts, table).items():
        assert scores[name] == pytest.approx(value, rel=1e-5), name
    measured = [first for first, _ in pairs] + texts
    singular = np.linalg.svd([_unit(table.vectors[text]) for text in measured], compute_uv=False)
    assert scores["effective_rank"] == pytest.approx(np.exp(stats.entropy(singular)), rel=1e-5)
    counts = _neighbours(measured, table)
    assert scores["hubness"] == pytest.approx(stats.skew(counts))
    assert scores["antihubs"] == pytest.approx(np.mean(np.array(counts) == 0))


def test_the_measures_are_those_of_the_monitor():
    pairs, _, table = _case(pairs=30, alone=0)
    views = tuple(torch.from_numpy(np.stack([table.vectors[pair[side]] for pair in pairs])) for side in (0, 1))
    read = readings(EmbeddedBatch(views, views, PAIR, (torch.arange(30), torch.arange(30) + 30)))
    scores = _scores(Geometry("t", pairs, []).run(table))
    for name in ("alignment", "uniformity", "mean_cosine", "effective_rank"):
        assert scores[name] == pytest.approx(read[name], rel=1e-5), name


def test_a_resample_counts_items_as_often_as_drawn_and_never_pairs_a_text_with_itself():
    pairs, texts, table = _case()
    sample = Geometry("t", pairs, texts).run(table)
    counts = np.random.default_rng(5).multinomial(sample.size, np.full(sample.size, 1 / sample.size))
    scores = _scores(sample, counts[None].astype(np.float64))
    for name, value in _naive(pairs, texts, table, counts.tolist()).items():
        assert scores[name] == pytest.approx(value, rel=1e-5), name
    assert np.isnan(scores["effective_rank"])
    np.testing.assert_allclose(scores["hubness"], stats.skew(np.repeat(sample.occurrences, counts)))


def test_bounds_lie_around_the_value_but_the_effective_rank_has_none():
    pairs, texts, table = _case(pairs=60, alone=100, dimension=10)
    intervals = significance.scores(Geometry("t", pairs, texts).run(table))
    for name, interval in intervals.items():
        if name == "effective_rank":
            assert 1 < interval.value <= 10
            assert np.isnan([interval.low, interval.high]).all()
        else:
            assert interval.low < interval.value < interval.high, name


def test_a_text_in_two_pairs_is_one_text_and_counts_as_the_mean_of_both():
    _, texts, table = _case()
    pairs = [("text 0", "second 0"), ("text 0", "second 1")]
    sample = Geometry("t", pairs, texts).run(table)
    assert sample.text_of_item.tolist() == [0, 0, *range(1, 14)]
    plain = _scores(Geometry("t", [], texts).run(table))
    assert "alignment" not in plain
    assert {name: _scores(sample)[name] for name in plain} == pytest.approx(plain)
    weights = np.ones((1, sample.size))
    weights[0, :2] = (2, 0)
    assert _scores(sample, weights)["mean_cosine"] == pytest.approx(plain["mean_cosine"])


def test_skewness_of_a_resample_is_that_of_repeated_values():
    rng = np.random.default_rng(0)
    values, counts = rng.integers(0, 9, size=20), rng.integers(0, 4, size=20)
    found = weighted_skewness(values, np.stack([np.ones(20), counts]).astype(float))
    np.testing.assert_allclose(found, [stats.skew(values), stats.skew(np.repeat(values, counts))])
    assert np.isnan(weighted_skewness(np.full(5, 3), np.ones((1, 5))))


def test_a_hub_is_everybodys_neighbour():
    # The axes are at right angles to each other; their diagonal lies nearest to each of them.
    unit = np.vstack([np.eye(40), np.full(40, 40**-0.5)])
    assert occurrences((unit @ unit.T).astype(np.float32), 1).tolist()[40] == 40
    table = Table({f"text {number}": vector for number, vector in enumerate(unit)})
    assert _scores(Geometry("t", [], list(table.vectors)).run(table))["hubness"] > 1


def test_an_even_circle_has_neither_hubs_nor_antihubs():
    table = Table({f"text {n}": [np.cos(2 * np.pi * n / 31), np.sin(2 * np.pi * n / 31)] for n in range(31)})
    sample = Geometry("t", [], list(table.vectors)).run(table)
    assert sample.occurrences.tolist() == [10] * 31
    assert _scores(sample)["antihubs"] == 0


def test_dimensions_used_evenly_are_the_effective_rank_and_a_collapse_is_one():
    assert effective_rank(np.eye(8, dtype=np.float32)) == pytest.approx(8)
    assert effective_rank(np.ones((8, 4), dtype=np.float32) / 2) == pytest.approx(1, abs=1e-5)
    collapsed = Table({f"text {number}": [1, 1] for number in range(20)})
    scores = _scores(Geometry("t", [], list(collapsed.vectors)).run(collapsed))
    assert scores["uniformity"] == pytest.approx(0, abs=1e-6)
    assert scores["mean_cosine"] == pytest.approx(1)


def test_first_sides_and_lone_texts_are_anchors_and_second_sides_positives():
    pairs, texts, table = _case(pairs=2)
    Geometry("t", pairs, [*texts, "first 0", "text 3"]).run(table)
    assert table.calls == [
        (["first 0", "first 1", *texts], Role.ANCHOR),
        (["second 0", "second 1"], Role.POSITIVE),
    ]


def test_of_a_large_set_the_same_part_is_drawn_every_time(monkeypatch):
    monkeypatch.setattr(geometry, "TEXTS", 40)
    pairs = [(f"first {number}", f"second {number}") for number in range(100)]
    texts = [f"text {number}" for number in range(100)]
    task = Geometry("t", pairs, texts)
    assert (len(task.pairs), len(task.texts)) == (20, 40)
    assert task.texts == Geometry("t", pairs, texts).texts
    assert task.texts[:20] == [first for first, _ in task.pairs]


def test_it_is_not_exchangeable_and_too_few_texts_are_refused():
    pairs, texts, table = _case()
    assert not isinstance(Geometry("t", pairs, texts).run(table), Exchangeable)
    with pytest.raises(DataError, match=r"t: 2 different texts; .*twelve"):
        Geometry("t", [("a", "b"), ("a", "c")], ["a", "d"])
