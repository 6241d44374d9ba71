"""What can go wrong on the way to the Hub: one line that says the way out, and a run that is as it was."""

import json
import shutil
import socket
from pathlib import Path

import pytest
from huggingface_hub import constants

from tests.cli.running import run
from tests.hub.hub_server import READ_TOKEN, Hub
from tests.hub.hub_store import File
from tests.hub.test_push import digests
from textcl.hub.contents import signed

Capture = pytest.CaptureFixture[str]


def refusal(capsys: Capture, *arguments: object) -> str:
    """The single line that a push which fails prints."""
    failed = run(capsys, "push", *arguments)
    assert (failed.code, failed.out) == (1, "")
    assert len(failed.err.splitlines()) == 1, failed.err
    return failed.err


def test_nobody_logged_in(hub: Hub, finished: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "/nowhere/token")
    assert "Nobody is logged in to the Hub. Log in by hf auth login" in refusal(capsys, finished, "me/birds")
    assert hub.requests == []


def test_a_token_that_is_not_known(hub: Hub, finished: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    said = refusal(capsys, finished, "me/birds")
    assert "The Hub does not take the token" in said
    assert "hf_x" not in said


def test_a_token_that_may_only_read(hub: Hub, finished: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", READ_TOKEN)
    assert "may not write to reader/birds" in refusal(capsys, finished, "reader/birds")


def test_the_namespace_of_another(hub: Hub, finished: Path, capsys: Capture) -> None:
    said = refusal(capsys, finished, "somebody/birds")
    assert "The token may not write to somebody/birds (You don't have the rights" in said
    assert "write permission for somebody" in said


def test_a_private_repository_of_another_stays_unseen(
    hub: Hub, finished: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(capsys, "push", finished, "me/birds")
    monkeypatch.setenv("HF_TOKEN", READ_TOKEN)
    assert "may not write to me/birds" in refusal(capsys, finished, "me/birds")


def test_no_network(hub: Hub, finished: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(constants, "ENDPOINT", f"http://127.0.0.1:{closed.getsockname()[1]}")
        assert "The Hub cannot be reached, or the connection broke (" in refusal(capsys, finished, "me/birds")


def test_offline_by_choice(hub: Hub, finished: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE is set" in refusal(capsys, finished, "me/birds")


@pytest.mark.parametrize("location", ["/api/whoami-v2", "/commit/main", "/objects/batch"])
def test_a_hub_in_trouble(hub: Hub, finished: Path, capsys: Capture, location: str) -> None:
    before = digests(finished)
    hub.fails[location] = 503
    assert "The Hub is in trouble (HTTP 503) (The Hub is asked to fail here)" in refusal(capsys, finished, "me/birds")
    assert digests(finished) == before


@pytest.mark.parametrize(
    ("status", "what"),
    [
        (400, "The Hub refuses what was sent for me/birds ("),
        (402, "The Hub wants a paid plan for this ("),
        (409, "me/birds: something stands in the way of it ("),
        (412, "me/birds was changed by somebody else meanwhile ("),
        (413, "The Hub answers with HTTP 413 ("),
        (429, "The Hub has had too many requests from here ("),
    ],
)
def test_what_the_hub_answers_is_told_in_its_words_too(
    hub: Hub, finished: Path, capsys: Capture, status: int, what: str
) -> None:
    hub.fails["/commit/main"] = status
    assert f"{what}The Hub is asked to fail here)" in refusal(capsys, finished, "me/birds")


def test_a_tag_that_fails_is_told_apart_from_the_push(hub: Hub, finished: Path, capsys: Capture) -> None:
    run(capsys, "push", finished, "me/birds")
    hub.fails[f"/tag/{hub.store.repositories['me/birds'].branches['main']}"] = 500
    assert "was pushed to me/birds, but could not be tagged v1" in refusal(capsys, finished, "me/birds", "--tag", "v1")


def test_a_name_that_the_hub_does_not_know(hub: Hub, finished: Path, capsys: Capture) -> None:
    assert "'me/birds/nest' is no name of a repository" in refusal(capsys, finished, "me/birds/nest")
    assert hub.store.repositories == {}


def test_folders_that_are_no_run(own_run: Path, tmp_path: Path, capsys: Capture) -> None:
    plain = Path(shutil.copytree(own_run / "model", tmp_path / "alone" / "model"))
    assert "is no run: recipe.yaml is missing" in refusal(capsys, plain, "me/birds")
    assert f"is a part of the run {own_run}" in refusal(capsys, own_run / "model", "me/birds")
    assert "There is no folder" in refusal(capsys, tmp_path / "nothing", "me/birds")


@pytest.mark.parametrize("lacking", ["model", "report.json"])
def test_a_run_that_is_not_done(own_run: Path, capsys: Capture, lacking: str) -> None:
    (own_run / lacking).rename(own_run / "elsewhere")
    said = refusal(capsys, own_run, "me/birds")
    assert f"is not done: it has no {lacking}" in said
    assert f"textcl train {own_run / 'recipe.yaml'} --out {own_run} --resume" in said


@pytest.mark.parametrize("fact", ["rows", "fingerprint"])
def test_a_record_of_a_run_that_lacks_what_the_card_tells_is_named(own_run: Path, capsys: Capture, fact: str) -> None:
    file = own_run / "run.json"
    facts = json.loads(file.read_text())
    del facts["data"][fact]
    file.write_text(json.dumps(facts))
    said = refusal(capsys, own_run, "me/birds", "--dry-run")
    assert f"{file}: data.{fact} is missing" in said


def edit_card(hub: Hub, content: bytes) -> None:
    repository = hub.store.repositories["me/birds"]
    repository.commit("main", {**repository.tree(), "README.md": File(content, False)}, "edited")


@pytest.mark.parametrize("name", ["report.html", "run.json", "report.json", "recipe.yaml"])
def test_a_file_of_the_run_that_is_not_utf_8_is_named(own_run: Path, capsys: Capture, name: str) -> None:
    file = own_run / name
    file.write_bytes(file.read_bytes()[:20] + b"\xc8L" + file.read_bytes()[20:])
    assert f"{name}" in refusal(capsys, own_run, "me/birds", "--dry-run")


def test_a_model_card_that_was_edited_stays_until_force_replaces_it(hub: Hub, finished: Path, capsys: Capture) -> None:
    run(capsys, "push", finished, "me/birds")
    card = hub.store.repositories["me/birds"].tree()["README.md"].content
    edited = card.replace(b"## Use", b"## For whom\n\nBirds.\n\n## Use")
    edit_card(hub, edited)
    assert "was edited since textcl wrote it" in refusal(capsys, finished, "me/birds")
    assert hub.store.repositories["me/birds"].tree()["README.md"].content == edited
    assert run(capsys, "push", finished, "me/birds", "--force").code == 0
    assert hub.store.repositories["me/birds"].tree()["README.md"].content == card


def test_a_card_of_somebody_s_own_stays_and_one_of_another_run_of_textcl_is_replaced(
    hub: Hub, finished: Path, capsys: Capture
) -> None:
    run(capsys, "push", finished, "me/birds")
    edit_card(hub, signed("---\nlicense: mit\n---\n\nAnother run.\n"))
    assert run(capsys, "push", finished, "me/birds").code == 0
    edit_card(hub, b"---\nlicense: mit\n---\n")
    assert "is somebody's own; nothing was pushed" in refusal(capsys, finished, "me/birds")
    assert run(capsys, "push", finished, "me/birds", "--pr").code == 0
