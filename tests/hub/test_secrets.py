"""What never leaves the machine: its paths, tokens, checkpoints and the optimiser's state."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.running import run
from tests.hub.hub_server import TOKEN, Hub
from tests.recipe.minimal import minimal
from textcl.errors import PublishError
from textcl.files.yaml import write_yaml
from textcl.hub.contents import Upload, paths_in, refuse_secrets, stand_ins, without_paths
from textcl.recipe.load import load_recipe
from textcl.workflows.publish import published_facts

Capture = pytest.CaptureFixture[str]


def test_no_byte_that_arrives_tells_of_the_machine(hub: Hub, finished: Path, capsys: Capture) -> None:
    source = b"home-of-someone"  # a part of every path of the run
    assert source in (finished / "recipe.yaml").read_bytes()  # what the cleaning is for
    assert source in (finished / "report.json").read_bytes()
    assert source in (finished / "report.html").read_bytes()
    assert (finished / "checkpoints" / "step-2" / "training.pt").is_file()
    run(capsys, "push", finished, "me/birds")
    arrived = [file.content for file in hub.store.repositories["me/birds"].tree().values()] + hub.received
    assert sum(map(len, arrived)) > 2 * (finished / "model" / "model.safetensors").stat().st_size
    for secret in (source, TOKEN.encode(), str(Path.cwd()).encode(), f"{Path.home()}/".encode(), b"pytest-of"):
        assert not any(secret in content for content in arrived), secret
    assert not any("checkpoint" in path or "training.pt" in path for path in hub.store.repositories["me/birds"].tree())


def test_the_recipe_that_arrives_is_the_runs_own_but_for_paths(hub: Hub, finished: Path, capsys: Capture) -> None:
    run(capsys, "push", finished, "me/birds")
    text = hub.store.repositories["me/birds"].tree()["recipe.yaml"].content.decode()
    assert text.startswith("# As it was run, but for paths of the machine")
    assert "data.sources.0.path, encoder.backbone, evaluation.after.0.source.path" in text
    arrived, own = yaml.safe_load(text), yaml.safe_load((finished / "recipe.yaml").read_text())
    assert arrived["data"]["sources"][0].pop("path") == "./train/pairs.jsonl"  # told apart from the other
    assert arrived["evaluation"]["after"][0]["source"].pop("path") == "./dev/pairs.jsonl"
    assert arrived["encoder"].pop("backbone") == "./models/tiny"
    del own["data"]["sources"][0]["path"], own["evaluation"]["after"][0]["source"]["path"], own["encoder"]["backbone"]
    assert arrived == own


def test_a_published_recipe_publishes_nothing(tmp_path: Path) -> None:
    text = write_yaml(minimal(hub={"repo": "me/birds", "private": False}))
    (tmp_path / "recipe.yaml").write_text(text)
    published = published_facts(tmp_path)
    (tmp_path / "again.yaml").write_text(published.recipe)
    assert load_recipe(str(tmp_path / "again.yaml")).hub.repo is None
    assert not published.recipe.startswith("#")  # there was no path to cut


@pytest.mark.parametrize(
    ("name", "secret", "what"),
    [
        ("model/config.json", f"hf_{'a' * 34}", "what looks like a token"),
        ("model/config.json", f"{Path.home()}/models/x", "a path of this machine"),
        ("model/onnx/config.json", f"{Path.cwd()}/runs", "a path of this machine"),
        ("run.json", f"{Path.home()}/runs", "a path of this machine"),
        ("report.json", f"hf_{'a' * 34}", "what looks like a token"),
    ],
)
def test_a_file_with_a_secret_is_not_pushed(
    hub: Hub, own_run: Path, capsys: Capture, name: str, secret: str, what: str
) -> None:
    file = own_run / name
    file.parent.mkdir(exist_ok=True)
    held = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**held, "note": secret}))
    refused = run(capsys, "push", own_run, "me/birds")
    assert refused.code == 1
    assert f"{name.removeprefix('model/')} holds {what}" in refused.err
    assert "hf_a" not in refused.err
    assert hub.requests == []


@pytest.mark.parametrize("name", ["model/config.json", "model/1_Pooling", "run.json", "model/more.json"])
def test_no_link_is_published(hub: Hub, own_run: Path, tmp_path: Path, capsys: Capture, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    if (own_run / name).exists():
        (own_run / name).rename(elsewhere)
    else:
        elsewhere.write_text("{}")
    (own_run / name).symlink_to(elsewhere)
    pushed = run(capsys, "push", own_run, "me/birds")
    assert pushed.code == 1
    assert f"{own_run / name} is a link, and what it leads to is not published" in pushed.err
    assert "me/birds" not in hub.store.repositories


def test_a_page_may_quote_a_path_that_others_wrote(hub: Hub, own_run: Path, capsys: Capture) -> None:
    page = own_run / "report.html"
    page.write_text(page.read_text() + f"<p>look into {Path.home()}/.config, says a forum</p>")
    assert run(capsys, "push", own_run, "me/birds").code == 0
    page.write_text(page.read_text() + f"<p>hf_{'a' * 34}</p>")
    assert "report.html holds what looks like a token" in run(capsys, "push", own_run, "me/birds").err


def test_the_header_of_weights_is_looked_at_and_their_numbers_are_not(tmp_path: Path) -> None:
    secret = f"{Path.home()}/x".encode()
    header = json.dumps({"__metadata__": {"format": "pt"}}).encode()
    file = tmp_path / "model.safetensors"
    file.write_bytes(len(header).to_bytes(8, "little") + header + secret)
    refuse_secrets((Upload("model.safetensors", file),), tmp_path)
    file.write_bytes(len(header + secret).to_bytes(8, "little") + header + secret)
    with pytest.raises(PublishError, match=r"model\.safetensors holds a path of this machine"):
        refuse_secrets((Upload("model.safetensors", file),), tmp_path)


def test_paths_are_told_from_other_texts() -> None:
    assert paths_in("/home/me/x.txt") == ["/home/me/x.txt"]
    assert paths_in("sts:/home/me/pairs.tsv") == ["/home/me/pairs.tsv"]
    assert paths_in("classification:/a/train.jsonl,/a/test.jsonl") == ["/a/train.jsonl", "/a/test.jsonl"]
    for text in ("corpora/mine.txt", "me/model", "pkg://package/model", "https://x.org/a", "/query: ", "a /b/c d", ""):
        assert paths_in(text) == []


def test_stand_ins_are_as_short_as_tells_them_apart() -> None:
    assert stand_ins(["/a/b/x", "/a/c/y"]) == {"/a/b/x": "./x", "/a/c/y": "./y"}
    assert stand_ins(["/a/b/x", "/a/c/x", "/a/b/x"]) == {"/a/b/x": "./b/x", "/a/c/x": "./c/x"}
    assert stand_ins([]) == {}


def test_paths_are_replaced_as_html_and_json_write_them() -> None:
    named = {"/home/me/a&b": "./a&b", '/home/me/"q"': './"q"', "/home/me/a&b/more": "./more"}
    assert without_paths("<p>/home/me/a&amp;b</p> /home/me/a&b/more", named) == "<p>./a&amp;b</p> ./more"
    assert without_paths(json.dumps('/home/me/"q"'), named) == json.dumps('./"q"')
