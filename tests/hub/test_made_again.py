"""What was pushed is made again by those who have its name and its data, and nothing else of its maker's."""

from pathlib import Path

import pytest
from huggingface_hub import ModelCard, constants

from tests.cli.running import run
from tests.hub.hub_server import Hub


def test_a_model_is_reproduced_from_the_hub(
    hub: Hub, finished: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    files_at = "/{repo_id}/resolve/{revision}/{filename}"  # the client makes this of the endpoint when it is imported
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", f"{hub.endpoint}{files_at}")
    assert run(capsys, "push", finished, "me/birds").code == 0
    home = finished.parents[1]
    files = {
        "data.sources.0.path": home / "train" / "pairs.jsonl",
        "encoder.backbone": home / "models" / "tiny",
        "evaluation.after.0.source.path": home / "dev" / "pairs.jsonl",
    }
    (published,) = [
        line for line in ModelCard.load("me/birds").text.splitlines() if line.startswith("textcl reproduce")
    ]
    assert published == " ".join(["textcl reproduce me/birds", *(f"{key}={file.name}" for key, file in files.items())])
    changes = [f"{key}={file}" for key, file in files.items()]
    again = run(capsys, "reproduce", "me/birds", *changes, "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert "Data, base model, versions and machine are those of then." in again.out
    assert "Reproduced to the last bit." in again.out
