"""From the rows of a run to its batches."""

from collections.abc import Callable, Sequence

from textcl.data import Batches, Blended, LabelGroups, MixedBatches, shares_of
from textcl.errors import RecipeError
from textcl.recipe.data_section import MixingSection
from textcl.recipe.parts import Part
from textcl.recipe.schema import Recipe
from textcl.seeds import derive
from textcl.types import Tokenize

RunBatches = Batches | MixedBatches


def build_batches(
    recipe: Recipe, parts: Sequence[Part], sizes: Sequence[int], tokenize_of: Callable[[Part], Tokenize]
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
        return MixedBatches(batches, wanted_shares(recipe, sizes))
    [part] = parts
    if recipe.data.mixing is None:
        return _batches(recipe, part, tokenize_of(part), recipe.seed)
    batch_rows = min(recipe.data.batch_size, sum(sizes))
    try:
        by_name = dict(zip(recipe.data.names, sizes, strict=True))
        order = Blended(by_name, wanted_shares(recipe, sizes), batch_rows, recipe.seed)
    except ValueError as error:
        raise RecipeError(f"data.mixing: {error} Or let the sources take turns: one_source_per_batch: true.") from error
    return Batches(part.source, part.views, tokenize_of(part), recipe.data.batch_size, recipe.seed, order=order)


def wanted_shares(recipe: Recipe, sizes: Sequence[int]) -> tuple[float, ...]:
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


def _own_batches(recipe: Recipe, part: Part, tokenize: Tokenize) -> Batches:
    """Return the batches of a source that takes turns with others, whose draws it does not share."""
    return _batches(recipe, part, tokenize, derive(recipe.seed, "source", part.name))


def _batches(recipe: Recipe, part: Part, tokenize: Tokenize, seed: int) -> Batches:
    section, order = recipe.data, None
    if section.rows_per_label is not None and part.source[0].label is not None:
        order = LabelGroups(part.source, section.rows_per_label, seed)
    return Batches(part.source, part.views, tokenize, section.batch_size, seed, order=order)
