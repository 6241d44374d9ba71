"""What a recipe would do, found out without training."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

import numpy as np
import torch

from textcl.data.preview import LengthDistribution, PreviewRow, length_distribution, preview, sample_originals
from textcl.distributed import Ranks
from textcl.encoder.lost_texts import LostTexts
from textcl.encoder.protocols import TextEncoder
from textcl.recipe.schema import Recipe
from textcl.types.objective import Objective
from textcl.types.text import Source
from textcl.util.progress import SILENT, Progress
from textcl.workflows.run.build import RunData, build_data, build_encoder, lengths_of, refuse_unshared
from textcl.workflows.run.data import (
    RunBatches,
    TrainingPart,
    build_batches,
    build_parts,
    joined,
    refuse_equal_views,
    refuse_idle_tower,
    requested_shares,
    run_length,
)
from textcl.workflows.run.objective import (
    build_objectives,
    build_teacher,
    encoder_of_step,
    one_objective,
    refuse_unfit_batches,
    refuse_unlabelled,
    width_of,
)

if TYPE_CHECKING:
    from textcl.workflows.run.held_out import HeldTask


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that a run is made of."""

    source: Source  # the rows of all sources, end to end
    sizes: tuple[int, ...]  # rows of each source
    parts: tuple[TrainingPart, ...]
    encoder: TextEncoder
    teacher: TextEncoder | None
    objective: Objective
    batches: RunBatches
    held_out: tuple["HeldTask", ...] = ()  # the tasks of the rows that are held out


_ALONE = Ranks()


def prepare(recipe: Recipe, device: torch.device | str, ranks: Ranks = _ALONE, progress: Progress = SILENT) -> Prepared:
    """Build all that a run needs.

    Args:
        recipe: What is run.
        device: Where it trains.
        ranks: The processes of the run, which all call it: of each machine one reads the data through for the others.
        progress: Gets the progress of sources that are made first.

    Raises:
        TextclError: The run could not begin; says why.
    """
    if recipe.training.track_with:
        from textcl.workflows.run.tracking import refuse_absent  # which few runs need

        refuse_absent(recipe.training.track_with)
    data = ranks.first_on_machine(lambda: build_data(recipe, ranks.local_count, progress))
    sources, held = data.sources, _held_tasks(recipe, data)
    sizes = tuple(map(len, sources))
    refuse_unlabelled(recipe, sources)
    parts = build_parts(recipe, sources)
    encoder = build_encoder(recipe).to(device)
    refuse_unshared(recipe, encoder)
    for part in parts:
        refuse_equal_views(part, encoder.dropout)
        refuse_idle_tower(encoder, part)
    teacher = build_teacher(recipe, device)
    objectives = build_objectives(recipe, encoder.dimension, width_of(teacher), encoder)
    for part in parts:
        refuse_unfit_batches(recipe, objectives[part.name], part)
    batches = build_batches(recipe, parts, sizes, lambda part: part.under_prompts(encoder).tokenize)
    objective = one_objective(objectives).to(device)
    encoder_of_step(recipe, encoder, objective)
    return Prepared(joined(sources), sizes, parts, encoder, teacher, objective, batches, held)


def _held_tasks(recipe: Recipe, data: RunData) -> "tuple[HeldTask, ...]":
    if not data.held:
        return ()
    from textcl.workflows.run.held_out import held_out_tasks  # which few runs need

    return tuple(held_out_tasks(recipe, data.held))


@dataclass(frozen=True, slots=True)
class PartPlan:
    """What rows that are trained on alike look like."""

    name: str  # of their source; "" for all sources together
    lengths: LengthDistribution
    examples: tuple[PreviewRow, ...]
    lost: LostTexts  # among the texts that the views start from, of a sample of rows


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """What a source gives to the first epoch of a mix."""

    name: str
    rows: int
    share: float  # fraction of the drawn rows that it is meant to have
    drawn: int  # rows of the first epoch
    drawn_share: float
    steps: int  # batches of the first epoch that hold rows of it


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of a run, and what its data looks like."""

    rows: int  # of the sources together
    batch_rows: int  # rows of a full batch, over all processes
    steps_per_epoch: int
    steps: int  # of the run
    parameters: int  # of the encoder
    trained: int  # of these
    mix: tuple[SourcePlan, ...]  # none where the rows of all sources are drawn alike
    parts: tuple[PartPlan, ...]
    held_out: tuple["HeldTask", ...] = ()  # the tasks of the rows that are held out


def plan(recipe: Recipe) -> Plan:
    """Build all that a run needs, and measure its data.

    Raises:
        TextclError: The run could not begin; says why.
    """
    made = prepare(recipe, "cpu")
    return Plan(
        rows=len(made.source),
        batch_rows=len(made.batches.rows(0)),
        steps_per_epoch=made.batches.steps_per_epoch,
        steps=run_length(recipe, made.batches),
        parameters=sum(parameter.numel() for parameter in made.encoder.parameters()),
        trained=sum(parameter.numel() for parameter in made.encoder.parameters() if parameter.requires_grad),
        mix=() if recipe.data.mixing is None else _mix(recipe, made.batches, made.sizes),
        parts=tuple(_part(recipe, part, made) for part in made.parts),
        held_out=made.held_out,
    )


def _part(recipe: Recipe, part: TrainingPart, made: Prepared) -> PartPlan:
    tokenize = part.under_prompts(made.encoder).tokenize_whole
    lost = lost_texts(part, made.encoder, recipe.seed)
    replace(lost, cut=0).report()  # how many are cut stands in the plan
    return PartPlan(
        part.name,
        length_distribution(part.source, part.views, tokenize, lengths_of(recipe), recipe.seed),
        preview(part.source, part.views, recipe.seed),
        lost,
    )


def lost_texts(part: TrainingPart, encoder: TextEncoder, seed: int) -> LostTexts:
    """Count, in a sample of rows, the texts that lose what they say on the way to tokens."""
    own = part.under_prompts(encoder)
    texts = sample_originals(part.source, part.views, seed)
    lost = LostTexts()
    for view, of_view in zip(part.views, texts, strict=True):
        lost = lost + own.count_lost(of_view, view.role)
    return lost


def _mix(recipe: Recipe, batches: RunBatches, sizes: Sequence[int]) -> tuple[SourcePlan, ...]:
    """Count what the first epoch draws."""
    starts = list(accumulate(sizes))
    drawn, steps = np.zeros(len(sizes), dtype=np.int64), np.zeros(len(sizes), dtype=np.int64)
    for step in range(batches.steps_per_epoch):
        owners = np.searchsorted(starts, batches.rows(step), side="right")
        counts = np.bincount(owners, minlength=len(sizes))
        drawn, steps = drawn + counts, steps + (counts > 0)
    return tuple(
        SourcePlan(name, size, share, int(rows), float(rows / drawn.sum()), int(turns))
        for name, size, share, rows, turns in zip(
            recipe.data.names, sizes, requested_shares(recipe, sizes), drawn, steps, strict=True
        )
    )
