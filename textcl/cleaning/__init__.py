"""Cleaning: rows that would teach nothing, or something wrong, and why."""
