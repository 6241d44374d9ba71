"""Recipes that are wrong in some way: each works, or is refused with its location."""

import datetime
import functools
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

import textcl
from tests.faults.campaign import Case, try_cases
from tests.faults.changes import changed_bytes, changed_value
from tests.faults.commands import run
from tests.faults.judge import fault_of
from tests.faults.material import plain_recipe, rich_recipe

pytestmark = pytest.mark.faults
_SECTIONS = ("name", "seed", "data", "encoder", "objective", "training", "evaluation", "hub", "recipe")
_PIECES = (
    b"[", b"]", b"{", b"}", b": ", b"- ", b"\t", b"&a ", b"*a", b"!!int ", b"!!python/name:os.system ", b"'", b'"',
    b"<<: ", b"\xff", b"\x1b[2J",
)  # fmt: skip
_SHORT = ["training.epochs=null", "training.steps=1", "evaluation.during=null", "hub.repo=null"]


def test_a_recipe_with_a_wrong_value_works_or_names_the_location(base: Path) -> None:
    try_cases("recipes", _case, base)


def _case(rng: random.Random) -> Case:
    return rng.choice([_changed_value, _changed_value, _changed_value, _changed_text, _python])(rng)


def _changed_value(rng: random.Random) -> Case:
    what, recipe = changed_value(rng.choice([plain_recipe, rich_recipe])(), rng)
    text = yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")
    return _read_by(rng, what, text)


def _changed_text(rng: random.Random) -> Case:
    text = yaml.safe_dump(rng.choice([plain_recipe, rich_recipe])(), sort_keys=False).encode()
    what, text = changed_bytes(text, rng, _PIECES)
    return _read_by(rng, what, text)


def _read_by(rng: random.Random, what: str, text: bytes) -> Case:
    """Let a verb read a recipe that is written in its place."""
    verb = rng.choice(["check", "check", "check", "train", "reproduce"])

    def attempt(folder: Path) -> str | None:
        if verb == "reproduce":
            (folder / "done" / "recipe.yaml").write_bytes(text)
            return fault_of(run(["reproduce", "done", *_SHORT, "--out", "again"], folder), ["done", *_SECTIONS])
        (folder / "mine.yaml").write_bytes(text)
        words = ["check", "mine.yaml"] if verb == "check" else ["train", "mine.yaml", *_SHORT, "--out", "run"]
        return fault_of(run(words, folder), ["mine.yaml", *_SECTIONS])

    return Case(f"{verb} {what}", attempt)


def _python(rng: random.Random) -> Case:
    """Give a dict to Python, with values that no YAML can hold."""
    what, recipe = changed_value(rng.choice([plain_recipe, rich_recipe])(), rng)
    if rng.random() < 0.5:
        name, value = rng.choice(list(_odd_values().items()))
        section = rng.choice([key for key in recipe if isinstance(recipe[key], dict)] or ["data"])
        recipe[section] = {**(recipe.get(section) or {}), rng.choice(["x", *plain_recipe()["data"]]): value}
        what = f"{section} with {name}"
    trains = rng.random() < 0.3
    work = (
        functools.partial(textcl.train, recipe, changes=_SHORT, out="run")
        if trains
        else lambda: textcl.load_recipe(recipe)
    )
    return Case(f"Python {what}", lambda folder: fault_of(run(work, folder), _SECTIONS))


def _odd_values() -> dict[str, Any]:
    itself: list[Any] = []
    itself.append(itself)
    deep: list[Any] = functools.reduce(lambda inner, _: [inner], range(5000), [])
    return {
        "itself": itself, "a deep list": deep, "bytes": b"x", "a set": {1, 2}, "an object": object(), "a class": dict,
        "a path": Path("pairs.jsonl"), "a date": datetime.date(2020, 1, 1), "a complex number": 1j,
        "half a character": "\ud800",
        "keys that are no text": {(1, 2): 3}, "a key of None": {None: 1}, "huge": 10**5000,
    }  # fmt: skip
