"""Scoring a model: tasks, suites of tasks, and how sure the scores are.

A task knows a model only as `types.Embed`.
"""
