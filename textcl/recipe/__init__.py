"""Recipes: what a run is, read and checked."""
