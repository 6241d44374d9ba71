"""From a recipe to what an encoder learns from: the objective, its target, and whether the data suits them."""

import torch

from textcl.data import ViewSpec
from textcl.encoder import TextEncoder, open_encoder
from textcl.errors import ModelError, RecipeError
from textcl.precision import resolve
from textcl.recipe.components import build
from textcl.recipe.rooms import OBJECTIVE
from textcl.recipe.schema import Recipe
from textcl.seeds import derive, seeded
from textcl.training import EmaTarget, Memory, OnlineTarget, Ranks, Target, TeacherTarget
from textcl.types import Objective, Source


def build_teacher(recipe: Recipe, device: torch.device | str) -> TextEncoder | None:
    """Open the teacher of a recipe, if it has one.

    Raises:
        ModelError: It can not be found or read.
    """
    name = recipe.encoder.teacher
    if name is None:
        return None
    try:
        return open_encoder(name, precision=recipe.training.precision, device=device)
    except ModelError as error:
        raise ModelError(f"encoder.teacher: {error}") from error


def width_of(teacher: TextEncoder | None) -> int | None:
    """Return the width of a teacher's vectors, if there is a teacher."""
    return None if teacher is None else teacher.dimension


def build_objective(recipe: Recipe, dimension: int, teacher_dimension: int | None = None) -> Objective:
    """Build the objective of a recipe; its random weights follow from the recipe's seed.

    Args:
        recipe: What is run.
        dimension: The width of the encoder's vectors.
        teacher_dimension: The width of the teacher's vectors; None: there is no teacher.

    Raises:
        RecipeError: The objective refuses a setting, wants a teacher and has none, or has one that it does not want.
    """
    known = {"dimension": dimension, "teacher_dimension": teacher_dimension}
    with seeded(derive(recipe.seed, "objective")):
        objective: Objective = build(recipe.objective.model_dump(), OBJECTIVE, "objective", known)
    if objective.wants_teacher and teacher_dimension is None:
        raise RecipeError(
            f"encoder.teacher: found null, but {recipe.objective.use} follows a teacher's vectors. Name a model: a "
            "Hub id, a folder, or pkg://a_python_package/folder."
        )
    if teacher_dimension is not None and not objective.wants_teacher:
        raise RecipeError(
            f"encoder.teacher: found {recipe.encoder.teacher}, but {recipe.objective.use} follows no teacher. Take it "
            "away, or use Distillation, alone or in a Sum."
        )
    return objective


def build_target(
    recipe: Recipe, encoder: TextEncoder, objective: Objective, teacher: TextEncoder | None, ranks: Ranks
) -> Target:
    """Build what the objective compares the encoder with: a teacher, a moving average, or the encoder itself."""
    if teacher is not None:
        return TeacherTarget(lambda texts, role: teacher.encode(texts, role=role), teacher.dimension, ranks)
    if objective.momentum is None:
        return OnlineTarget()
    return EmaTarget(
        encoder,
        objective.momentum,
        ranks,
        seed=recipe.seed,
        memory=build_memory(recipe),
        precision=resolve(recipe.training.precision, ranks.device),
    )


def build_memory(recipe: Recipe) -> Memory:
    """Return how the passes of a run are cut."""
    return Memory(recipe.training.chunk_tokens, recipe.training.live_tokens)


def refuse_unfit_batches(recipe: Recipe, objective: Objective, views: tuple[ViewSpec, ...], source: Source) -> None:
    """Refuse data that the objective can not learn from.

    Raises:
        RecipeError: Says what the objective wants.
    """
    first = source[0]
    try:
        objective.check([view.role for view in views], scored=first.score is not None, labelled=first.label is not None)
    except ValueError as error:
        raise RecipeError(f"objective: {error}") from error
    if recipe.data.rows_per_label is not None and first.label is None:
        raise RecipeError(
            f"data.rows_per_label: found {recipe.data.rows_per_label}, but the rows carry no labels. Name their column "
            "in the source (label: …), or set data.rows_per_label=null."
        )
