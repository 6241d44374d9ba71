"""Every bundled recipe is right: it loads, says everything, and names parts that exist."""

from pathlib import Path

import pytest

from tests.tiny import tiny_encoder
from textcl.files.yaml import read_yaml
from textcl.recipe.components import AUGMENTATION, INPUT_AUGMENTATION, OBJECTIVE, SOURCE
from textcl.recipe.load import load_recipe, parse, recipe_text, resolved
from textcl.recipe.section import InlineTask
from textcl.util.installed import names, recipes_folder
from textcl.workflows.run.objective import build_objective

RECIPES = names(recipes_folder())
# all that a user must add
GIVEN = {name: ["data.sources.0.path=mine"] for name in RECIPES if name != "quickstart"}
GIVEN["mixed"] = ["data.sources.0.source.path=mine", "data.sources.1.source.path=mine"]
WIDTH = 768  # of BERT base, which the recipes name


def test_the_recipes_that_others_rely_on_are_there() -> None:
    plain = {"simcse", "crops", "simclr", "moco", "byol", "simsiam", "swav", "barlow-twins", "vicreg"}
    plain |= {"esimcse", "declutr", "tsdae", "documents"}
    paired = {"pairs", "triplets", "listwise", "matryoshka", "two-tower", "distil", "multilingual", "adapter", "static"}
    labelled = {"cosent", "angle", "cosine-regression", "contrastive", "supcon", "batch-triplet"}
    assert {"quickstart", "mixed"} | plain | paired | labelled == set(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_a_bundled_recipe_is_right_and_named_like_its_file(name: str) -> None:
    recipe = load_recipe(name, GIVEN.get(name, []))
    assert recipe.name == name
    build_objective(recipe, WIDTH, None if recipe.encoder.teacher is None else WIDTH, tiny_encoder())


@pytest.mark.parametrize("name", RECIPES)
def test_a_bundled_recipe_resolves_to_an_equal_one(name: str, tmp_path: Path) -> None:
    recipe = load_recipe(name, GIVEN.get(name, []))
    (tmp_path / "recipe.yaml").write_text(resolved(recipe), encoding="utf-8")
    assert load_recipe(str(tmp_path / "recipe.yaml")) == recipe


@pytest.mark.parametrize("name", RECIPES)
def test_a_bundled_recipe_begins_with_what_it_is_for(name: str) -> None:
    first = recipe_text(name).partition("\n")[0]
    assert first.startswith("# ")
    assert first.endswith(".")


@pytest.mark.parametrize("name", RECIPES)
def test_held_out_packages_are_never_trained_on(name: str) -> None:
    recipe = load_recipe(name, GIVEN.get(name, []))
    sources = [getattr(entry, "source", entry) for entry in recipe.data.sources]
    trained = {package for source in sources for package in source.settings.get("packages", [])}
    held_out = {
        package
        for entry in recipe.evaluation.after
        if isinstance(entry, InlineTask)
        for package in entry.source.settings["packages"]
    }
    assert not trained & held_out
    assert bool(trained) == bool(held_out)


def test_the_recipe_in_the_readme_is_right_and_says_every_setting() -> None:
    text = (recipes_folder() / "README.md").read_text(encoding="utf-8")
    block = text.partition("```yaml\n")[2].partition("```")[0]
    raw = read_yaml(block, "README.md")
    spelled = parse(raw).model_dump(mode="json")
    sections = ("data", "encoder", "objective", "training", "evaluation", "hub")
    assert {name: set(raw[name]) for name in sections} == {name: set(spelled[name]) for name in sections}


def test_the_readme_lists_every_component() -> None:
    text = (recipes_folder() / "README.md").read_text(encoding="utf-8")
    components = {name for room in (SOURCE, AUGMENTATION, INPUT_AUGMENTATION, OBJECTIVE) for name in room.names()}
    assert {name for name in components if f"`{name}`" not in text} == set()
