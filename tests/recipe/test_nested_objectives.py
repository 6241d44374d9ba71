"""Objectives around objectives, from a recipe."""

from typing import Any

import pytest
import torch

from tests.recipe.minimal import minimal
from textcl.errors import RecipeError
from textcl.objectives.composed import Sum
from textcl.objectives.cosent import CoSENT
from textcl.objectives.distillation import Distillation
from textcl.objectives.info_nce import InfoNCE
from textcl.objectives.matryoshka import Matryoshka
from textcl.recipe.load import parse
from textcl.types.objective import Objective
from textcl.workflows.run.objective import build_objective

NESTED: dict[str, Any] = {
    "use": "Sum",
    "objectives": [
        {"use": "Matryoshka", "objective": {"use": "InfoNCE", "temperature": 0.1}, "dimensions": [8, 4]},
        {"use": "CoSENT"},
    ],
    "weights": [1.0, 0.5],
}


def built(objective: dict[str, Any], **widths: int) -> Objective:
    return build_objective(parse(minimal(objective=objective)), **{"dimension": 8, **widths})


def test_a_sum_of_a_matryoshka_is_built_with_the_width_of_the_encoder() -> None:
    objective = built(NESTED)
    assert isinstance(objective, Sum)
    matryoshka, cosent = objective.objectives
    assert isinstance(matryoshka, Matryoshka)
    assert isinstance(cosent, CoSENT)
    assert matryoshka.dimensions == (8, 4)
    assert [type(copy) for copy in matryoshka.objectives] == [InfoNCE, InfoNCE]
    assert matryoshka.objectives[1].temperature() == 0.1
    assert objective.weights == (1.0, 0.5)


def test_a_width_beyond_the_encoder_is_refused_with_its_location() -> None:
    with pytest.raises(RecipeError, match=r"objective\.objectives\.0: dimensions: found \[8, 4\], .* from 1 to 6"):
        built(NESTED, dimension=6)


def test_a_resolved_recipe_says_every_setting_and_builds_the_same() -> None:
    recipe = parse(minimal(objective=NESTED))
    inner = recipe.objective.settings["objectives"][0]
    assert inner["objective"].items() >= {"use": "InfoNCE", "temperature": 0.1, "hardness_strength": 0.0}.items()
    assert inner["weights"] is None
    assert "dimension" not in inner
    again = parse(recipe.model_dump(mode="json"))
    assert again.objective == recipe.objective
    assert isinstance(build_objective(again, dimension=8), Sum)


def test_the_teachers_width_reaches_a_distillation_inside_a_sum() -> None:
    objective = built({"use": "Sum", "objectives": [{"use": "InfoNCE"}, {"use": "Distillation"}]}, teacher_dimension=12)
    inner = objective.objectives[1]
    assert objective.wants_teacher
    assert isinstance(inner, Distillation)
    assert inner.map.weight.shape == torch.Size([12, 8])


def test_a_distillation_without_a_teacher_is_told_how_to_name_one() -> None:
    with pytest.raises(RecipeError, match=r"encoder\.teacher: found null, but Distillation follows a teacher"):
        built({"use": "Distillation"})


def test_the_distance_of_a_triplet_is_written_by_name() -> None:
    assert built({"use": "Triplet", "distance": "euclidean", "margin": 5.0}).distance == "euclidean"
    with pytest.raises(RecipeError, match=r"objective\.distance: found 'manhattan', .* cosine or euclidean here"):
        built({"use": "Triplet", "distance": "manhattan"})
