"""Publishing: the model card of a run."""

from textcl.publish.card import render_card

__all__ = ["render_card"]
