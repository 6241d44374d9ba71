"""Augmentations around augmentations, and what they want of a run's texts, from a recipe."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.recipe.minimal import minimal
from textcl.augment.composed import Chain, OneOf, Sometimes
from textcl.augment.typos import Typos
from textcl.augment.word_deletion import WordDeletion
from textcl.data.views import ViewSpec
from textcl.errors import DataError, RecipeError
from textcl.recipe.load import parse
from textcl.recipe.schema import Recipe
from textcl.workflows.run.build import build_sources
from textcl.workflows.run.data import TrainingPart, build_parts, refuse_equal_views

NESTED: dict[str, Any] = {
    "use": "OneOf",
    "of": [
        {"use": "Sometimes", "of": {"use": "Typos", "rate": 0.5, "slips": ["swap"]}, "p": 0.25},
        {"use": "Chain", "of": [{"use": "WordDeletion"}, {"use": "WordSwap"}]},
    ],
    "weights": [1, 3],
}


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "lines.txt"
    path.write_text("a man plays the guitar\nthe cat sleeps\none dog eats\n", encoding="utf-8")
    return path


def recipe(lines: Path, *augment: dict[str, Any], anchor: tuple[dict[str, Any], ...] = ()) -> Recipe:
    views = [{"role": "anchor", "augment": list(anchor)}, {"role": "positive", "augment": list(augment)}]
    use = {".jsonl": "JsonLines", ".txt": "TextLines"}[lines.suffix]
    return parse(minimal(data={"sources": [{"use": use, "path": str(lines)}], "views": views}))


def views_of(checked: Recipe) -> tuple[ViewSpec, ...]:
    return part_of(checked).views


def part_of(checked: Recipe) -> TrainingPart:
    (part,) = build_parts(checked, build_sources(checked))
    return part


def test_nested_augmentations_are_built_with_their_settings(lines: Path) -> None:
    (made,) = views_of(recipe(lines, NESTED))[1].augment
    assert isinstance(made, OneOf)
    assert made.weights == [1, 3]
    sometimes, chain = made.of
    assert isinstance(sometimes, Sometimes)
    assert (sometimes.p, sometimes.of) == (0.25, Typos(0.5, ("swap",)))
    assert isinstance(chain, Chain)
    assert chain.of[0] == WordDeletion()


def test_a_resolved_recipe_says_every_setting_of_nested_ones_and_builds_the_same(lines: Path) -> None:
    checked = recipe(lines, NESTED)
    again = parse(checked.model_dump(mode="json"))
    assert again == checked
    assert again.data.views is not None
    inner = again.data.views[1].augment[0].settings["of"]
    assert inner[0]["of"] == {"use": "Typos", "rate": 0.5, "slips": ["swap"]}
    assert inner[1]["of"][1] == {"use": "WordSwap", "rate": 0.1}


def test_errors_inside_are_told_with_their_location(lines: Path) -> None:
    wrong = {"use": "OneOf", "of": [{"use": "Typo"}, {"use": "Sometimes", "of": {"use": "Typos", "rat": 1}, "p": "x"}]}
    with pytest.raises(RecipeError) as caught:
        recipe(lines, wrong)
    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == [
        "data.views.1.augment.0.of.0.use",
        "data.views.1.augment.0.of.1.of.rat",
        "data.views.1.augment.0.of.1.p",
    ]


def test_what_a_constructor_inside_refuses_is_told_with_its_location(lines: Path) -> None:
    checked = recipe(lines, {"use": "Chain", "of": [{"use": "WordSwap", "rate": 2}]})
    with pytest.raises(RecipeError, match=r"^data\.views\.1\.augment\.0\.of\.0: rate: found 2"):
        views_of(checked)
    with pytest.raises(RecipeError, match=r"^data\.views\.1\.augment\.0\.of\.0: found 'Typos', .* takes a component"):
        recipe(lines, {"use": "Chain", "of": ["Typos"]})


def test_back_translations_of_other_texts_are_refused_with_their_location(lines: Path, tmp_path: Path) -> None:
    path = tmp_path / "kept.jsonl"
    path.write_text(json.dumps({"text": "other", "translations": ["else"]}) + "\n", encoding="utf-8")
    checked = recipe(lines, {"use": "Sometimes", "of": {"use": "BackTranslated", "path": str(path)}})
    with pytest.raises(DataError, match=r"^data\.views\.1\.augment\.0: .*kept\.jsonl: .* of none of 3 texts"):
        views_of(checked)
    path.write_text(json.dumps({"text": "one dog eats", "translations": ["a dog eats"]}) + "\n", encoding="utf-8")
    assert len(views_of(checked)) == 2


def test_spans_of_one_document_are_refused_where_rows_have_positives(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"anchor": "q", "positive": "d"}\n' * 2, encoding="utf-8")
    checked = recipe(pairs, {"use": "AdjacentSpan", "side": "positive"})
    with pytest.raises(RecipeError, match=r"^data\.views\.1\.augment\.0: AdjacentSpan takes the views of a row from"):
        views_of(checked)


@pytest.mark.parametrize("side", ["anchor", "positive"])
def test_two_views_of_one_span_need_dropout(lines: Path, side: str) -> None:
    checked = recipe(lines, {"use": "AdjacentSpan", "side": side}, anchor=({"use": "AdjacentSpan", "side": "anchor"},))
    if side == "positive":
        return refuse_equal_views(part_of(checked), dropout=0.0)
    with pytest.raises(RecipeError, match="two views of each row are the same text"):
        refuse_equal_views(part_of(checked), dropout=0.0)
    return None
