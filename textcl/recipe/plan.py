"""What a recipe would do, found out without training."""

from dataclasses import dataclass

from textcl.data import LengthDistribution, PreviewRow, length_distribution, preview
from textcl.recipe.build import (
    build_batches,
    build_encoder,
    build_source,
    build_views,
    refuse_equal_views,
    refuse_idle_tower,
    run_length,
)
from textcl.recipe.learning import (
    build_objective,
    build_teacher,
    refuse_unfit_batches,
    width_of,
)
from textcl.recipe.schema import Recipe


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a run, and what its data looks like."""

    rows: int  # of the sources together
    batch_rows: int  # rows of a full batch, over all processes
    steps_per_epoch: int
    steps: int  # of the run
    parameters: int  # of the encoder
    lengths: LengthDistribution
    examples: tuple[PreviewRow, ...]


def plan(recipe: Recipe) -> Plan:
    """Build all that a run needs, and measure its data.

    Raises:
        TextclError: The run could not begin; says why.
    """
    source = build_source(recipe)
    views = build_views(recipe, source)
    encoder = build_encoder(recipe)
    refuse_equal_views(views, source, encoder.dropout)
    refuse_idle_tower(encoder, views)
    objective = build_objective(recipe, encoder.dimension, width_of(build_teacher(recipe, "cpu")))
    refuse_unfit_batches(recipe, objective, views, source)
    batches = build_batches(recipe, source, views, encoder.tokenize)
    return Plan(
        rows=len(source),
        batch_rows=len(batches.rows(0)),
        steps_per_epoch=batches.steps_per_epoch,
        steps=run_length(recipe, batches),
        parameters=sum(parameter.numel() for parameter in encoder.parameters()),
        lengths=length_distribution(source, views, encoder.tokenize_whole, recipe.data.max_length, recipe.seed),
        examples=preview(source, views, recipe.seed),
    )
