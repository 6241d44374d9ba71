"""Changes from the command line."""

from typing import Any

import pytest

from textcl.errors import RecipeError
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
