"""From a recipe to what an encoder learns from: the objective, its target, and whether the data suits them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import nn

from textcl.data.views import RowReader, ViewSpec, telling_rows
from textcl.distributed import Ranks
from textcl.embedding.embed import kept_embed
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import open_encoder
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.runtimes import TokenTable
from textcl.errors import DataError, ModelError, RecipeError, RowError
from textcl.objectives.composed import BySource
from textcl.recipe.components import OBJECTIVE, build, find_class, is_component
from textcl.recipe.schema import NamedSource, Recipe
from textcl.recipe.section import TeacherSection
from textcl.training.gradient_cache import Memory
from textcl.training.target import EmaTarget, OnlineTarget, Target, TeacherTarget
from textcl.types.batches import TokenEncoder
from textcl.types.objective import Objective
from textcl.types.text import Role, Source
from textcl.util.packing import TABLE, ChunkLimits, cuts_for
from textcl.util.precision import MPS, Precision, resolve
from textcl.util.seeds import derive, seeded
from textcl.workflows.run.data import TrainingPart, objectives_of

# What the graph of a token takes for each channel of each layer; BERT base, 64 pairs of 128 tokens, on an H200.
_BYTES = {Precision.BF16: 52, Precision.FP16: 52, Precision.FLOAT32: 73}
_BYTES_A_PARAMETER = 16  # that is trained: itself, its gradient and AdamW's two moments, float32
_USABLE = 0.8  # of a GPU's memory; the rest is for its runtime and for what allocators cannot use


def build_memory(recipe: Recipe, encoder: TokenEncoder, device: torch.device) -> Memory:
    """Return how the passes of a run are cut.

    Args:
        recipe: May say it itself.
        encoder: What is trained.
        device: Where it lies. What is chosen for a GPU follows from all its memory, not from what is free: two runs on
            one machine are cut alike, and so draw the same dropout.
    """
    chunk, live = recipe.training.chunk_tokens, recipe.training.live_tokens
    towers = [tower for tower in encoder.modules() if isinstance(tower, Encoder)]
    own = TABLE if all(isinstance(tower.backbone, TokenTable) for tower in towers) else None
    cuts, memory = own or cuts_for(device), _memory_of(device)
    if own is None and memory is not None and None in (chunk, live):
        channels = max(map(_channels, towers))
        cuts = _fitting(cuts, encoder, channels, resolve(recipe.training.precision, device), memory)
    return Memory(
        cuts.chunk_tokens if chunk is None else chunk,
        cuts.live_tokens if live is None else live,
        recipe.training.loss_rows,
        own,
    )


def _memory_of(device: torch.device) -> int | None:
    """Return the bytes of memory that a GPU has for a run; None: of a CPU, where they are not asked for."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return int(torch.mps.recommended_max_memory()) if device.type == MPS else None


def _fitting(cuts: ChunkLimits, encoder: TokenEncoder, channels: int, precision: Precision, memory: int) -> ChunkLimits:
    """Cut so that half the room is for the kept graphs, and a third for the chunk that is being computed."""
    if not channels:
        return cuts
    weights = sum(
        parameter.numel() * (_BYTES_A_PARAMETER if parameter.requires_grad else parameter.element_size())
        for parameter in encoder.parameters()
    )
    room = _USABLE * memory - weights
    tokens = max(0, int(room / (_BYTES[precision] * channels)))
    return replace(cuts, chunk_tokens=max(1, min(cuts.chunk_tokens, tokens // 3)), live_tokens=tokens // 2)


def _channels(tower: Encoder) -> int:
    """Return the channels of all layers together; 0 where the configuration does not tell them."""
    config = tower.backbone.config
    return int(getattr(config, "num_hidden_layers", 0)) * int(getattr(config, "hidden_size", 0))


def build_teacher(recipe: Recipe, device: torch.device | str) -> TextEncoder | None:
    """Open the teacher of a recipe, if it has one.

    Raises:
        ModelError: It cannot be found or read.
    """
    named = _teachers(recipe)
    if not named:
        return None
    location, name = next(iter(named.items()))
    other = next((at for at in named if named[at] != name), None)
    if other is not None:
        raise RecipeError(
            f"{other}: found {named[other]}, but {location} is {name}, and a run has one teacher or guide."
        )
    try:
        return open_encoder(name, precision=recipe.training.precision, device=device)
    except ModelError as error:
        raise ModelError(f"{location}: {error}") from error


def _teachers(recipe: Recipe) -> dict[str, str]:
    """Return the models that a recipe names as its teacher, by the location of the name."""
    model = recipe.encoder.teacher_model
    named = {} if model is None else {"encoder.teacher": model}
    for objective in objectives_of(recipe).values():
        for location, component in _components(objective.component.model_dump(), objective.location):
            cls: type[Objective] = find_class(component["use"], OBJECTIVE, location, recipe.allow_code)
            setting = cls.teacher_setting
            if setting is not None and component.get(setting) is not None:
                named[f"{location}.{setting}"] = component[setting]
    return named


def _components(value: object, location: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a component and all inside it, each with its location; their settings are `Any`, as typed."""
    if is_component(value):
        yield location, value
    inner: Iterable[tuple[object, object]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for name, entry in inner:
        yield from _components(entry, f"{location}.{name}")


def width_of(teacher: TextEncoder | None) -> int | None:
    """Return the width of a teacher's vectors, if there is a teacher."""
    return None if teacher is None else teacher.dimension


def build_objectives(
    recipe: Recipe, dimension: int, teacher_dimension: int | None = None, encoder: TextEncoder | None = None
) -> dict[str, Objective]:
    """Build the objectives of a recipe; their random weights follow from the recipe's seed.

    Args:
        recipe: What is run.
        dimension: The width of the encoder's vectors.
        teacher_dimension: The width of the teacher's vectors; None: there is no teacher.
        encoder: What is trained, for an objective that makes a decoder of it.

    Returns:
        By the name of each source, where sources take turns; those without one of their own share the recipe's. Else
        the recipe's, under no name.

    Raises:
        RecipeError: An objective refuses a setting, wants a teacher and has none, or there is a teacher for none.
    """
    known = {
        "dimension": dimension,
        "teacher_dimension": teacher_dimension,
        "make_decoder": partial(_decoder, recipe, encoder),
    }
    built: dict[str, Objective] = {}
    objectives = {}
    for name, objective in objectives_of(recipe).items():
        if objective.location not in built:
            with seeded(derive(recipe.seed, objective.location)):
                built[objective.location] = build(
                    objective.component.model_dump(), OBJECTIVE, objective.location, known, recipe.allow_code
                )
        objectives[name] = built[objective.location]
    _refuse_unfit_teacher(recipe, list(built.values()), teacher_dimension)
    return objectives


def _decoder(recipe: Recipe, encoder: TextEncoder | None) -> nn.Module:
    """Return a decoder that shares the weights of the encoder.

    Raises:
        ValueError: There is none of this encoder, or its weights are to be shared out.
    """
    assert encoder is not None, "who builds a run has an encoder"
    if recipe.training.shard != "none":
        raise ValueError("found training.shard, but a decoder reads the encoder's weights whole. Set it to none.")
    from textcl.encoder.decoder import TiedDecoder  # which few runs need

    return TiedDecoder(encoder)


def one_objective(objectives: Mapping[str, Objective]) -> Objective:
    """Return what a step asks: the objective that all batches have, or each source's for its own.

    Raises:
        RecipeError: The objectives want different targets.
    """
    if len(set(objectives.values())) == 1:
        return next(iter(objectives.values()))
    try:
        return BySource(objectives)
    except ValueError as error:
        raise RecipeError(f"data.sources.*.{error}") from error


def build_objective(
    recipe: Recipe, dimension: int, teacher_dimension: int | None = None, encoder: TextEncoder | None = None
) -> Objective:
    """Build the objectives of a recipe as the one that a step asks."""
    return one_objective(build_objectives(recipe, dimension, teacher_dimension, encoder))


def _refuse_unfit_teacher(recipe: Recipe, objectives: Sequence[Objective], teacher_dimension: int | None) -> None:
    following = [type(objective).__name__ for objective in objectives if objective.wants_teacher]
    if following and teacher_dimension is None:
        raise RecipeError(
            f"encoder.teacher: found null, but {following[0]} follows a teacher's vectors. Name a model: a Hub id, a "
            "folder, or pkg://a_python_package/folder."
        )
    if teacher_dimension is not None and not following:
        names = ", ".join(dict.fromkeys(type(objective).__name__ for objective in objectives))
        raise RecipeError(
            f"encoder.teacher: found {recipe.encoder.teacher_model}, but {names} follows no teacher. Take it away; or "
            "use Distillation, alone or in a Sum; or name it as the guide of InfoNCE."
        )


def _read_role(recipe: Recipe) -> Role | None:
    """Return the role of the only texts that the teacher reads; None: it reads all."""
    teacher = recipe.encoder.teacher
    return Role(teacher.reads) if isinstance(teacher, TeacherSection) else None


def _refuse_unread(recipe: Recipe, roles: Sequence[Role]) -> None:
    """Refuse views that a teacher of one role has no target for."""
    reads = _read_role(recipe)
    if reads is not None and (reads not in roles or Role.NEGATIVE in roles):
        raise RecipeError(
            f"encoder.teacher.reads: found {reads.value}, but the views are {', '.join(roles)}. All texts of a row "
            "follow its vector, so there must be a view of that role and no negative."
        )


def build_target(
    recipe: Recipe, encoder: TokenEncoder, objective: Objective, teacher: TextEncoder | None, ranks: Ranks
) -> Target:
    """Build what the objective compares the encoder with: a teacher, a moving average, or the encoder itself."""
    if teacher is not None:
        embed = kept_embed(teacher, recipe.training.precision, is_kept=not _changes_texts(recipe))
        return TeacherTarget(embed, teacher.dimension, ranks, _read_role(recipe))
    if objective.momentum is None:
        return OnlineTarget()
    return EmaTarget(
        encoder,
        objective.momentum,
        ranks,
        seed=recipe.seed,
        memory=build_memory(recipe, encoder, ranks.device),
        precision=resolve(recipe.training.precision, ranks.device),
    )


def encoder_of_step(recipe: Recipe, encoder: TextEncoder, objective: Objective) -> TokenEncoder:
    """Return the encoder as a step trains it: where an objective reads several of its layers, it gives them all.

    Raises:
        RecipeError: The encoder has no such layers, or its weights are to be shared out.
    """
    if not objective.layers:
        return encoder
    if recipe.training.shard != "none":
        raise RecipeError("training.shard: an objective that reads several layers wants them whole. Set it to none.")
    from textcl.encoder.layered import LayeredEncoder  # which few runs need

    try:
        return LayeredEncoder(encoder, objective.layers)
    except ValueError as error:
        raise RecipeError(f"objective.{error}") from error


def _changes_texts(recipe: Recipe) -> bool:
    """Say whether views hold other texts in each epoch, which nobody asks for again."""
    named = (entry.views for entry in recipe.data.sources if isinstance(entry, NamedSource))
    return any(view.augment for views in (recipe.data.views, *named) for view in views or ())


def refuse_unfit_batches(recipe: Recipe, objective: Objective, part: TrainingPart) -> None:
    """Refuse data that the views or the objective cannot use: whatever row it is, it is told before training.

    Raises:
        RecipeError: Says what the objective wants.
        DataError: A row lacks what the views ask for, or carries what the objective cannot use.
    """
    first, roles = part.source[0], [view.role for view in part.views]
    _refuse_unread(recipe, roles)
    try:
        scored = first.score is not None or bool(first.scores)
        objective.check(roles, scored=scored, labelled=first.label is not None)
        _refuse_unfit_rows(objective, RowReader(part.source, part.views, recipe.seed), recipe.seed)
    except ValueError as error:
        location = objectives_of(recipe)[part.name].location
        whose = f"{part.name}, " if part.name and location == "objective" else ""
        raise RecipeError(f"{location}: {whose}{error}") from error


def _refuse_unfit_rows(objective: Objective, reader: RowReader, seed: int) -> None:
    """Refuse rows that lack what the views ask for, or carry what the objective cannot use."""
    rows = telling_rows(reader.source)
    shown = [reader.example(row) for row in rows]
    graded = RowReader(reader.source, [ViewSpec(view.role) for view in reader.views], seed)  # as nothing changes them
    scores = (
        torch.tensor([graded.read(row, 0).scores for row in rows]) if reader.has_scores else None
    )  # (n,) or (n, V - 1)
    labels = torch.tensor([row.label for row in shown]) if reader.has_labels else None  # (n,)
    try:
        objective.check_rows(scores, labels, len(reader.views))
    except RowError as error:
        raise DataError(f"{reader.source.location(rows[error.row])}: {error}") from error


def refuse_unlabelled(recipe: Recipe, sources: Sequence[Source]) -> None:
    """Refuse to group the rows of labels where no source has any; where sources do not take turns, the first tells.

    Raises:
        RecipeError: Says how labels are named.
    """
    published = sources if recipe.data.takes_turns else sources[:1]
    if recipe.data.rows_per_label is not None and all(source[0].label is None for source in published):
        raise RecipeError(
            f"data.rows_per_label: found {recipe.data.rows_per_label}, but the rows carry no labels. Name their column "
            "in the source (label: …), or set data.rows_per_label=null."
        )
