"""What a recipe is made of, whether a source stands in it alone or with settings of its own."""

from collections.abc import Mapping
from typing import Any

Part = Mapping[str, Any]  # as its file reads: of many kinds


def sources_of(recipe: Part) -> list[Part]:
    """Return the components of the sources."""
    return [entry.get("source", entry) for entry in recipe["data"]["sources"]]


def objectives_of(recipe: Part) -> list[Part]:
    """Return the recipe's objective, and those that sources have of their own."""
    own = (entry.get("objective") for entry in recipe["data"]["sources"] if "source" in entry)
    return [recipe["objective"], *(objective for objective in own if objective)]


def views_of(recipe: Part) -> list[Part]:
    """Return the views of the recipe, and those that sources have of their own."""
    own = (entry.get("views") for entry in recipe["data"]["sources"] if "source" in entry)
    return [view for views in (recipe["data"].get("views"), *own) for view in views or ()]
