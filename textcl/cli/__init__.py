"""The command line: one verb a file."""

from textcl.cli.app import main

__all__ = ["main"]
