"""`hub.repo` of a recipe: asked before anything is trained, pushed at the end, and the best model before."""

import json
from pathlib import Path

import pytest

from tests.cli.running import Finished, run
from tests.hub.conftest import BIRDS
from tests.hub.hub_server import Hub
from textcl import distributed
from textcl.cli import push as publishing
from textcl.recipe.load import load_recipe

Capture = pytest.CaptureFixture[str]
DURING = (
    "evaluation.during={suite: ./dev.yaml, every: 1, keep_best_by: dev/spearman}",
    "hub.best_on_the_way=true",
    "training.steps=3",
)


@pytest.fixture
def recipe(tmp_path: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A recipe of one step that goes to me/birds, and a suite beside it."""
    monkeypatch.chdir(tmp_path)
    rows = [{"anchor": f"the man sees {word} birds", "positive": f"{word} birds"} for word in BIRDS]
    Path("pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    graded = "".join(f"{number % 5}\t{word} birds\t{word} big dogs\n" for number, word in enumerate(BIRDS))
    Path("graded.tsv").write_text("score\tsentence1\tsentence2\n" + graded)
    Path("birds.yaml").write_text(
        "name: birds\n"
        "data: {sources: [{use: JsonLines, path: pairs.jsonl}], batch_size: 4, max_length: 16}\n"
        f"encoder: {{backbone: {tiny_model_folder}}}\n"
        "training: {steps: 1, precision: float32}\n"
        "hub: {repo: me/birds}\n"
    )
    return "birds.yaml"


def train(capsys: Capture, recipe: str, *changes: str) -> Finished:
    return run(capsys, "train", recipe, *changes)


def test_a_run_is_pushed_when_it_is_done(hub: Hub, recipe: str, capsys: Capture) -> None:
    done = train(capsys, recipe)
    assert done.code == 0, done.err
    assert done.out.splitlines()[-2:] == [
        "The model is in runs/birds/model",
        f"Pushed to {hub.endpoint}/me/birds (private)",
    ]
    repository = hub.store.repositories["me/birds"]
    assert repository.messages[1:] == ["The run birds, by textcl"]
    assert repository.tree()["model.safetensors"].content == Path("runs/birds/model/model.safetensors").read_bytes()


def test_nothing_is_trained_that_could_not_be_pushed(
    hub: Hub, recipe: str, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    refused = train(capsys, recipe)
    assert refused.code == 1
    assert refused.err.startswith("Error: hub.repo: The Hub does not take the token")
    assert "hub.repo=null" in refused.err
    assert not Path("runs").exists()
    assert train(capsys, recipe, "hub.repo=null").code == 0


def test_a_push_that_fails_at_the_end_loses_nothing(hub: Hub, recipe: str, capsys: Capture) -> None:
    hub.fails["/commit/main"] = 503
    failed = train(capsys, recipe, "hub.revision=main")
    assert failed.code == 1
    assert "The model is in runs/birds/model" in failed.out
    assert "The Hub is in trouble (HTTP 503)" in failed.err
    later = "textcl push runs/birds me/birds --revision main"
    assert failed.err.rstrip().endswith(f"The run is complete in runs/birds, but not published. Later: {later}")
    hub.fails.clear()
    assert run(capsys, *later.split()[1:]).code == 0
    assert "model.safetensors" in hub.store.repositories["me/birds"].tree()


def best_suite() -> None:
    Path("dev.yaml").write_text("description: birds\ntasks:\n  - {kind: sts, name: dev, local: graded.tsv}\n")


def test_the_best_model_is_pushed_on_the_way(hub: Hub, recipe: str, capsys: Capture) -> None:
    best_suite()
    done = train(capsys, recipe, *DURING, "evaluation.data_dir=.")
    assert done.code == 0, done.err
    repository = hub.store.repositories["me/birds"]
    first, *_, last = repository.messages[1:]
    assert first.startswith("The best model so far: step 1, dev/spearman ")
    assert last == "The run birds, by textcl"
    commit = list(repository.commits.values())[1]
    assert {"modules.json", "config_sentence_transformers.json", "recipe.yaml", "model.safetensors"} <= set(commit)
    assert b"in training" in commit["README.md"].content
    assert b"in training" not in repository.tree()["README.md"].content
    assert not Path("runs/birds/sending").exists()


def test_a_best_model_that_can_not_be_pushed_does_not_stop_the_run(
    hub: Hub, recipe: str, capsys: Capture, caplog: pytest.LogCaptureFixture
) -> None:
    best_suite()
    hub.fails["/commit/main"] = 503
    failed = train(capsys, recipe, *DURING, "evaluation.data_dir=.")
    assert "The best model so far was not pushed: The Hub is in trouble (HTTP 503)" in caplog.text
    assert failed.code == 1  # for the push at the end fails, too
    assert len(Path("runs/birds/log.jsonl").read_text().splitlines()) == 3


def test_only_the_first_process_publishes(hub: Hub, recipe: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Second:
        is_main = False

        def together(self, work):
            return work()

    monkeypatch.setattr(distributed, "join_ranks", Second)
    publisher = publishing.ready_to_publish(load_recipe(recipe), Path("runs/birds"))
    publisher.best("step 1")
    assert publisher.finish() is None
    assert hub.requests == []
