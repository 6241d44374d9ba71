"""From a recipe to its data and its encoder; `learning.py` builds what they are trained with."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import PreTrainedModel

from textcl.data.preview import sample_originals
from textcl.data.sources.file_rows import FirstPass, passing
from textcl.data.views import ViewSpec, default_views, shares_draw, showing_negatives
from textcl.data.workers import cores
from textcl.distributed import Ranks, wants_shards
from textcl.encoder.adapter import AdapterSettings, Savings
from textcl.encoder.encoder import Encoder
from textcl.encoder.opening import build_encoder as assemble_encoder
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.router import holds_table
from textcl.encoder.tokenization import lengths_by_role
from textcl.encoder.two_tower import ROLES_OF_TOWERS, TwoTower
from textcl.errors import DataError, ModelError, RecipeError, TextclError, located
from textcl.recipe.components import AUGMENTATION, INPUT_AUGMENTATION, SOURCE, build
from textcl.recipe.load import optimiser_of
from textcl.recipe.schema import DocumentsSection, EncoderSection, Recipe, TrainingSection, ViewEntry
from textcl.recipe.section import Component
from textcl.training.target import EmaTarget, Target
from textcl.types.batches import InputAugmentation
from textcl.types.text import Augmentation, Example, Role, Source
from textcl.util.precision import resolve
from textcl.util.progress import SILENT, Progress
from textcl.util.seeds import derive, seeded

if TYPE_CHECKING:
    from textcl.data.sources.documents import DocumentSettings
    from textcl.training.shards import Shards, ShardSettings


def refuse_unfit_texts(views: tuple[ViewSpec, ...], source: Source, location: str, seed: int) -> None:
    """Refuse rows whose texts an augmentation is not made for.

    Args:
        views: V views.
        source: What they are made from.
        location: Where they stand in the recipe.
        seed: The seed of the run's data; it chooses the sample of texts that augmentations are shown.

    Raises:
        RecipeError: An augmentation cuts views from one text, and the rows have positives of their own.
        DataError: An augmentation can do nothing for the texts; names its location.
    """
    for number, view in enumerate(views):
        for position, augmentation in enumerate(view.augment):
            at = f"{location}.{number}.augment.{position}"
            if shares_draw(augmentation) and source[0].positives:
                raise RecipeError(
                    f"{at}: {type(augmentation).__name__} takes the views of a row from one text, but "
                    f"{source.location(0)} has a positive of its own. Set the source's `positive` to null, or take the "
                    "augmentation away."
                )
            check = getattr(augmentation, "check", None)
            if check is None:
                continue
            try:
                check(sample_originals(source, views, seed)[number])
            except TextclError as error:
                raise located(error, at) from None


@dataclass(frozen=True, slots=True)
class RunData:
    """The rows of a recipe."""

    sources: tuple[Source, ...]  # that are trained on
    held: tuple[Source, ...] = ()  # that are not; one for each source, or one for all


def build_data(recipe: Recipe, ranks: int = 1, progress: Progress = SILENT) -> RunData:
    """Open the sources of a recipe and hold rows out; large ones are read through by worker processes.

    Args:
        recipe: What is run.
        ranks: The processes of the run on this machine.
        progress: Gets the progress of sources that are made first.

    Raises:
        RecipeError: A constructor refuses its settings.
        DataError: A file or package is missing or faulty, a source has no rows, or none can be held out.
    """
    workers = cores() if recipe.data.workers is None else recipe.data.workers * ranks
    with passing(FirstPass(max(1, workers))):
        sources = [
            build_component_source(recipe, component, location, progress)
            for location, component in recipe.data.components
        ]
        if recipe.data.held_out is None:
            return RunData(tuple(sources))
        from textcl.workflows.run.held_out import divided  # which few runs need

        return divided(recipe, sources)


def build_sources(recipe: Recipe, ranks: int = 1) -> list[Source]:
    """Open what a recipe trains on, as `build_data` does."""
    return list(build_data(recipe, ranks).sources)


def build_component_source(recipe: Recipe, component: Component, location: str, progress: Progress = SILENT) -> Source:
    """Open one source of a recipe; `location` is where it stands in it."""
    known = {"make_file": partial(_scored_questions, progress)}
    source: Source = build(component.model_dump(), SOURCE, location, known, recipe.allow_code)
    if len(source) == 0:
        raise DataError(f"{location}: found no rows in the source, but there must be at least 2.")
    if not isinstance(first := source[0], Example):  # of a user's own source
        raise DataError(
            f"{location}: row 0 of {component.use} is {first!r:.60}, but a row is an Example of textcl.types."
        )
    return source


def _scored_questions(progress: Progress, settings: "DocumentSettings") -> Path:
    """Make the rows of a source of documents: models are opened for it, which data knows nothing of."""
    from textcl.workflows.documents import scored_questions  # which few runs need

    return scored_questions(settings, progress)


def views_of(
    recipe: Recipe, entries: Sequence[ViewEntry] | None, source: Source, location: str, seed: int
) -> tuple[ViewSpec, ...]:
    """Return the views that a recipe lists, or those that its rows suggest.

    Args:
        recipe: That they stand in.
        entries: As listed; None: what the rows hold.
        source: What the views are made from.
        location: Where they stand in the recipe.
        seed: The seed of the run's data.

    Raises:
        RecipeError: The views have no anchor, or no positive and no labels, so there is nothing to pull together; or
            an augmentation does not suit the rows.
        DataError: An augmentation can do nothing for their texts.
    """
    if entries is None:
        return default_views(showing_negatives(source))
    specs = tuple(_view_of(entry, f"{location}.{number}", recipe.allow_code) for number, entry in enumerate(entries))
    roles = [spec.role for spec in specs]
    wanted = (Role.ANCHOR,) if source[0].label is not None else (Role.ANCHOR, Role.POSITIVE)
    absent = [role for role in wanted if role not in roles]
    if absent:
        found = ", ".join(roles) or "none"
        raise RecipeError(f"{location}: found the roles {found}, but there must be a view of role {absent[0]} too.")
    refuse_unfit_texts(specs, source, location, seed)
    return specs


def _view_of(entry: ViewEntry, location: str, allow_code: Sequence[str]) -> ViewSpec:
    augment: list[Augmentation] = [
        build(component.model_dump(), AUGMENTATION, f"{location}.augment.{position}", allow_code=allow_code)
        for position, component in enumerate(entry.augment)
    ]
    changes: list[InputAugmentation] = [
        build(component.model_dump(), INPUT_AUGMENTATION, f"{location}.input.{position}", allow_code=allow_code)
        for position, component in enumerate(entry.input)
    ]
    return ViewSpec(entry.role, tuple(augment), tuple(changes))


def build_encoder(recipe: Recipe) -> TextEncoder:
    """Build the encoder of a recipe, on the CPU; random weights follow from the recipe's seed.

    Raises:
        RecipeError: A backbone has no such number of layers, no dropout, or not so many positions; or two towers do
            not fit together.
        ModelError: A backbone cannot be found or read.
    """
    section = recipe.encoder
    own, others = (tuple(Role), ()) if section.documents is None else ROLES_OF_TOWERS
    queries = _build_tower(recipe, section, "encoder", own)
    if section.documents is None:
        return queries
    if not isinstance(queries, Encoder):
        raise RecipeError(
            f"encoder.documents: found a tower, but {section.backbone} brings one of its own for documents. Set "
            "encoder.documents=null to train both, or name a backbone of one tower."
        )
    documents = _build_tower(recipe, _of_documents(section, section.documents), "encoder.documents", others)
    if not isinstance(documents, Encoder):
        raise RecipeError(
            f"encoder.documents.backbone: {section.documents.backbone} holds two towers, and cannot be one of two."
        )
    try:
        return TwoTower(queries, documents)
    except ValueError as error:
        raise RecipeError(f"encoder.documents: {error}") from error


def _of_documents(section: EncoderSection, own: DocumentsSection) -> EncoderSection:
    """Return the section of the documents' tower: what is null in it is as in `encoder`, where it can have that."""
    given = {name: value for name, value in own if value is not None}
    try:
        is_table = own.backbone is not None and holds_table(own.backbone)
    except ModelError as error:
        raise ModelError(f"encoder.documents.backbone: {error}") from error
    without = {name: EncoderSection.model_fields[name].default for name in _OF_TRANSFORMERS} if is_table else {}
    return section.model_copy(update=without | given)


_OF_TRANSFORMERS = (
    "pooling", "layers", "dropout", "pool_prompt", "is_causal", "append_eos", "weights", "adapter"
)  # fmt: skip


def refuse_unshared(recipe: Recipe, encoder: TextEncoder) -> None:
    """Refuse to share out the weights of an encoder that cannot be, or whose optimiser must see them whole.

    Raises:
        RecipeError: Says what takes its place.
    """
    if not _is_shared_out(recipe):
        return
    towers = (encoder.queries, encoder.documents) if isinstance(encoder, TwoTower) else (encoder,)
    if not all(isinstance(tower, Encoder) and isinstance(tower.backbone, PreTrainedModel) for tower in towers):
        raise RecipeError(
            "training.shard: this encoder has no layers whose weights processes could share. Set it to none."
        )
    optimiser = optimiser_of(recipe)[0].__name__
    if optimiser in _SEE_WHOLE:
        raise RecipeError(
            f"training.optimiser: found {optimiser}, which must see matrices whole, and training.shard shares them "
            "out. Take AdamW or Lion, or set training.shard=none."
        )
    settings = _shard_settings(recipe, encoder.device)
    try:
        settings.check(encoder)
    except ValueError as error:
        raise RecipeError(f"training.{error}") from error


_SEE_WHOLE = ("Adafactor", "LBFGS", "SparseAdam")


def _is_shared_out(recipe: Recipe) -> bool:
    return recipe.training.shard != "none" or wants_shards()


def _shard_settings(recipe: Recipe, device: torch.device) -> "ShardSettings":
    from textcl.training.shards import settings_of_launch  # which few runs need

    section = recipe.training
    try:
        return settings_of_launch(
            is_hybrid=section.shard == "hybrid",
            recomputes=section.recompute,
            precision=resolve(section.precision, device),
        )
    except ValueError as error:
        raise RecipeError(f"training.{error}") from error


def shared_out(recipe: Recipe, encoder: TextEncoder, target: Target, ranks: Ranks) -> "Shards[TextEncoder] | None":
    """Share the weights of what is trained out over the ranks, where the recipe or the launch wants that.

    Args:
        recipe: Says how (`training.shard`).
        encoder: Equal on every rank; empty from now on, where it is shared out.
        target: Of the same encoder; follows what is trained.
        ranks: Each gets a part.

    Raises:
        RecipeError: The machines have not equally many processes.
    """
    if ranks.count == 1 or not _is_shared_out(recipe):
        return None
    from textcl.training.shards import Shards, share_out  # which few runs need

    settings = _shard_settings(recipe, ranks.device)
    try:
        if isinstance(target, EmaTarget):  # it shares frozen weights with the encoder: it takes its part of them first
            share_out(target.encoder, ranks, settings)
        shards = Shards(encoder, ranks, settings)
    except ValueError as error:
        raise RecipeError(f"training.{error}") from error
    if isinstance(target, EmaTarget):
        target.follow(shards.encoder)
    return shards


def lengths_of(recipe: Recipe, roles: Sequence[Role] = tuple(Role)) -> int | dict[Role, int]:
    """Return how many tokens of a text are kept, or how many for each of some roles.

    Raises:
        RecipeError: Negatives are not cut as positives are.
    """
    length = recipe.data.max_length
    if isinstance(length, int):
        return length
    try:
        return {role: own for role, own in lengths_by_role(length).items() if role in roles}
    except ValueError as error:
        raise RecipeError(f"data.{error}") from error


def _build_tower(recipe: Recipe, section: EncoderSection, location: str, roles: Sequence[Role]) -> TextEncoder:
    """Build what a section asks for, to embed the texts of some roles; `location` is where it stands in the recipe."""
    prompts = None if section.prompts is None else {str(role): prompt for role, prompt in section.prompts.items()}
    try:
        with seeded(derive(recipe.seed, location)):
            return assemble_encoder(
                section.backbone,
                pooling=section.pooling,
                prompts=prompts,
                pool_prompt=section.pool_prompt,
                layers=section.layers,
                dropout=section.dropout,
                random_init=section.random_init,
                is_causal=section.is_causal,
                append_eos=section.append_eos,
                new_words=section.new_words,
                max_length=lengths_of(recipe, roles),
                precision=recipe.training.precision,
                savings=_savings(section, recipe.training),
            )
    except ModelError as error:
        raise ModelError(f"{location}.backbone: {error}") from error
    except OSError as error:  # a name that can be no path
        raise ModelError(f"{location}.backbone: found {section.backbone[:80]!r}: {error.strerror or error}") from error
    except ValueError as error:  # its first word is the name of the setting
        setting = str(error).partition(" ")[0].rstrip(":")
        raise RecipeError(f"{_ELSEWHERE.get(setting, location)}.{error}") from error


_ELSEWHERE = {"max_length": "data", "recompute": "training"}  # settings of an encoder that stand in other sections


def _savings(section: EncoderSection, training: TrainingSection) -> Savings | None:
    if section.adapter is None and not training.recompute and section.weights == "float32":
        return None
    adapter = None if section.adapter is None else AdapterSettings(**section.adapter.model_dump())
    return Savings(adapter, training.recompute, section.weights == "bf16")
