"""Whether the texts of a run suit the augmentations of its views, found out before anything trains."""

from textcl.data import ViewSpec, sample_originals, shares_draw
from textcl.errors import RecipeError, TextclError
from textcl.types import Source


def refuse_unfit_texts(views: tuple[ViewSpec, ...], source: Source, place: str, seed: int) -> None:
    """Refuse rows whose texts an augmentation is not made for.

    Args:
        views: V views.
        source: What they are made from.
        place: Where they stand in the recipe.
        seed: The seed of the run's data; it chooses the sample of texts that augmentations are shown.

    Raises:
        RecipeError: An augmentation cuts views from one text, and the rows have positives of their own.
        DataError: An augmentation can do nothing for the texts; names its place.
    """
    for number, view in enumerate(views):
        for position, augmentation in enumerate(view.augment):
            at = f"{place}.{number}.augment.{position}"
            if shares_draw(augmentation) and source[0].positives:
                raise RecipeError(
                    f"{at}: {type(augmentation).__name__} takes the views of a row from one text, but "
                    f"{source.place(0)} has a positive of its own. Set the source's `positive` to null, or take the "
                    "augmentation away."
                )
            check = getattr(augmentation, "check", None)
            if check is None:
                continue
            try:
                check(sample_originals(source, views, seed)[number])
            except TextclError as error:
                raise type(error)(f"{at}: {error}") from error
