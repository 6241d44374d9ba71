"""`textcl reproduce`: a run and a published model trained again, and what is refused before that."""

import json
import re
import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.tiny import SENTENCES, tiny_encoder
from textcl.encoder.locate import find_repository
from textcl.errors import DataError, ModelError, RecipeError
from textcl.hub.card import render_card
from textcl.recipe.load import load_recipe
from textcl.workflows.reproduce import open_origin
from textcl.workflows.run.train import train_recipe

PAIRS = "sentence1\tsentence2\tscore\n" + "".join(
    f"{one}\t{other}\t{(3 * row) % 5}\n" for row, (one, other) in enumerate(pairwise(SENTENCES))
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three steps that is scored on a set of the user's own; the files lie beside its folder."""
    location = tmp_path_factory.mktemp("first")
    tiny_encoder().save(location / "tiny")
    (location / "lines.txt").write_text("\n".join(SENTENCES), encoding="utf-8")
    (location / "pairs.tsv").write_text(PAIRS, encoding="utf-8")
    changes = [
        f"data.sources.0.path={location / 'lines.txt'}", f"encoder.backbone={location / 'tiny'}", "data.batch_size=4",
        "training.steps=3", "training.learning_rate=1e-3", "training.precision=float32",
        f"evaluation.after=['sts:{location / 'pairs.tsv'}']",
    ]  # fmt: skip
    train_recipe(load_recipe("simcse", changes), location / "run")
    return location / "run"


@pytest.fixture
def copied(trained: Path, tmp_path: Path) -> Path:
    """A copy of that run, to be spoilt."""
    return shutil.copytree(trained, tmp_path / "copy")


@pytest.fixture
def published(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same as a repository of the Hub that was fetched before: one folder, and no path of its maker's machine."""
    kept = tmp_path / "hub" / "models--me--mine"
    snapshot = shutil.copytree(trained / "model", kept / "snapshots" / ("c" * 40))
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("c" * 40)
    recipe = (trained / "recipe.yaml").read_text(encoding="utf-8").replace(f"{trained.parent}/", "./")
    (snapshot / "recipe.yaml").write_text(recipe, encoding="utf-8")
    for name in ("run.json", "report.json"):
        shutil.copy(trained / name, snapshot / name)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return "me/mine"


def test_a_run_comes_out_the_same_to_the_last_bit(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = run(capsys, "reproduce", trained, "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert "Data, base model, versions and machine are those of then." in again.out
    assert "Reproduced to the last bit. The weights are equal. All scores are equal (2)." in again.out
    assert "cannot tell" in again.out  # the table of both runs


def test_the_command_on_the_card_of_a_published_model_makes_it_again(
    published: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained.parent)
    (published,) = [
        line for line in render_card(trained, published).splitlines() if line.startswith("textcl reproduce")
    ]
    again = run(capsys, *shlex.split(published)[1:], "--out", tmp_path / "again")
    assert again.code == 0, again.err
    assert "Reproduced to the last bit." in again.out
    assert "The items of its scores are not there" in again.out
    assert (tmp_path / "again" / "model").is_dir()


def test_data_that_is_not_here_is_asked_for(published: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"lines\.txt.*\n.*Say where it lies here: data\.sources\.0\.path=FILE"):
        open_origin(published, [])


def test_evaluation_sets_that_are_not_here_are_asked_for(
    published: str, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        DataError, match=r"pairs\.tsv.*\n.*evaluation\.data_dir=FOLDER, or evaluation\.after\.0=sts:FILE"
    ):
        open_origin(published, [f"data.sources.0.path={trained.parent / 'lines.txt'}"])


def test_other_data_is_refused_before_anything_trains(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.txt").write_text("\n".join(SENTENCES[:-1]) + "\nfowl\n", encoding="utf-8")
    refused = run(
        capsys, "reproduce", trained, f"data.sources.0.path={tmp_path / 'other.txt'}", "--out", tmp_path / "x"
    )
    assert refused.code == 1
    assert "The data is not that of the run: it had 7 rows with the fingerprint" in refused.err
    assert f"textcl train {trained / 'recipe.yaml'}" in refused.err
    assert not (tmp_path / "x").exists()


def test_another_evaluation_set_under_the_same_name_is_refused(trained: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text(PAIRS.replace("two dogs", "three dogs"), encoding="utf-8")
    with pytest.raises(DataError, match=r"pairs: .* are of different data under one name"):
        open_origin(str(trained), [f"evaluation.after.0=sts:{tmp_path / 'pairs.tsv'}"])


def test_what_is_not_as_it_was_is_said(copied: Path) -> None:
    facts = json.loads((copied / "run.json").read_text())
    facts["packages"]["torch"], facts["processes"] = "1.0", 2
    (copied / "run.json").write_text(json.dumps(facts))
    found = open_origin(str(copied), ["seed=5", "training.steps=4"])
    assert found.changed == ("seed: 17 → 5", "training.steps: 3 → 4")
    assert found.remarks[0] == "processes: 2 then, 1 now"
    assert found.remarks[1].startswith("torch: 1.0 then, ")
    assert len(found.remarks) == 2


def test_a_base_model_with_other_weights_is_noticed(trained: Path, tmp_path: Path) -> None:
    tiny_encoder(seed=5).save(tmp_path / "other")
    found = open_origin(str(trained), [f"encoder.backbone={tmp_path / 'other'}"])
    assert found.changed == ()
    assert found.remarks == ("base model: its weights, its config or its tokenizer are not those of then",)


def test_a_run_that_publishes_does_not_when_it_is_repeated(copied: Path) -> None:
    recipe = copied / "recipe.yaml"
    recipe.write_text(recipe.read_text(encoding="utf-8").replace("repo: null", "repo: me/mine"), encoding="utf-8")
    found = open_origin(str(copied), [])
    assert (found.recipe.hub.repo, found.changed) == (None, ())


def test_a_folder_without_a_recipe_says_so(tiny_model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"holds no recipe\.yaml, so nobody can say how it was made"):
        open_origin(str(tiny_model_folder), [])
    with pytest.raises(ModelError, match="There is no folder"):
        open_origin(str(tmp_path / "gone"), [])


def test_without_its_facts_a_run_is_taken_at_its_word(copied: Path) -> None:
    (copied / "run.json").unlink()
    (remark,) = open_origin(str(copied), []).remarks
    assert "no run.json" in remark
    (copied / "run.json").write_text("{")
    with pytest.raises(DataError, match=r"run\.json cannot be read"):
        open_origin(str(copied), [])


def test_a_recipe_of_an_earlier_version_is_refused_with_the_new_settings_and_whose_it_is(published: str) -> None:
    folder = find_repository(published)
    old = (folder / "recipe.yaml").read_text(encoding="utf-8")
    old = old.replace("partition_mode: joint", "shares_softmax: true").replace("query_to_doc", "anchor_to_candidates")
    (folder / "recipe.yaml").write_text(old, encoding="utf-8")
    with pytest.raises(RecipeError) as caught:
        open_origin(published, [])
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("objective.directions: 'anchor_to_candidates' is now query_to_doc.")
    assert lines[1] == "objective.shares_softmax: is now partition_mode. Write partition_mode: joint."
    assert re.match(rf"The recipe is {re.escape(str(folder / 'recipe.yaml'))}, written by textcl \d", lines[2])


def test_a_recipe_of_the_hub_reaches_for_no_address_that_nobody_has_named(
    published: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fetched_shards(path: str, kind: object) -> None:
        asked.append(path)
        raise DataError(f"{path}: cannot be fetched.")

    monkeypatch.setattr("textcl.data.sources.remote.fetched_shards", fetched_shards)
    recipe = find_repository(published) / "recipe.yaml"
    recipe.write_text(re.sub(r"path: \S*lines\.txt", "path: https://example.org/lines.txt", recipe.read_text()))
    with pytest.raises(
        RecipeError, match=r"^data\.sources\.0\.path: found https://example\.org/lines\.txt\. A recipe of"
    ):
        open_origin(published, [])
    assert asked == []
    with pytest.raises(DataError, match="cannot be fetched"):
        open_origin(published, ["data.sources.0.path=https://example.org/lines.txt"])
    assert asked == ["https://example.org/lines.txt"]
