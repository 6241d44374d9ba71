"""What the bundled suites hold, on the real files: counts as published, subsets against scipy, grades as they are."""

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from textcl.evaluation.average import Average
from textcl.evaluation.correlation import SubsetCorrelations
from textcl.evaluation.suites import load_suite
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.evaluation.tasks.sts import STS
from textcl.types.text import Role

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data, which lies outside the project")

SUBSETS = {
    "sts12": {"MSRpar": 750, "MSRvid": 750, "SMTeuroparl": 459, "surprise.OnWN": 750, "surprise.SMTnews": 399},
    "sts13": {"FNWN": 189, "OnWN": 561, "headlines": 750},  # without SMT
    "sts14": {"OnWN": 750, "deft-forum": 450, "deft-news": 300, "headlines": 750, "images": 750, "tweet-news": 750},
    "sts15": {"answers-forums": 375, "answers-students": 750, "belief": 375, "headlines": 750, "images": 750},
    "sts16": {"answer-answer": 254, "headlines": 249, "plagiarism": 230, "postediting": 244, "question-question": 209},
    "stsb-test": {"": 1379},
    "sickr-test": {"": 4927},
}


@pytest.fixture(scope="module")
def sts():
    return load_suite("sts", DATA)


def test_the_sts_sets_hold_as_many_pairs_of_each_subset_as_published(sts):
    *tasks, average = sts
    assert isinstance(average, Average)
    assert (average.name, average.metric, list(average.members)) == ("sts-average", "spearman", tasks)
    counted = {}
    for task in tasks:
        names = [pair.subset for pair in task.pairs]
        counted[task.name] = {name: names.count(name) for name in sorted(set(names))}
    assert counted == SUBSETS


class _Letters:
    """A model of letter counts: fast, and neither perfect nor random."""

    def __call__(self, texts, role):
        assert role is Role.ANCHOR
        return np.array(
            [[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz "] for text in texts], np.float32
        )


@pytest.mark.parametrize("name", ["sts12", "sts13", "sts14", "sts15", "sts16"])
def test_every_aggregation_equals_scipy_on_each_subset(sts, name):
    (task,) = [task for task in sts if task.name == name]
    assert isinstance(task, STS)
    sample = task.run(_Letters())
    assert isinstance(sample, SubsetCorrelations)
    ours = {metric: value[0] for metric, value in sample.metrics(np.ones((1, sample.size))).items()}
    members = [sample.subsets == number for number in range(len(SUBSETS[name]))]
    sizes = [own.sum() for own in members]
    for metric, correlation in (("spearman", stats.spearmanr), ("pearson", stats.pearsonr)):
        each = [correlation(sample.predicted[own], sample.gold[own]).statistic for own in members]
        assert ours[metric] == pytest.approx(correlation(sample.predicted, sample.gold).statistic, abs=1e-9)
        assert ours[f"{metric}_mean"] == pytest.approx(np.mean(each), abs=1e-9)
        assert ours[f"{metric}_wmean"] == pytest.approx(np.average(each, weights=sizes), abs=1e-9)


@pytest.mark.parametrize(
    ("suite", "expected"),
    [
        ("scifact", {"scifact": (5183, 300, 339)}),
        (
            "classic",
            {
                "cranfield": (1400, 225, 1612),
                "cisi": (1460, 76, 3114),
                "medline": (1033, 30, 696),
                "npl": (11429, 93, 2083),
                "adi": (82, 35, 170),
            },
        ),
        ("qa", {"wikiqa-test": (5951, 243, 293)}),
    ],
)
def test_the_retrieval_sets_hold_as_many_documents_queries_and_relevant_pairs_as_published(suite, expected):
    tasks = [task for task in load_suite(suite, DATA) if isinstance(task, Retrieval)]
    counted = {
        task.name: (
            len(task.corpus),
            len(task.queries),
            sum(grade > 0 for grades in task.qrels.values() for grade in grades.values()),
        )
        for task in tasks
    }
    assert counted == expected
    assert not any(task.drops_self for task in tasks)  # their queries and documents are numbered apart
