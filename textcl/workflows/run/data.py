"""What a run trains on: the rows of all sources together, or each source by itself where they take turns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from textcl.data.batches import Batches
from textcl.data.mixed_batches import MixedBatches
from textcl.data.orders import Blended, Computed, LabelGroups, Order, shares_of
from textcl.data.sources.concatenation import Concatenation
from textcl.data.token_cache import KeptTokens, is_whole, keep_tokens, tables_of
from textcl.data.views import ViewSpec, are_identical
from textcl.distributed import Ranks
from textcl.encoder.fingerprint import token_key
from textcl.encoder.protocols import TextEncoder
from textcl.encoder.two_tower import TwoTower
from textcl.errors import RecipeError
from textcl.recipe.schema import MixingSection, NamedSource, Recipe
from textcl.recipe.section import Component
from textcl.types.batches import Tokenize
from textcl.types.text import Role, Source
from textcl.util.progress import Progress
from textcl.util.seeds import derive
from textcl.workflows.run.build import views_of


@dataclass(frozen=True, slots=True)
class TrainingPart:
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


def build_parts(recipe: Recipe, sources: Sequence[Source]) -> tuple[TrainingPart, ...]:
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
        return (TrainingPart("", whole, views_of(recipe, section.views, whole, "data.views", seed)),)
    parts = []
    for number, (name, entry, source) in enumerate(zip(section.names, section.sources, sources, strict=True)):
        own = entry if isinstance(entry, NamedSource) else None
        if own is not None and own.views is not None:
            views = views_of(recipe, own.views, source, f"data.sources.{number}.views", seed)
        else:
            views = views_of(recipe, section.views, source, "data.views", seed)
        parts.append(TrainingPart(name, source, views, own.prompts if own is not None else None))
    return tuple(parts)


@dataclass(frozen=True, slots=True)
class LocatedObjective:
    """An objective as the recipe names it, and where."""

    component: Component
    location: str


def objectives_of(recipe: Recipe) -> dict[str, LocatedObjective]:
    """Return the objective of each part by its name; sources without one of their own share the recipe's."""
    shared = LocatedObjective(recipe.objective, "objective")
    if not recipe.data.takes_turns:
        return {"": shared}
    return {
        name: LocatedObjective(entry.objective, f"data.sources.{number}.objective")
        if isinstance(entry, NamedSource) and entry.objective is not None
        else shared
        for number, (name, entry) in enumerate(zip(recipe.data.names, recipe.data.sources, strict=True))
    }


def refuse_equal_views(part: TrainingPart, dropout: float) -> None:
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


def refuse_idle_tower(encoder: TextEncoder, part: TrainingPart) -> None:
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


def _of(part: TrainingPart) -> str:
    return f" of source '{part.name}'" if part.name else ""


RunBatches = Batches | MixedBatches


def build_batches(
    recipe: Recipe, parts: Sequence[TrainingPart], sizes: Sequence[int], tokenize_of: Callable[[TrainingPart], Tokenize]
) -> RunBatches:
    """Return the batches of a run.

    Args:
        recipe: What is run.
        parts: What is trained on alike.
        sizes: Rows of each source.
        tokenize_of: Returns what cuts the texts of a part into tokens.

    Raises:
        DataError: There are fewer than two rows.
        RecipeError: A source has too few rows for its share of a batch.
    """
    if recipe.data.takes_turns:
        batches = {part.name: _own_batches(recipe, part, tokenize_of(part)) for part in parts}
        return MixedBatches(batches, requested_shares(recipe, sizes))
    [part] = parts
    if recipe.data.mixing is None:
        return _batches(recipe, part, tokenize_of(part), recipe.seed)
    batch_rows = min(recipe.data.batch_size, sum(sizes))
    try:
        by_name = dict(zip(recipe.data.names, sizes, strict=True))
        order = Blended(by_name, requested_shares(recipe, sizes), batch_rows, recipe.seed)
    except ValueError as error:
        raise RecipeError(f"data.mixing: {error} Or let the sources take turns: one_source_per_batch: true.") from error
    return Batches(part.source, part.views, tokenize_of(part), recipe.data.batch_size, recipe.seed, order=order)


def requested_shares(recipe: Recipe, sizes: Sequence[int]) -> tuple[float, ...]:
    """Return the fraction of the drawn rows that each source is meant to have; without mixing, that of its rows."""
    mixing = recipe.data.mixing or MixingSection()
    return shares_of(sizes, mixing.weights, mixing.temperature or 1.0)


def run_length(recipe: Recipe, batches: RunBatches) -> int:
    """Return how many steps a run has."""
    training = recipe.training
    if training.steps is not None:
        return training.steps
    assert training.epochs is not None, "the schema gives every run one length"
    return training.epochs * batches.steps_per_epoch


def _own_batches(recipe: Recipe, part: TrainingPart, tokenize: Tokenize) -> Batches:
    """Return the batches of a source that takes turns with others, whose draws it does not share."""
    return _batches(recipe, part, tokenize, derive(recipe.seed, "source", part.name))


def _batches(recipe: Recipe, part: TrainingPart, tokenize: Tokenize, seed: int) -> Batches:
    section = recipe.data
    order: Order | None = Computed(len(part.source), seed) if section.order == 2 else None
    if section.rows_per_label is not None and part.source[0].label is not None:
        order = LabelGroups(part.source, section.rows_per_label, seed)
    return Batches(part.source, part.views, tokenize, section.batch_size, seed, order=order)


WORTH = 10_000  # rows; fewer are tokenised in about a second, and again in each epoch at no cost that a run feels


def run_tokenize(
    encoder: TextEncoder,
    source: Source,
    views: tuple[ViewSpec, ...],
    epochs: float,
    workers: int,
    ranks: Ranks,
    progress: Progress,
) -> Tokenize:
    """Return what cuts the texts of a run into tokens; every rank calls it, the main one keeps tokens for all.

    Tokens that an earlier run kept are taken from there. A run that reads its texts more than once keeps them, where
    they are many and a view holds them unchanged; for one epoch it would take longer than it saves.

    Args:
        encoder: Has the tokenizers.
        source: What is trained on.
        views: V views.
        epochs: How many times the run reads the source.
        workers: Processes that cut; 0: this one.
        ranks: The processes of the run.
        progress: Gets the progress.

    Raises:
        DataError: A row cannot be read.
    """
    keys = {role: key for role in Role if (key := token_key(encoder, role)) is not None}
    tables = tables_of(source, views, keys)

    def keep() -> None:
        for table, roles in tables.items():
            if not is_whole(table) and epochs > 1 and len(source) >= WORTH:
                progress.phase(
                    f"Tokenising {len(source):,} rows once, as the run reads them {epochs:.2g} times", unit="rows"
                )
                keep_tokens(table, source, roles, encoder.tokenize, workers, progress)

    ranks.together(keep if ranks.is_main else lambda: None)
    kept = {role: table for table, roles in tables.items() if is_whole(table) for role in roles}
    if kept:
        progress.phase("Taking tokens from " + ", ".join(str(table) for table in dict.fromkeys(kept.values())))
    return KeptTokens(encoder.tokenize, kept) if kept else encoder.tokenize
