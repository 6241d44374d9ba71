"""Outcomes of tasks on disk: every kind comes back as it was, without pickle, and damage is told."""

import dataclasses
import importlib
import inspect
import pkgutil

import numpy as np
import pytest

import textcl.evaluation
from textcl.errors import DataError
from textcl.evaluation.average import AverageSample
from textcl.evaluation.correlation import CorrelationSample, SubsetCorrelations
from textcl.evaluation.items import Result
from textcl.evaluation.samples import LabelSample, MeanSample, PlainFigures
from textcl.evaluation.significance import compared
from textcl.evaluation.stored import read_samples, stored_classes, write_samples
from textcl.evaluation.tasks.bitext import BitextSample
from textcl.evaluation.tasks.pair_classification import PairSample
from textcl.util.progress import Progress

RNG = np.random.default_rng(0)
QUERIES = MeanSample({"ndcg@10": RNG.random(6), "kind": RNG.random(6)})
PAIRS = CorrelationSample(RNG.random(8), np.arange(8.0))
EXAMPLES = {
    "scifact": QUERIES,
    "sts:own/folder.jsonl": PAIRS,
    "sts12": SubsetCorrelations(RNG.random(8), np.arange(8.0), np.arange(8) % 2),
    "quora": PairSample(RNG.random(8), np.arange(8) % 3 == 0),
    "tatoeba": BitextSample(RNG.random(6), RNG.random(6), RNG.random(6), np.arange(6) % 2 == 0),
    "banking77": LabelSample(np.arange(6) % 3, np.arange(6) % 2, MeanSample({"knn_accuracy": RNG.random(6)})),
    "mteb:STSBenchmark": PlainFigures({"cosine_spearman": np.array([0.8])}),
    "average": AverageSample({"scifact": QUERIES}, "ndcg@10"),
}
TOO_LARGE = {"GeometrySample"}  # holds a matrix of all texts with all texts


def _results(samples):
    return {task: Result(f"digest of {task}", sample) for task, sample in samples.items()}


def _metrics(sample):
    weights = np.stack([np.ones(sample.size), np.arange(1.0, sample.size + 1)])
    return {name: value.tolist() for name, value in sample.metrics(weights).items()}


def test_every_kind_comes_back_as_it_was(tmp_path):
    write_samples(tmp_path / "s.npz", _results(EXAMPLES))
    found = read_samples(tmp_path / "s.npz")
    assert list(found) == list(EXAMPLES)
    for task, result in found.items():
        assert result.items == f"digest of {task}"
        assert type(result.sample) is type(EXAMPLES[task])
        assert _metrics(result.sample) == _metrics(EXAMPLES[task])


def test_every_kind_that_there_is_has_an_example_here():
    names = [found.name for found in pkgutil.walk_packages(textcl.evaluation.__path__, "textcl.evaluation.")]
    samples = {
        one
        for name in names
        for one in vars(importlib.import_module(name)).values()
        if inspect.isclass(one) and dataclasses.is_dataclass(one) and {"metrics", "size"} <= set(dir(one))
    }
    assert {kind for kind in samples if kind.__name__ not in TOO_LARGE} <= set(stored_classes())
    assert {type(example) for example in EXAMPLES.values()} == set(stored_classes())


def test_the_arrays_open_in_numpy_under_names_that_say_what_they_are(tmp_path):
    write_samples(tmp_path / "s.npz", _results(EXAMPLES))
    with np.load(tmp_path / "s.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["sts12/gold"], np.arange(8.0))
        np.testing.assert_array_equal(arrays["scifact/per_item/ndcg@10"], QUERIES.per_item["ndcg@10"])
        assert not any(name.startswith("average/") for name in arrays.files)  # an average has its tasks' arrays


def test_a_kind_that_can_not_be_kept_is_left_out(tmp_path):
    @dataclasses.dataclass(frozen=True)
    class Own:
        size: int = 3

    write_samples(tmp_path / "s.npz", _results({"own": Own(), "sts": PAIRS}))
    assert list(read_samples(tmp_path / "s.npz")) == ["sts"]


def test_objects_are_never_pickled(tmp_path):
    with pytest.raises(TypeError, match="t/predicted is a ndarray, which cannot be kept"):
        write_samples(tmp_path / "s.npz", {"t": Result("d", CorrelationSample(np.array([None, 1]), np.zeros(2)))})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_cut_off_or_of_another_make_is_refused(tmp_path):
    path = tmp_path / "s.npz"
    write_samples(path, _results(EXAMPLES))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(DataError, match="It is damaged, or written by another version"):
        read_samples(path)
    np.savez(path, contents=np.array('{"t": {"items": "d", "sample": {"kind": "Future", "fields": {"each": {}}}}}'))
    with pytest.raises(DataError, match="it holds a Future"):
        read_samples(path)
    np.savez(path, other=np.zeros(3))
    with pytest.raises(DataError, match="cannot be read"):
        read_samples(path)
    with pytest.raises(DataError, match="is not there"):
        read_samples(tmp_path / "none.npz")


def test_outcomes_on_other_items_can_not_be_compared():
    with pytest.raises(DataError, match=r"sts: old.json and new are of different data under one name"):
        compared({"sts": Result("one", PAIRS)}, {"sts": Result("other", PAIRS)}, ("old.json", "new"))


def test_outcomes_of_other_kinds_can_not_be_compared():
    with pytest.raises(DataError, match="of different versions of textcl"):
        compared({"sts": Result("one", PAIRS)}, {"sts": Result("one", QUERIES)}, ("a", "b"))


class Announced(Progress):
    def __init__(self) -> None:
        self.phases: list[str] = []

    def phase(self, name: str, total: int | None = None, done: int = 0, *, unit: str = "texts") -> None:
        self.phases.append(name)


def test_only_shared_tasks_are_compared_and_each_is_announced():
    announced = Announced()
    found = compared(
        {"sts": Result("d", PAIRS), "gone": Result("d", PAIRS)},
        {"sts": Result("d", PAIRS), "new": Result("d", PAIRS)},
        ("a", "b"),
        announced,
    )
    assert list(found) == ["sts"]
    assert [phase.split()[-1] for phase in announced.phases] == ["sts"]
    assert found["sts"]["spearman"].verdict == "cannot tell"


def test_contents_that_are_nested_too_deeply_are_refused(tmp_path):
    np.savez(tmp_path / "s.npz", contents=np.array("[" * 100_000))
    with pytest.raises(DataError, match="It is damaged, or written by another version"):
        read_samples(tmp_path / "s.npz")
