"""A run folder is never overwritten, and a run goes on only as itself."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.recipe.minimal import minimal
from textcl.data.batches import Batches
from textcl.data.sources.text_files import TextLines
from textcl.data.views import default_views
from textcl.errors import TrainingError
from textcl.recipe.load import load_recipe, parse
from textcl.recipe.schema import Recipe
from textcl.types.batches import Tokens
from textcl.types.text import Role
from textcl.workflows.run.folder import (
    base_models,
    check_resumed,
    check_run_folder,
    note_read,
    write_provenance,
    write_recipe,
)


@pytest.fixture
def recipe() -> Recipe:
    return parse(minimal(training={"steps": 5}))


def test_a_new_or_empty_folder_is_fine(tmp_path: Path, recipe: Recipe) -> None:
    check_run_folder(tmp_path / "new", recipe, resume=False)
    check_run_folder(tmp_path, recipe, resume=False)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_use_is_refused_and_left_alone(tmp_path: Path, recipe: Recipe) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(TrainingError, match=r"is not empty.* --resume, or name another folder with --out"):
        check_run_folder(tmp_path, recipe, resume=False)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("precious.txt", "mine")]


def test_a_file_is_no_run_folder(tmp_path: Path, recipe: Recipe) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="is a file; a run needs a folder"):
        check_run_folder(tmp_path / "file", recipe, resume=False)


def test_there_must_be_a_run_to_go_on_with(tmp_path: Path, recipe: Recipe) -> None:
    (tmp_path / "log.jsonl").write_text("")
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(TrainingError, match=r"holds no run to go on with: .*recipe\.yaml is missing"):
            check_run_folder(folder, recipe, resume=True)


@pytest.mark.parametrize("resume", [False, True])
def test_a_run_that_was_killed_at_its_first_file_begins_anew(tmp_path: Path, recipe: Recipe, resume: bool) -> None:
    (tmp_path / ".recipe.yaml.0a1b2c3d.part").write_text("name: r")
    check_run_folder(tmp_path, recipe, resume=resume)


@pytest.fixture
def begun(tmp_path: Path, tiny_model_folder: Path) -> tuple[Path, TextLines]:
    """A run folder as its first step finds it, and what it trains on."""
    recipe = parse(minimal(encoder={"backbone": str(tiny_model_folder)}, training={"steps": 5, "save_every": 2}))
    (tmp_path / "lines.txt").write_text("one\ntwo\n")
    source = TextLines(str(tmp_path / "lines.txt"))
    folder = tmp_path / "run"
    write_recipe(folder, recipe)
    write_provenance(folder / "run.json", recipe, source, (2,), "abc", "cpu", 1)
    return folder, source


def never(texts: Sequence[str], role: Role) -> Tokens:
    raise AssertionError("nothing is trained here")


def batches_of(source: TextLines) -> Batches:
    return Batches(source, default_views(source[0]), never, 2, seed=1)


def log_steps(folder: Path, count: int) -> None:
    lines = (json.dumps({"step": step}) + "\n" for step in range(1, count + 1))
    (folder / "log.jsonl").write_text("".join(lines))


def test_a_run_goes_on_with_the_data_and_the_model_that_it_began_with(begun: tuple[Path, TextLines]) -> None:
    folder, source = begun
    check_resumed(folder, source, batches_of(source), "abc", steps=5)
    with pytest.raises(TrainingError, match="the base model is not that of the run"):
        check_resumed(folder, source, batches_of(source), "xyz", steps=5)
    (folder.parent / "lines.txt").write_text("one\nthree\nfour\n")
    other = TextLines(str(folder.parent / "lines.txt"))
    with pytest.raises(TrainingError, match=r"not that of the run, which had 2 rows .*; here are 3 with"):
        check_resumed(folder, other, batches_of(other), "abc", steps=5)


@pytest.mark.parametrize(("changed", "goes_on"), [("unread", True), ("read", False), ("first", False), ("more", False)])
def test_a_run_that_a_row_has_stopped_goes_on_when_rows_are_mended_that_it_has_not_read(
    begun: tuple[Path, TextLines], changed: str, goes_on: bool
) -> None:
    folder, _ = begun
    file = folder.parent / "lines.txt"
    lines = [f"text {number}" for number in range(8)]
    file.write_text("\n".join(lines) + "\n")
    source = TextLines(str(file))
    batches = batches_of(source)
    facts = json.loads((folder / "run.json").read_text())
    facts["data"] = {"rows": 8, "fingerprint": source.fingerprint}
    (folder / "run.json").write_text(json.dumps(facts))
    (folder / "checkpoints/step-1").mkdir(parents=True)
    note_read(folder, source, batches)
    read = {0, *batches.rows(0).tolist()}
    row = {"unread": min(set(range(8)) - read), "read": max(read), "first": 0, "more": 7}[changed]
    lines[row] = "mended\nand one more" if changed == "more" else "mended"
    file.write_text("\n".join(lines) + "\n")
    mended = TextLines(str(file))
    if goes_on:
        check_resumed(folder, mended, batches_of(mended), "abc", steps=5)
    else:
        with pytest.raises(TrainingError, match="the data is not that of the run"):
            check_resumed(folder, mended, batches_of(mended), "abc", steps=5)


def test_a_run_whose_checkpoints_are_gone_does_not_begin_anew(begun: tuple[Path, TextLines]) -> None:
    folder, source = begun
    log_steps(folder, 3)
    with pytest.raises(TrainingError, match=r"the run made 3 steps, but its checkpoints are gone"):
        check_resumed(folder, source, batches_of(source), "abc", steps=5)


def test_a_run_that_was_stopped_before_its_first_checkpoint_begins_anew(begun: tuple[Path, TextLines]) -> None:
    folder, source = begun
    log_steps(folder, 2)
    check_resumed(folder, source, batches_of(source), "abc", steps=5)
    (folder / "model").mkdir()
    with pytest.raises(TrainingError, match="its checkpoints are gone"):
        check_resumed(folder, source, batches_of(source), "abc", steps=5)


def test_a_run_is_not_made_shorter_than_it_is(begun: tuple[Path, TextLines]) -> None:
    folder, source = begun
    (folder / "checkpoints/step-4").mkdir(parents=True)
    check_resumed(folder, source, batches_of(source), "abc", steps=4)
    with pytest.raises(TrainingError, match="the run has made 4 steps, and now is to have 3"):
        check_resumed(folder, source, batches_of(source), "abc", steps=3)


def test_the_same_recipe_goes_on_and_training_may_be_changed(tmp_path: Path, recipe: Recipe) -> None:
    write_recipe(tmp_path, recipe)
    assert load_recipe(str(tmp_path / "recipe.yaml")) == recipe
    check_run_folder(tmp_path, recipe, resume=True)
    check_run_folder(tmp_path, parse(minimal(training={"steps": 9, "learning_rate": 1e-6})), resume=True)


def test_another_recipe_does_not_go_on(tmp_path: Path, recipe: Recipe) -> None:
    write_recipe(tmp_path, recipe)
    other = parse(minimal(seed=3, objective={"use": "InfoNCE", "temperature": 0.1}))
    with pytest.raises(TrainingError, match=r"began with another recipe: seed, objective differ"):
        check_run_folder(tmp_path, other, resume=True)


def test_a_run_goes_on_with_another_number_of_workers(tmp_path: Path, recipe: Recipe) -> None:
    write_recipe(tmp_path, recipe)
    data = recipe.data.model_copy(update={"workers": 3})
    check_run_folder(tmp_path, recipe.model_copy(update={"data": data}), resume=True)
    smaller = data.model_copy(update={"batch_size": 7})
    with pytest.raises(TrainingError, match="began with another recipe: data differ"):
        check_run_folder(tmp_path, recipe.model_copy(update={"data": smaller}), resume=True)


def test_provenance_tells_versions_data_and_seed(tmp_path: Path, tiny_model_folder: Path) -> None:
    recipe = parse(minimal(encoder={"backbone": str(tiny_model_folder)}))
    (tmp_path / "lines.txt").write_text("one\ntwo\n")
    source = TextLines(str(tmp_path / "lines.txt"))
    write_provenance(tmp_path / "run.json", recipe, source, (2,), "abc", "cpu", 2)
    facts = json.loads((tmp_path / "run.json").read_text())
    assert facts["data"] == {"rows": 2, "fingerprint": source.fingerprint}
    assert (facts["base_models"], facts["encoder"]) == ([], "abc")
    assert (facts["seed"], facts["device"], facts["processes"]) == (17, "cpu", 2)
    assert {"textcl", "torch", "transformers", "numpy"} <= set(facts["packages"])


def test_provenance_tells_what_each_source_gives(tmp_path: Path, tiny_model_folder: Path) -> None:
    lines = {"use": "TextLines", "path": "lines.txt"}
    data = {"sources": [{"name": "small", "source": lines}, lines], "mixing": {"temperature": 2}}
    recipe = parse(minimal(encoder={"backbone": str(tiny_model_folder)}, data=data))
    (tmp_path / "lines.txt").write_text("one\ntwo\n")
    source = TextLines(str(tmp_path / "lines.txt"))
    write_provenance(tmp_path / "run.json", recipe, source, (10, 1000), "abc", "cpu", 1)
    small, large = json.loads((tmp_path / "run.json").read_text())["data"]["sources"]
    assert (small["name"], small["rows"], large["name"], large["rows"]) == ("small", 10, "sources.1", 1000)
    assert (small["share"], large["share"]) == pytest.approx((1 / 11, 10 / 11))  # the roots of the sizes


def test_models_of_the_hub_are_told_with_their_commits(
    tmp_path: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commits = {"some/encoder": "a" * 40, "other/encoder": "b" * 40}
    for name, commit in commits.items():  # as huggingface_hub keeps what it has fetched
        kept = tmp_path / "hub" / f"models--{name.replace('/', '--')}"
        shutil.copytree(tiny_model_folder, kept / "snapshots" / commit)
        (kept / "refs").mkdir()
        (kept / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    one, other = ({"id": name, "revision": commit} for name, commit in commits.items())
    folder = {"backbone": str(tiny_model_folder)}
    for encoder, found in (
        ({"backbone": "some/encoder"}, [one]),
        ({"backbone": "some/encoder", "documents": {}}, [one]),
        ({"backbone": "some/encoder", "documents": {"backbone": "other/encoder"}}, [one, other]),
        ({"backbone": "some/encoder", "random_init": True}, []),
        ({"backbone": "some/encoder", "random_init": True, "documents": {"random_init": False}}, [one]),
        ({"backbone": "some/encoder", "documents": folder}, [one]),
        (folder, []),
    ):
        assert base_models(parse(minimal(encoder=encoder))) == found
