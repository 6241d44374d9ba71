"""The parts of a run, built and checked against each other before anything is written."""

from dataclasses import dataclass

import torch

from textcl.encoder import TextEncoder
from textcl.recipe.batching import RunBatches, build_batches
from textcl.recipe.build import build_encoder, build_sources
from textcl.recipe.learning import (
    build_objectives,
    build_teacher,
    one_objective,
    refuse_unfit_batches,
    refuse_unlabelled,
    width_of,
)
from textcl.recipe.parts import Part, build_parts, joined, refuse_equal_views, refuse_idle_tower
from textcl.recipe.schema import Recipe
from textcl.types import Objective, Source


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a run is made of."""

    source: Source  # the rows of all sources, end to end
    sizes: tuple[int, ...]  # rows of each source
    parts: tuple[Part, ...]
    encoder: TextEncoder
    teacher: TextEncoder | None
    objective: Objective
    batches: RunBatches


def prepare(recipe: Recipe, device: torch.device | str) -> Prepared:
    """Build all that a run needs.

    Raises:
        TextclError: The run could not begin; says why.
    """
    sources = build_sources(recipe)
    sizes = tuple(map(len, sources))
    refuse_unlabelled(recipe, sources)
    parts = build_parts(recipe, sources)
    encoder = build_encoder(recipe).to(device)
    for part in parts:
        refuse_equal_views(part, encoder.dropout)
        refuse_idle_tower(encoder, part)
    teacher = build_teacher(recipe, device)
    objectives = build_objectives(recipe, encoder.dimension, width_of(teacher))
    for part in parts:
        refuse_unfit_batches(recipe, objectives[part.name], part)
    batches = build_batches(recipe, parts, sizes, lambda part: part.under_prompts(encoder).tokenize)
    objective = one_objective(objectives).to(device)
    return Prepared(joined(sources), sizes, parts, encoder, teacher, objective, batches)
