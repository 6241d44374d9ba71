"""The parts of a run, from a recipe."""

import random
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.recipe.minimal import minimal
from tests.tiny import tiny_encoder
from textcl.augment.cutoff import FeatureCutoff
from textcl.augment.token_shuffle import TokenShuffle
from textcl.data.sources.concatenation import Concatenation
from textcl.data.sources.text_files import TextLines
from textcl.encoder.fingerprint import token_key
from textcl.errors import DataError, RecipeError
from textcl.evaluation.tasks.retrieval import Retrieval
from textcl.objectives.info_nce import InfoNCE
from textcl.recipe.load import parse
from textcl.recipe.schema import Recipe
from textcl.types.text import Role
from textcl.workflows.run.build import build_encoder, build_sources
from textcl.workflows.run.data import TrainingPart, build_batches, build_parts, joined, refuse_equal_views, run_length
from textcl.workflows.run.evaluation import build_tasks, build_tasks_during
from textcl.workflows.run.objective import build_objective
from textcl.workflows.run.prepare import plan

LINES = ["a man plays", "the cat sleeps", "one dog eats", "a bird sings", "a girl reads a book"]


@pytest.fixture
def recipe(tmp_path: Path, tiny_model_folder: Path) -> dict[str, Any]:
    """A recipe of five lines and a tiny encoder with dropout."""
    (tmp_path / "lines.txt").write_text("\n".join(LINES) + "\n", encoding="utf-8")
    return minimal(
        data={
            "sources": [{"use": "TextLines", "path": str(tmp_path / "lines.txt")}],
            "max_length": 8,
            "batch_size": 2,
        },
        encoder={"backbone": str(tiny_model_folder)},
    )


def _parsed(recipe: dict[str, Any], **changes: Any) -> Recipe:
    for key, value in changes.items():
        section, _, name = key.partition("__")
        recipe.setdefault(section, {})[name] = value
    return parse(recipe)


def _whole(recipe: Recipe) -> TrainingPart:
    """All rows of a recipe that has one part."""
    (part,) = build_parts(recipe, build_sources(recipe))
    return part


def test_one_source_stands_alone_and_several_follow_each_other(recipe: dict[str, Any]) -> None:
    assert isinstance(joined(build_sources(parse(recipe))), TextLines)
    recipe["data"]["sources"] *= 2
    source = joined(build_sources(parse(recipe)))
    assert isinstance(source, Concatenation)
    assert [source[row].anchor for row in range(10)] == LINES * 2


def test_a_missing_file_is_told_with_its_location(recipe: dict[str, Any]) -> None:
    recipe["data"]["sources"][0]["path"] += ".gone"
    with pytest.raises(DataError, match=r"^data\.sources\.0: .*lines\.txt\.gone"):
        build_sources(parse(recipe))


def test_views_follow_from_the_rows_unless_the_recipe_lists_them(recipe: dict[str, Any]) -> None:
    assert [view.role for view in _whole(parse(recipe)).views] == [Role.ANCHOR, Role.POSITIVE]
    recipe["data"]["views"] = [
        {"role": "anchor"},
        {"role": "positive", "augment": [{"use": "tests.recipe.kinds:Shout"}]},
    ]
    views = _whole(parse(recipe, allow_code=["tests"])).views
    assert views[0].augment == ()
    assert [augment("a man", random.Random(0)) for augment in views[1].augment] == ["A MAN"]


def test_what_changes_the_input_of_a_view_is_built_and_reaches_the_batches(recipe: dict[str, Any]) -> None:
    changes = [{"use": "FeatureCutoff", "rate": 0.25}, {"use": "TokenShuffle"}]
    recipe["data"]["views"] = [{"role": "anchor"}, {"role": "positive", "input": changes}]
    checked = _parsed(recipe, encoder__dropout=0.0)
    part, encoder = _whole(checked), build_encoder(checked)
    assert part.views[1].input == (FeatureCutoff(0.25), TokenShuffle())
    refuse_equal_views(part, encoder.dropout)
    anchor, positive = build_batches(checked, [part], [5], lambda _: encoder.tokenize).batch(0).views
    assert anchor.tokens.kept == ()
    assert [int((~kept.features).sum()) for kept in positive.tokens.kept] == [4, 4]  # of 16


def test_a_rate_that_an_input_augmentation_refuses_is_told_with_its_location(recipe: dict[str, Any]) -> None:
    recipe["data"]["views"] = [{"role": "anchor"}, {"role": "positive", "input": [{"use": "TokenCutoff", "rate": 1.0}]}]
    checked = parse(recipe)
    with pytest.raises(RecipeError, match=r"^data\.views\.1\.input\.0: rate: found 1\.0, but it must be at least 0"):
        _whole(checked)


def test_views_without_a_positive_are_refused(recipe: dict[str, Any]) -> None:
    checked = _parsed(recipe, data__views=[{"role": "anchor"}])
    with pytest.raises(RecipeError, match=r"^data\.views: found the roles anchor, .* a view of role positive too"):
        _whole(checked)


def test_an_encoder_is_built_as_the_recipe_says(recipe: dict[str, Any]) -> None:
    recipe["encoder"].update({"pooling": "cls", "layers": 1, "dropout": 0.3, "prompts": {"anchor": "q"}})
    encoder = build_encoder(parse(recipe))
    assert (encoder.pooling, encoder.max_length, encoder.dropout) == ("cls", 8, 0.3)
    assert encoder.backbone.config.num_hidden_layers == 1
    assert encoder.prompts == {Role.ANCHOR: "q", Role.POSITIVE: "", Role.NEGATIVE: ""}


def test_random_weights_follow_from_the_seed_of_the_recipe(recipe: dict[str, Any]) -> None:
    first, again = (build_encoder(_parsed(recipe, encoder__random_init=True)) for _ in range(2))
    other = build_encoder(_parsed({**recipe, "seed": 18}, encoder__random_init=True))
    weights = [next(encoder.parameters()) for encoder in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("encoder__layers", 9, r"^encoder\.layers is 9; this backbone has 2"),
        ("data__max_length", 1000, r"^data\.max_length is 1000; it must be .* at most \d+"),
    ],
)
def test_what_the_backbone_can_not_do_is_told_with_its_location(
    recipe: dict[str, Any], key: str, value: int, message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        build_encoder(_parsed(recipe, **{key: value}))


def test_an_objective_is_built_with_its_settings(recipe: dict[str, Any]) -> None:
    recipe["objective"] = {"use": "InfoNCE", "temperature": 0.2}
    objective = build_objective(parse(recipe), dimension=8)
    assert isinstance(objective, InfoNCE)
    assert objective.readings() == {"temperature": 0.2}


@pytest.mark.parametrize(("training", "steps"), [({"epochs": 3}, 6), ({"steps": 7}, 7), ({}, 2)])
def test_the_length_of_a_run_is_its_steps_or_its_epochs(
    recipe: dict[str, Any], training: dict[str, int], steps: int
) -> None:
    checked = parse({**recipe, "training": training})
    batches = build_batches(checked, [_whole(checked)], [5], lambda _: tiny_encoder().tokenize)
    assert run_length(checked, batches) == steps  # five rows in twos: two batches, the single row is left out


def test_dropout_views_are_refused_when_nothing_drops_out(recipe: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=r"^encoder\.dropout: found 0 in the backbone, .* Set encoder\.dropout=0\.1"):
        plan(_parsed(recipe, encoder__dropout=0.0))


def test_modernberts_own_dropout_of_0_is_refused_too(recipe: dict[str, Any], tmp_path: Path) -> None:
    tiny_encoder(kind="modernbert", dropout=0.0).save(tmp_path / "modern")
    with pytest.raises(RecipeError, match=r"^encoder\.dropout: found 0"):
        plan(_parsed(recipe, encoder__backbone=str(tmp_path / "modern")))


def test_an_augmented_view_needs_no_dropout(recipe: dict[str, Any]) -> None:
    recipe["data"]["views"] = [{"role": "anchor"}, {"role": "positive", "augment": [{"use": "SpanCrop"}]}]
    checked = _parsed(recipe, encoder__dropout=0.0)
    refuse_equal_views(_whole(checked), dropout=0.0)


def test_a_plan_counts_rows_steps_and_long_texts(recipe: dict[str, Any]) -> None:
    found = plan(_parsed(recipe, data__max_length=5))
    assert (found.rows, found.batch_rows, found.steps_per_epoch, found.steps) == (5, 2, 2, 2)
    (part,) = found.parts
    assert part.lengths.percentiles == {50: 5, 90: 7, 99: 7, 100: 7}  # words and two special tokens
    assert part.lengths.cut_share == pytest.approx(2 / 10)  # of both views: three words fit, the girl's five do not
    assert len(part.examples) == 3
    assert all(example.views[0].draws[0].text in LINES for example in part.examples)


def test_a_plan_counts_texts_that_are_too_long_for_their_role(recipe: dict[str, Any]) -> None:
    found = plan(_parsed(recipe, data__max_length={"anchor": 5, "positive": 7}))
    (part,) = found.parts
    assert part.lengths.cut_share == pytest.approx(1 / 10)  # the girl's five words as an anchor alone
    assert part.lost.cut == 1


def test_lengths_by_role_reach_the_encoder_and_negatives_are_cut_as_positives(recipe: dict[str, Any]) -> None:
    encoder = build_encoder(_parsed(recipe, data__max_length={"anchor": 5, "positive": 12}))
    assert [encoder.length_for(role) for role in Role] == [5, 12, 12]
    assert encoder.max_length == 12
    assert len({token_key(encoder, role) for role in Role}) == 2

    one = build_encoder(_parsed(recipe, data__max_length={"positive": 9}))
    assert [one.length_for(role) for role in Role] == [9, 9, 9]


@pytest.mark.parametrize(
    ("length", "message"),
    [
        ({"anchor": 5, "positive": 8, "negative": 6}, r"^data\.max_length gives negatives 6 tokens and positives 8"),
        ({"anchor": 5, "positive": 1000}, r"^data\.max_length is 1000; it must be .* at most \d+"),
    ],
)
def test_lengths_by_role_that_cannot_be_are_refused(recipe: dict[str, Any], length: object, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        build_encoder(_parsed(recipe, data__max_length=length))


def _pairs(tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"anchor": "q1", "positive": "d1"}\n{"anchor": "q2", "positive": "d2"}\n', encoding="utf-8")
    return {"name": "held-out", "source": {"use": "JsonLines", "path": str(path)}}


def test_tasks_are_those_of_suites_and_inline_ones(recipe: dict[str, Any], tmp_path: Path) -> None:
    tasks = build_tasks(_parsed(recipe, evaluation__after=[_pairs(tmp_path), "sts-smoke"]))
    assert [task.name for task in tasks] == ["held-out", "sts-smoke"]
    assert isinstance(tasks[0], Retrieval)
    assert list(tasks[0].queries.values()) == ["q1", "q2"]
    assert list(tasks[0].corpus.values()) == ["d1", "d2"]


def test_two_tasks_of_one_name_are_refused(recipe: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=r"^evaluation\.after: the task 'sts-smoke' comes twice"):
        build_tasks(_parsed(recipe, evaluation__after=["sts-smoke", "sts-smoke"]))


def test_an_inline_task_needs_pairs(recipe: dict[str, Any]) -> None:
    held_out = {"name": "held-out", "source": recipe["data"]["sources"][0]}
    with pytest.raises(RecipeError, match=r"^evaluation\.after\.0\.source: .*line 1 has no positive\. .*needs pairs"):
        build_tasks(_parsed(recipe, evaluation__after=[held_out]))


def test_missing_evaluation_data_is_told_with_its_location(recipe: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^evaluation\.after\.0: .*empty"):
        build_tasks(_parsed(recipe, evaluation__after=["scifact"], evaluation__data_dir=str(tmp_path / "empty")))


def test_a_run_is_scored_on_its_way_only_where_the_recipe_says_so(recipe: dict[str, Any]) -> None:
    assert build_tasks_during(parse(recipe)) == []
    during = {"suite": "sts-smoke", "every": 5, "keep_best_by": "sts-smoke/spearman"}
    assert [task.name for task in build_tasks_during(_parsed(recipe, evaluation__during=during))] == ["sts-smoke"]


def test_keeping_the_best_by_an_unknown_task_is_refused(recipe: dict[str, Any]) -> None:
    during = {"suite": "sts-smoke", "every": 5, "keep_best_by": "stsb-dev/spearman"}
    with pytest.raises(RecipeError, match=r"^evaluation\.during\.keep_best_by: found 'stsb-dev/.*, but sts-smoke has"):
        build_tasks_during(_parsed(recipe, evaluation__during=during))


def test_keeping_the_best_by_a_metric_that_its_task_lacks_is_refused_before_the_run(recipe: dict[str, Any]) -> None:
    during = {"suite": "sts-smoke", "every": 5, "keep_best_by": "sts-smoke/spearmann"}
    with pytest.raises(RecipeError, match=r"found 'sts-smoke/spearmann'. It takes one of sts-smoke/spearman, "):
        build_tasks_during(_parsed(recipe, evaluation__during=during))
