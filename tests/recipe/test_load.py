"""From a name or a path to a recipe, and back to YAML."""

from pathlib import Path

import pytest

from tests.recipe.minimal import minimal, write_recipe_file
from textcl.errors import RecipeError
from textcl.files.yaml import read_yaml
from textcl.recipe.load import load_recipe, parse, recipe_text, resolved

INFO_NCE = {
    "temperature": 0.05,
    "learns_temperature": False,
    "directions": ["query_to_doc"],
    "partition_mode": "joint",
    "hardness_mode": None,
    "hardness_strength": 0.0,
    "margin": None,
    "guide": None,
    "guide_margin": 0.0,
    "guide_margin_strategy": "absolute",
}


def test_a_minimal_recipe_gets_every_default(tmp_path: Path) -> None:
    recipe = load_recipe(write_recipe_file(tmp_path, minimal()))
    assert (recipe.data.batch_size, recipe.data.max_length, recipe.seed) == (64, 128, 17)
    assert (recipe.training.epochs, recipe.training.steps) == (1, None)
    assert recipe.objective.use == "InfoNCE"
    assert recipe.objective.settings == INFO_NCE
    assert recipe.evaluation.during is None
    assert recipe.evaluation.after == ()


def test_a_resolved_recipe_loads_again_to_an_equal_one(tmp_path: Path) -> None:
    raw = minimal(
        training={"steps": 7, "learning_rate": 1e-5},
        encoder={"backbone": "b", "prompts": {"anchor": "query: "}, "dropout": 0.1},
        evaluation={
            "during": {"suite": "sts-dev", "every": 5, "keep_best_by": "stsb-dev/spearman"},
            "after": ["sts-smoke", {"name": "pairs", "source": {"use": "JsonLines", "path": "p.jsonl"}}],
        },
    )
    raw["data"]["views"] = [{"role": "anchor", "augment": [{"use": "SpanCrop", "low": 0.5}]}, {"role": "positive"}]
    recipe = parse(raw)
    text = resolved(recipe)
    assert load_recipe(write_recipe_file(tmp_path, text)) == recipe
    assert resolved(load_recipe(write_recipe_file(tmp_path, text))) == text


def test_a_resolved_recipe_spells_out_the_defaults_of_components() -> None:
    spelled = read_yaml(resolved(parse(minimal())), "here")
    assert spelled["objective"] == {"use": "InfoNCE", **INFO_NCE}
    assert list(spelled) == ["name", "seed", "data", "encoder", "objective", "training", "evaluation", "hub"]


def test_parsing_leaves_its_argument_alone() -> None:
    raw = minimal()
    parse(raw)
    assert raw == minimal()


def test_an_unknown_name_gets_the_list_and_a_suggestion() -> None:
    with pytest.raises(RecipeError, match=r"^There is no recipe 'simcs'\. .*simcse.*Did you mean 'simcse'"):
        load_recipe("simcs")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"none\.yaml: it cannot be read: No such file or directory\."):
        load_recipe(str(tmp_path / "none.yaml"))


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"name: \xff\xfe")
    with pytest.raises(RecipeError, match=r"binary\.yaml: it cannot be read: it is not UTF-8 text\."):
        load_recipe(str(tmp_path / "binary.yaml"))


def test_a_run_folder_points_to_the_recipe_in_it(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("name: x")
    with pytest.raises(RecipeError, match=r"is a folder; the recipe in it is .*recipe\.yaml\."):
        load_recipe(str(tmp_path))


def test_a_file_without_a_suffix_is_read_by_its_path(tmp_path: Path) -> None:
    path = Path(write_recipe_file(tmp_path, minimal())).rename(tmp_path / "mine")
    assert load_recipe(str(path)).name == "tiny"


def test_the_text_of_a_bundled_recipe_is_shown_with_its_comments() -> None:
    assert recipe_text("simcse").startswith("# Unsupervised SimCSE")


def test_an_error_in_the_yaml_names_the_file_and_the_line(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"mine\.yaml, line 2, column 1: .*'a' stands here twice"):
        load_recipe(write_recipe_file(tmp_path, "a: 1\na: 2\n"))
