"""Recipes: what a run is, read and checked."""

from textcl.recipe.load import load_recipe, parse, recipe_text, resolved
from textcl.recipe.schema import Recipe

__all__ = ["Recipe", "load_recipe", "parse", "recipe_text", "resolved"]
