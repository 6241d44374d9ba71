"""A finished run of a tiny encoder, and a Hub on loopback that this process talks to."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants
from huggingface_hub.utils import close_session, disable_progress_bars, enable_progress_bars, logging

from tests.hub.hub_server import TOKEN, Hub
from tests.tiny import SENTENCES, tiny_encoder
from textcl.recipe.load import parse
from textcl.workflows.run.train import train_recipe

BIRDS = ("one", "two", "three", "some", "all", "no", "big", "small", "red", "blue", "old", "young")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, made from files whose paths are the machine's own; it is not to be changed."""
    home = tmp_path_factory.mktemp("home-of-someone")
    tiny_encoder().save(home / "models" / "tiny")
    pairs, held_out = home / "train" / "pairs.jsonl", home / "dev" / "pairs.jsonl"
    for file, sees in ((pairs, "sees"), (held_out, "has")):
        file.parent.mkdir()
        rows = [{"anchor": f"the man {sees} {word} birds", "positive": f"{word} birds in the tree"} for word in BIRDS]
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    graded = home / "graded.tsv"
    graded.write_text("".join(f"{i % 5}\t{text}\t{SENTENCES[i - 1]}\n" for i, text in enumerate(SENTENCES)))
    recipe = parse(
        {
            "name": "birds",
            "data": {"sources": [{"use": "JsonLines", "path": str(pairs)}], "batch_size": 4, "max_length": 16},
            "encoder": {"backbone": str(home / "models" / "tiny"), "prompts": {"anchor": "query: "}},
            "training": {"steps": 2, "precision": "float32"},
            "evaluation": {
                "after": [{"name": "held-out", "source": {"use": "JsonLines", "path": str(held_out)}}],
            },
        }
    )
    train_recipe(recipe, home / "runs" / "birds")
    return home / "runs" / "birds"


@pytest.fixture
def own_run(finished: Path, tmp_path: Path) -> Path:
    """A copy of the run that a test may change."""
    return Path(shutil.copytree(finished, tmp_path / "birds"))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A Hub that is logged in to, with the client of this process turned to it; it does not wait before it tries again.

    The client reads its environment when it is imported, so it is told here what a user says by HF_ENDPOINT,
    HF_HUB_OFFLINE and HF_HUB_DISABLE_XET.
    """
    with Hub() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.endpoint)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        level = logging.get_verbosity()
        disable_progress_bars()
        close_session()
        yield server
        close_session()
        enable_progress_bars()
        logging.set_verbosity(level)
