"""Settings of an earlier version are refused, and the error says what to write now."""

import inspect
from pathlib import Path
from typing import Any

import pytest

import textcl.objectives
from tests.recipe.minimal import errors_of, minimal
from textcl.objectives.info_nce import InfoNCE
from textcl.recipe.components import OBJECTIVE, build, component_errors
from textcl.recipe.signatures import RENAMED, renamed_line

OLD = {
    "use": "InfoNCE",
    "temperature": 0.05,
    "directions": ["anchor_to_candidates", "positive_to_anchors"],
    "shares_softmax": False,
    "hardness": 9.0,
    "hardened": "own_negatives",
}
ADVICE = [
    "directions: 'anchor_to_candidates' is now query_to_doc, 'positive_to_anchors' is now doc_to_query. "
    "Write directions: [query_to_doc, doc_to_query].",
    "shares_softmax: is now partition_mode. Write partition_mode: per_direction.",
    "hardness: is now hardness_strength. Write hardness_strength: 9.0.",
    "hardened: is now hardness_mode. Write hardness_mode: hard_negatives.",
]


def advice_at(location: str) -> list[str]:
    return [f"{location}.{line}" for line in ADVICE]


@pytest.mark.parametrize(
    ("objective", "location"),
    [
        (OLD, "objective"),
        ({"use": "Matryoshka", "objective": OLD, "dimensions": [8]}, "objective.objective"),
        ({"use": "Sum", "objectives": [{"use": "CoSENT"}, OLD]}, "objective.objectives.1"),
    ],
)
def test_old_settings_are_refused_with_the_new_ones_however_deep(
    tmp_path: Path, objective: dict[str, Any], location: str
) -> None:
    first, *rest = errors_of(tmp_path, minimal(objective=objective))
    assert [first, *rest] == advice_at(location)


def test_the_objective_of_a_source_is_refused_as_well(tmp_path: Path) -> None:
    sources = [{"name": "faq", "source": {"use": "TextLines", "path": "a.txt"}, "objective": OLD}]
    recipe = minimal(data={"sources": sources, "mixing": {"weights": [1]}})
    assert errors_of(tmp_path, recipe) == advice_at("data.sources.0.objective")


def test_a_change_on_the_command_line_is_refused_as_well(tmp_path: Path) -> None:
    changes = ("objective.use=MoCo", "objective.queue_rows=512")
    assert errors_of(tmp_path, minimal(), *changes) == [
        "objective.queue_rows: is now queue_size. Write queue_size: 512."
    ]


def test_a_value_that_never_was_one_gets_the_choice_of_new_ones() -> None:
    errors = component_errors({"use": "InfoNCE", "shares_softmax": "perhaps"}, OBJECTIVE, "objective")
    assert errors == ["objective.shares_softmax: is now partition_mode, which is joint or per_direction."]


def test_what_the_advice_says_builds() -> None:
    now = {
        "use": "InfoNCE",
        "directions": ["query_to_doc", "doc_to_query"],
        "partition_mode": "per_direction",
        "hardness_strength": 9.0,
        "hardness_mode": "hard_negatives",
    }
    assert component_errors(now, OBJECTIVE, "objective") == []
    assert isinstance(build(now, OBJECTIVE, "objective"), InfoNCE)


def test_a_users_class_may_use_any_name() -> None:
    assert renamed_line("my_losses.queues:MoCo", "queue_rows", 3, "objective") is None
    assert renamed_line("textcl_losses:MoCo", "queue_rows", 3, "objective") is None
    assert renamed_line("textcl.objectives:MoCo", "queue_rows", 3, "objective") is not None


@pytest.mark.parametrize("name", RENAMED)
def test_new_names_are_settings_and_old_ones_are_none(name: str) -> None:
    settings = inspect.signature(getattr(textcl.objectives, name)).parameters
    for old, renamed in RENAMED[name].items():
        assert renamed.name in settings
        assert old == renamed.name or old not in settings
