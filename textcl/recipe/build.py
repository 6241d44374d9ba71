"""From a recipe to its data and its encoder; `learning.py` builds what they are trained with."""

from textcl.data import Batches, Concatenation, ViewSpec, are_identical, default_views
from textcl.encoder import Encoder, TextEncoder, TwoTower
from textcl.encoder import build_encoder as assemble_encoder
from textcl.errors import ModelError, RecipeError
from textcl.recipe.components import build
from textcl.recipe.rooms import AUGMENTATION, INPUT_AUGMENTATION, SOURCE
from textcl.recipe.schema import Component, EncoderSection, Recipe
from textcl.recipe.view_texts import refuse_unfit_texts
from textcl.seeds import derive, seeded
from textcl.types import Augmentation, InputAugmentation, Role, Source, Tokenize


def build_source(recipe: Recipe) -> Source:
    """Open the sources of a recipe, end to end.

    Raises:
        RecipeError: A constructor refuses its settings.
        DataError: A file or package is missing or faulty.
    """
    sources = [
        build_component_source(component, f"data.sources.{number}")
        for number, component in enumerate(recipe.data.sources)
    ]
    return sources[0] if len(sources) == 1 else Concatenation(sources)


def build_component_source(component: Component, place: str) -> Source:
    """Open one source; `place` is where it stands in the recipe."""
    source: Source = build(component.model_dump(), SOURCE, place)
    return source


def build_views(recipe: Recipe, source: Source) -> tuple[ViewSpec, ...]:
    """Return the views that a recipe lists, or those that its rows suggest.

    Raises:
        RecipeError: The views have no anchor, or no positive and no labels, so there is nothing to pull together; or
            an augmentation does not suit the rows.
        DataError: An augmentation can do nothing for their texts.
    """
    if recipe.data.views is None:
        return default_views(source[0])
    specs = []
    for number, entry in enumerate(recipe.data.views):
        place = f"data.views.{number}"
        augment: list[Augmentation] = [
            build(component.model_dump(), AUGMENTATION, f"{place}.augment.{position}")
            for position, component in enumerate(entry.augment)
        ]
        changes: list[InputAugmentation] = [
            build(component.model_dump(), INPUT_AUGMENTATION, f"{place}.input.{position}")
            for position, component in enumerate(entry.input)
        ]
        specs.append(ViewSpec(entry.role, tuple(augment), tuple(changes)))
    roles = [spec.role for spec in specs]
    wanted = (Role.ANCHOR,) if source[0].label is not None else (Role.ANCHOR, Role.POSITIVE)
    absent = [role for role in wanted if role not in roles]
    if absent:
        found = ", ".join(roles) or "none"
        raise RecipeError(f"data.views: found the roles {found}, but there must be a view of role {absent[0]} too.")
    refuse_unfit_texts(tuple(specs), source, recipe.seed)
    return tuple(specs)


def build_encoder(recipe: Recipe) -> TextEncoder:
    """Build the encoder of a recipe, on the CPU; random weights follow from the recipe's seed.

    Raises:
        RecipeError: A backbone has no such number of layers, no dropout, or not so many positions; or two towers do
            not fit together.
        ModelError: A backbone can not be found or read.
    """
    section = recipe.encoder
    queries = _build_tower(recipe, section, "encoder")
    if section.documents is None:
        return queries
    if not isinstance(queries, Encoder):
        raise RecipeError(
            f"encoder.documents: found a tower, but {section.backbone} brings one of its own for documents. Set "
            "encoder.documents=null to train both, or name a backbone of one tower."
        )
    given = {name: value for name, value in section.documents if value is not None}
    documents = _build_tower(recipe, section.model_copy(update=given), "encoder.documents")
    if not isinstance(documents, Encoder):
        raise RecipeError(
            f"encoder.documents.backbone: {section.documents.backbone} holds two towers, and can not be one of two."
        )
    try:
        return TwoTower(queries, documents)
    except ValueError as error:
        raise RecipeError(f"encoder.documents: {error}") from error


def _build_tower(recipe: Recipe, section: EncoderSection, place: str) -> TextEncoder:
    """Build what a section asks for; `place` is where it stands in the recipe."""
    prompts = None if section.prompts is None else {str(role): prompt for role, prompt in section.prompts.items()}
    try:
        with seeded(derive(recipe.seed, place)):
            return assemble_encoder(
                section.backbone,
                pooling=section.pooling,
                prompts=prompts,
                pool_prompt=section.pool_prompt,
                layers=section.layers,
                dropout=section.dropout,
                random_init=section.random_init,
                max_length=recipe.data.max_length,
                precision=recipe.training.precision,
            )
    except ModelError as error:
        raise ModelError(f"{place}.backbone: {error}") from error
    except ValueError as error:  # its first word is the name of the setting
        raise RecipeError(f"{'data' if str(error).startswith('max_length') else place}.{error}") from error


def build_batches(recipe: Recipe, source: Source, views: tuple[ViewSpec, ...], tokenize: Tokenize) -> Batches:
    """Return the batches of a run.

    Raises:
        DataError: There are fewer than two rows.
    """
    section = recipe.data
    return Batches(source, views, tokenize, section.batch_size, recipe.seed, rows_per_label=section.rows_per_label)


def run_length(recipe: Recipe, batches: Batches) -> int:
    """Return how many steps a run has."""
    training = recipe.training
    if training.steps is not None:
        return training.steps
    assert training.epochs is not None, "the schema gives every run one length"
    return training.epochs * batches.steps_per_epoch


def refuse_equal_views(views: tuple[ViewSpec, ...], source: Source, dropout: float) -> None:
    """Refuse to train on two views of one text that nothing tells apart: the positives would carry no signal.

    Args:
        views: V views.
        source: What they are made from.
        dropout: The encoder's largest dropout rate.

    Raises:
        RecipeError: Two views are always the same text and the dropout is 0.
    """
    if dropout == 0 and are_identical(views, source):
        raise RecipeError(
            "encoder.dropout: found 0 in the backbone, but two views of each row are the same text, and only dropout "
            "tells them apart. Set encoder.dropout=0.1, or give a view an augmentation in data.views."
        )


def refuse_idle_tower(encoder: TextEncoder, views: tuple[ViewSpec, ...]) -> None:
    """Refuse to train two towers on the texts of one.

    Args:
        encoder: One or two towers.
        views: V views.

    Raises:
        RecipeError: There are two towers, and no view is for the second.
    """
    if isinstance(encoder, TwoTower) and all(view.role is Role.ANCHOR for view in views):
        raise RecipeError(
            "encoder.documents: found a tower for documents, but every view is an anchor, so it would learn nothing. "
            "Give data.views one of role positive, or train one encoder."
        )
