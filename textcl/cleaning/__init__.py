"""Cleaning: rows that would teach nothing, or something wrong, and why."""

from textcl.cleaning.cleaner import Cleaned, Cleaning, clean
from textcl.cleaning.rules import Rules, Similarity

__all__ = ["Cleaned", "Cleaning", "Rules", "Similarity", "clean"]
