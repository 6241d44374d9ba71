"""`textcl push` against a Hub on loopback: what arrives, where, and how little of it twice."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.hub.hub_server import Hub
from tests.hub.hub_store import File

FILES = {
    ".gitattributes", "1_Pooling/config.json", "2_Normalize/config.json", "README.md", "config.json",
    "config_sentence_transformers.json", "model.safetensors", "modules.json", "recipe.yaml", "report.html",
    "report.json", "run.json", "sentence_bert_config.json", "tokenizer.json", "tokenizer_config.json",
}  # fmt: skip
Capture = pytest.CaptureFixture[str]


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256(path) for path in folder.rglob("*") if path.is_file()}


def with_onnx(folder: Path) -> Path:
    """Put a second large file into a run, as an export does, and return it."""
    file = folder / "model" / "onnx" / "model.onnx"
    file.parent.mkdir()
    file.write_bytes(bytes(range(256)) * 40)
    return file


def test_a_run_arrives_whole_and_private(hub: Hub, finished: Path, capsys: Capture) -> None:
    pushed = run(capsys, "push", finished, "me/birds")
    assert (pushed.code, pushed.err) == (0, "")
    assert pushed.out == f"Pushed to {hub.endpoint}/me/birds (private)\n"
    repository = hub.store.repositories["me/birds"]
    assert repository.private
    assert set(repository.tree()) == FILES
    for name in ("model.safetensors", "modules.json", "tokenizer.json"):
        assert repository.tree()[name].content == (finished / "model" / name).read_bytes()
    scores = json.loads((finished / "report.json").read_text())["after"]
    assert json.loads(repository.tree()["report.json"].content)["after"] == scores


def test_public_is_what_was_asked_for(hub: Hub, finished: Path, capsys: Capture) -> None:
    assert "(public)" in run(capsys, "push", finished, "me/birds", "--public").out
    assert not hub.store.repositories["me/birds"].private


def test_a_name_alone_is_ones_own_on_the_card_too(hub: Hub, finished: Path, capsys: Capture) -> None:
    assert f"{hub.endpoint}/me/birds (private)" in run(capsys, "push", finished, "birds").out
    assert b"me/birds" in hub.store.repositories["me/birds"].tree()["README.md"].content


def test_what_is_there_is_not_sent_again(hub: Hub, finished: Path, capsys: Capture) -> None:
    run(capsys, "push", finished, "me/birds")
    assert hub.uploads == [sha256(finished / "model" / "model.safetensors")]
    again = run(capsys, "push", finished, "me/birds")
    assert again.out == f"All of it was there already: {hub.endpoint}/me/birds (private)\n"
    assert again.err == ""
    assert len(hub.uploads) == 1
    assert len(hub.store.repositories["me/birds"].messages) == 2  # that of the empty repository, and the first push


def test_a_push_that_broke_off_goes_on_with_what_is_missing(hub: Hub, own_run: Path, capsys: Capture) -> None:
    weights, onnx = sha256(own_run / "model" / "model.safetensors"), sha256(with_onnx(own_run))
    before = digests(own_run)
    hub.cuts.add(onnx)
    broken = run(capsys, "push", own_run, "me/birds")
    assert broken.code == 1
    assert broken.err.startswith("Error: The Hub cannot be reached, or the connection broke (")
    assert "goes on with what is missing" in broken.err
    assert len(broken.err.splitlines()) == 1
    assert set(hub.store.repositories["me/birds"].tree()) == {".gitattributes"}  # all at once or not at all
    assert digests(own_run) == before
    assert hub.uploads == [weights]
    hub.cuts.clear()
    assert run(capsys, "push", own_run, "me/birds").code == 0
    assert hub.uploads == [weights, onnx]
    assert set(hub.store.repositories["me/birds"].tree()) == FILES | {"onnx/model.onnx"}


def test_a_branch_is_made_where_it_is_missing(hub: Hub, finished: Path, capsys: Capture) -> None:
    run(capsys, "push", finished, "me/birds", "--revision", "trial")
    repository = hub.store.repositories["me/birds"]
    assert set(repository.tree("trial")) == FILES
    assert set(repository.tree("main")) == {".gitattributes"}
    assert "already" in run(capsys, "push", finished, "me/birds", "--revision", "trial").out


def test_a_tag_names_what_was_pushed_and_is_not_moved(hub: Hub, own_run: Path, capsys: Capture) -> None:
    assert "(private, tagged v1)" in run(capsys, "push", own_run, "me/birds", "--tag", "v1").out
    repository = hub.store.repositories["me/birds"]
    assert repository.tags == {"v1": repository.branches["main"]}
    with_onnx(own_run)
    again = run(capsys, "push", own_run, "me/birds", "--tag", "v1")
    assert again.code == 1
    assert "has a tag v1 already; nothing was pushed" in again.err
    assert len(hub.uploads) == 1


def test_a_pull_request_leaves_the_branch_alone(hub: Hub, own_run: Path, capsys: Capture) -> None:
    run(capsys, "push", own_run, "me/birds")
    with_onnx(own_run)
    proposed = run(capsys, "push", own_run, "me/birds", "--pr")
    assert f"{hub.endpoint}/me/birds/discussions/1" in proposed.out
    repository = hub.store.repositories["me/birds"]
    assert set(repository.tree()) == FILES
    assert set(repository.tree("refs/pr/1")) == FILES | {"onnx/model.onnx"}


def test_a_pull_request_needs_a_repository(hub: Hub, finished: Path, capsys: Capture) -> None:
    assert "no repository me/birds to open a pull request on" in run(capsys, "push", finished, "me/birds", "--pr").err
    assert hub.store.repositories == {}
    assert run(capsys, "push", finished, "me/birds", "--pr", "--tag", "v1").code == 2


def test_an_old_model_does_not_mix_with_the_new(hub: Hub, own_run: Path, capsys: Capture) -> None:
    with_onnx(own_run)
    run(capsys, "push", own_run, "me/birds")
    repository = hub.store.repositories["me/birds"]
    kept = {"picture.png": File(b"png", False), "LICENSE.txt": File(b"free", False)}
    repository.commit("main", repository.tree() | kept, "by hand")
    (own_run / "model" / "onnx" / "model.onnx").unlink()
    run(capsys, "push", own_run, "me/birds")
    assert set(repository.tree()) == FILES | set(kept)


def test_anothers_model_is_not_overwritten_unasked(hub: Hub, finished: Path, capsys: Capture) -> None:
    repository = hub.store.create("me/birds", True, next(iter(hub.store.accounts)))
    strange = {"pytorch_model.bin": File(b"weights", True), "config.json": File(b"{}", False)}
    repository.commit("main", repository.tree() | strange, "another model")
    refused = run(capsys, "push", finished, "me/birds")
    assert refused.code == 1
    assert "me/birds holds another model (config.json, pytorch_model.bin) that textcl did not push" in refused.err
    assert hub.uploads == []
    assert run(capsys, "push", finished, "me/birds", "--force").code == 0
    assert set(repository.tree()) == FILES


def test_what_is_public_is_pushed_to_only_by_those_who_say_so(hub: Hub, finished: Path, capsys: Capture) -> None:
    run(capsys, "push", finished, "me/birds", "--public")
    refused = run(capsys, "push", finished, "me/birds", "--tag", "v2")
    assert refused.code == 1
    assert "me/birds is public, and so would be what is pushed there" in refused.err
    assert hub.store.repositories["me/birds"].tags == {}


def test_a_dry_run_lists_and_shows_and_sends_nothing(hub: Hub, own_run: Path, capsys: Capture) -> None:
    (own_run / "model" / "optimizer.pt").write_bytes(b"state")
    shown = run(capsys, "push", own_run, "me/birds", "--dry-run")
    size = (own_run / "model" / "model.safetensors").stat().st_size
    assert f"{size:>15,} bytes  model.safetensors" in shown.out.splitlines()
    assert "Left out, for it is no part of a model: optimizer.pt" in shown.out
    assert shown.out.partition("\n\n")[2].startswith("---\n")  # the front matter of the card
    assert hub.requests == []
