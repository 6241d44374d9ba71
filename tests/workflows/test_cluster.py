"""Texts are put into groups that a naive look agrees with, and written down."""

import json
from pathlib import Path

import numpy as np
import pytest

import textcl
from tests.cli.running import run
from tests.tiny import tiny_encoder
from textcl.workflows.cluster import _described

GROUPS = (
    ["the cat sleeps", "the cat sleeps on the sofa", "a cat sleeps", "the cat is asleep", "the cat sleeps now"],
    [
        "seven trains leave at nine",
        "nine trains leave at seven",
        "trains leave at nine",
        "seven trains leave",
        "trains",
    ],
)
TEXTS = [text for group in GROUPS for text in group]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with texts and a model, in which the test runs."""
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS) + "\n")
    tiny_encoder(seed=4).save(tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_clusters_are_numbered_by_size_and_named_by_the_text_nearest_to_their_centre() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.6, 0.8], [0.28, 0.96], [-1, 0]], dtype=np.float32)
    found, cosines = _described(("a", "b", "c", "d", "alone"), vectors, np.array([3, 1, 1, 1, -1]))
    assert found.of_text.tolist() == [1, 0, 0, 0, -1]
    assert [(one.name, one.size) for one in found.clusters] == [("d", 3), ("a", 1)]
    centre = np.array([0.88, 2.76]) / np.hypot(0.88, 2.76)  # the sum of b, c and d
    np.testing.assert_allclose(cosines, [1, *(vectors[1:4] @ centre), 0], atol=1e-6)
    assert found.clusters[0].cohesion == pytest.approx((vectors[1:4] @ centre).mean(), abs=1e-6)
    assert found.clusters[0].nearest == ("d", "b", "c")


@pytest.mark.usefixtures("folder")
def test_k_means_puts_each_text_into_the_cluster_whose_centre_is_nearest() -> None:
    found = textcl.cluster("texts.txt", "model", clusters=3, precision="float32")
    vectors = textcl.load("model").encode(TEXTS)
    centres = np.array([vectors[found.of_text == number].mean(axis=0) for number in range(3)])
    nearest = ((vectors[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert found.of_text.tolist() == nearest.tolist()
    assert [one.size for one in found.clusters] == sorted((one.size for one in found.clusters), reverse=True)


def test_density_finds_groups_that_stand_apart_and_leaves_strangers_alone(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(5)
    centres = np.eye(16)[[0, 5, 9]]
    points = np.concatenate([*(centre + 0.02 * rng.normal(size=(12, 16)) for centre in centres), [np.eye(16)[15]]])
    monkeypatch.setattr("textcl.workflows.cluster.model_embed", lambda *_: lambda texts, _use: points)
    (folder / "many.txt").write_text("".join(f"text {number}\n" for number in range(37)))
    found = textcl.cluster("many.txt", "model", smallest=5)
    assert [one.size for one in found.clusters] == [12, 12, 12]
    assert found.of_text[-1] == -1
    assert all(len(set(found.of_text[start : start + 12].tolist())) == 1 for start in (0, 12, 24))


@pytest.mark.usefixtures("folder")
def test_the_command_writes_a_row_a_text_and_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    done = run(
        capsys, "cluster", "texts.txt", "--model", "model", "--clusters", 2, "--out", "c.jsonl", "--html", "c.html"
    )
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in Path("c.jsonl").read_text().splitlines()]
    assert [row["text"] for row in rows] == TEXTS
    assert {row["cluster"] for row in rows} == {0, 1}
    assert {row["name"] for row in rows} <= set(TEXTS)
    page = Path("c.html").read_text()
    assert page.count('<circle class="document g') == len(TEXTS)
    assert "nearest texts" in page


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--clusters", 11], "10 texts cannot be in 11 clusters"),
        (["--smallest", 6], "10 texts are too few for two clusters of 6 or more"),
        (["--clusters", 2, "--out", "texts.txt"], "texts.txt is what is read"),
        (["--clusters", 2, "--text-column", "title"], "texts.txt: found a text file"),
    ],
)
def test_what_does_not_fit_is_refused(words: list[object], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    failed = run(capsys, "cluster", "texts.txt", "--model", "model", *words)
    assert failed.code == 1
    assert why in failed.err
