"""Recipes: what a run is, read, checked, built and run; and what the command line does with a saved model."""

from textcl.recipe.comparing import Comparison, RunScores, compare_runs
from textcl.recipe.load import load_recipe, parse, recipe_text, resolved
from textcl.recipe.plan import Plan, plan
from textcl.recipe.run import Outcome, Watcher, train_recipe
from textcl.recipe.schema import Recipe
from textcl.recipe.scoring import Scored, score_model, write_evaluation_page
from textcl.recipe.vectors import encode_file

__all__ = [
    "Comparison",
    "Outcome",
    "Plan",
    "Recipe",
    "RunScores",
    "Scored",
    "Watcher",
    "compare_runs",
    "encode_file",
    "load_recipe",
    "parse",
    "plan",
    "recipe_text",
    "resolved",
    "score_model",
    "train_recipe",
    "write_evaluation_page",
]
