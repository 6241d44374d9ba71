"""What a run trains on: the rows of all sources together, or each source by itself where they take turns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from textcl.data import Concatenation, ViewSpec, are_identical
from textcl.encoder import TextEncoder, TwoTower
from textcl.errors import RecipeError
from textcl.recipe.build import views_of
from textcl.recipe.data_section import NamedSource
from textcl.recipe.schema import Recipe
from textcl.recipe.section import Component
from textcl.types import Role, Source


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are trained on alike."""

    name: str  # of the source; "" for all sources together
    source: Source
    views: tuple[ViewSpec, ...]
    prompts: Mapping[Role, str] | None = None  # None: the encoder's

    def under_prompts(self, encoder: TextEncoder) -> TextEncoder:
        """Return the encoder under the prompts of these rows."""
        return encoder if self.prompts is None else encoder.prompted(self.prompts)


def joined(sources: Sequence[Source]) -> Source:
    """Return several sources as one, end to end."""
    return sources[0] if len(sources) == 1 else Concatenation(sources)


def build_parts(recipe: Recipe, sources: Sequence[Source]) -> tuple[Part, ...]:
    """Return what is trained on alike, with its views.

    Args:
        recipe: What is run.
        sources: Those of the recipe.

    Raises:
        RecipeError: Views have no anchor, or no positive and no labels; or an augmentation does not suit the rows.
        DataError: An augmentation can do nothing for their texts.
    """
    section, seed = recipe.data, recipe.seed
    if not section.takes_turns:
        whole = joined(sources)
        return (Part("", whole, views_of(section.views, whole, "data.views", seed)),)
    parts = []
    for number, (name, entry, source) in enumerate(zip(section.names, section.sources, sources, strict=True)):
        own = entry if isinstance(entry, NamedSource) else None
        if own is not None and own.views is not None:
            views = views_of(own.views, source, f"data.sources.{number}.views", seed)
        else:
            views = views_of(section.views, source, "data.views", seed)
        parts.append(Part(name, source, views, own.prompts if own is not None else None))
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class PlacedObjective:
    """An objective as the recipe names it, and where."""

    component: Component
    place: str


def objectives_of(recipe: Recipe) -> dict[str, PlacedObjective]:
    """Return the objective of each part by its name; sources without one of their own share the recipe's."""
    shared = PlacedObjective(recipe.objective, "objective")
    if not recipe.data.takes_turns:
        return {"": shared}
    return {
        name: PlacedObjective(entry.objective, f"data.sources.{number}.objective")
        if isinstance(entry, NamedSource) and entry.objective is not None
        else shared
        for number, (name, entry) in enumerate(zip(recipe.data.names, recipe.data.sources, strict=True))
    }


def refuse_equal_views(part: Part, dropout: float) -> None:
    """Refuse to train on two views of one text that nothing tells apart: the positives would carry no signal.

    Args:
        part: Rows and their views.
        dropout: The encoder's largest dropout rate.

    Raises:
        RecipeError: Two views are always the same text and the dropout is 0.
    """
    if dropout == 0 and are_identical(part.views, part.source):
        raise RecipeError(
            f"encoder.dropout: found 0 in the backbone, but two views of each row{_of(part)} are the same text, and "
            "only dropout tells them apart. Set encoder.dropout=0.1, or give a view an augmentation in data.views."
        )


def refuse_idle_tower(encoder: TextEncoder, part: Part) -> None:
    """Refuse to train two towers on the texts of one.

    Args:
        encoder: One or two towers.
        part: Rows and their views.

    Raises:
        RecipeError: There are two towers, and no view is for the second.
    """
    if isinstance(encoder, TwoTower) and all(view.role is Role.ANCHOR for view in part.views):
        raise RecipeError(
            f"encoder.documents: found a tower for documents, but every view{_of(part)} is an anchor, so it would "
            "learn nothing. Give data.views one of role positive, or train one encoder."
        )


def _of(part: Part) -> str:
    return f" of source '{part.name}'" if part.name else ""
