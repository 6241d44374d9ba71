"""Changes from the command line."""

from typing import Any

import pytest

from tests.recipe.minimal import minimal
from textcl.errors import RecipeError
from textcl.recipe.load import load_recipe
from textcl.recipe.overrides import override


def raw() -> dict[str, Any]:
    return {
        "name": "x",
        "data": {"sources": [{"use": "TextLines", "path": None}], "batch_size": 4},
        "training": {"epochs": 2, "clip": 1.0},
        "evaluation": {"during": None},
    }


@pytest.mark.parametrize(
    ("change", "path", "value"),
    [
        ("data.batch_size=8", ("data", "batch_size"), 8),
        ("training.learning_rate=1e-5", ("training", "learning_rate"), 1e-5),
        ("data.sources.0.path=a/b=c.txt", ("data", "sources", 0, "path"), "a/b=c.txt"),
        ("evaluation.after=[sts, scifact]", ("evaluation", "after"), ["sts", "scifact"]),
        ("evaluation.data_dir=", ("evaluation", "data_dir"), None),
        ("evaluation.during.suite=sts-dev", ("evaluation", "during", "suite"), "sts-dev"),
        ("objective.use=InfoNCE", ("objective", "use"), "InfoNCE"),
    ],
)
def test_a_value_is_put_where_its_key_leads(change: str, path: tuple[Any, ...], value: object) -> None:
    recipe: Any = raw()
    override(recipe, [change])
    for part in path:
        recipe = recipe[part]
    assert recipe == value


def test_later_changes_win_over_earlier_ones() -> None:
    recipe = raw()
    override(recipe, ["data.batch_size=8", "data.batch_size=16"])
    assert recipe["data"]["batch_size"] == 16


def test_steps_take_the_location_of_epochs_in_the_file() -> None:
    recipe = raw()
    override(recipe, ["training.steps=30"])
    assert recipe["training"] == {"steps": 30, "clip": 1.0}


def test_steps_and_epochs_given_together_stay_together_to_be_refused() -> None:
    recipe = raw()
    override(recipe, ["training.steps=30", "training.epochs=1"])
    assert recipe["training"] == {"steps": 30, "epochs": 1, "clip": 1.0}


def test_null_steps_leave_the_epochs_alone() -> None:
    recipe = raw()
    override(recipe, ["training.steps=null"])
    assert recipe["training"]["epochs"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("batch_size", "'batch_size' is no change to a recipe. It is written key=value: training.learning_rate=1e-5"),
        ("=3", "'=3' is no change to a recipe. It is written key=value: training.learning_rate=1e-5"),
        ("data..x=3", "'data..x=3' is no change to a recipe. It is written key=value: training.learning_rate=1e-5"),
        ("name.first=3", "name.first: name is 'x', and nothing can be set inside it."),
        (
            "data.sources.1.path=a",
            "data.sources.1.path: data.sources is a list, its positions are 0 to 0; found '1'.",
        ),
        (
            "data.sources.path=a",
            "data.sources.path: data.sources is a list, its positions are 0 to 0; found 'path'.",
        ),
        ("data.batch_size=[1", "data.batch_size=, line 1, column 3: the YAML cannot be read: expected ',' or ']', but"),
    ],
)
def test_a_change_that_leads_nowhere_is_refused(change: str, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        override(raw(), [change])
    assert str(caught.value).startswith(message)


def itself() -> list[object]:
    """A list that holds itself."""
    made: list[object] = []
    made.append(made)
    return made


def nested(levels: int) -> object:
    """A list inside a list inside a list."""
    made: object = 1
    for _ in range(levels):
        made = [made]
    return made


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (itself(), "seed: a recipe cannot hold what was found here (Circular reference detected)."),
        ({(1, 2): 3}, "seed: a recipe cannot hold what was found here (keys must be str,"),
        ([10**5000], "seed: a recipe cannot hold what was found here (Exceeds the limit"),
        (nested(5000), "seed: a recipe cannot hold what was found here (maximum recursion depth"),
        (nested(51), "seed: found more than 50 levels inside one another."),
        (nested(50), "seed: found [[[[[[["),
        (float("nan"), "seed: found NaN"),
        ({1, 2}, "seed: found '{1, 2}'"),
    ],
)
def test_a_value_of_python_that_no_recipe_can_hold_is_told_with_its_location(value: object, error: str) -> None:
    for give in (lambda: load_recipe(minimal(seed=value)), lambda: load_recipe(minimal(), {"seed": value})):
        with pytest.raises(RecipeError) as caught:
            give()
        assert str(caught.value).startswith(error)


@pytest.mark.parametrize("key", [None, 3, (1, 2), b"name"])
def test_a_key_of_python_that_is_no_text_is_told(key: object) -> None:
    for give in (lambda: load_recipe({**minimal(), key: 1}), lambda: load_recipe(minimal(), {key: 1})):  # type: ignore[dict-item]
        with pytest.raises(RecipeError, match="A key of a recipe is a text"):
            give()


@pytest.mark.parametrize("changes", [3, None, [3], [["a", "b"]], {"seed=1"}, b"seed=1"])
def test_changes_that_are_none_are_told(changes: Any) -> None:
    with pytest.raises(RecipeError, match="The changes are neither a dict nor a list of texts"):
        load_recipe(minimal(), changes)


@pytest.mark.parametrize("recipe", [None, 3, [minimal()], b"simcse"])
def test_what_is_no_recipe_at_all_is_told(recipe: Any) -> None:
    with pytest.raises(RecipeError, match="A recipe is a name, a path, a dict or a Recipe; found "):
        load_recipe(recipe)


@pytest.mark.parametrize("allowed", [3, {"a": "b"}, [3], [None], [b"x"]])
def test_consent_that_is_no_list_of_names_is_told(allowed: Any) -> None:
    with pytest.raises(RecipeError, match="allow_code: it must be a tuple of names"):
        load_recipe(minimal(), (), allowed)
