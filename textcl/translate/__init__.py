"""Texts made of texts: engines of translations and of questions, there and back through a cache, and filters."""
