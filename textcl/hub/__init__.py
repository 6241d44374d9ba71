"""Publishing: what of a run others get, the model card, and the way to the Hub."""

from textcl.hub.card import render_card
from textcl.hub.contents import Contents, Told, contents_of, contents_underway, paths_in, stand_ins
from textcl.hub.push import Pushed, check_destination, full_name, push
from textcl.hub.repository import Destination

__all__ = [
    "Contents",
    "Destination",
    "Pushed",
    "Told",
    "check_destination",
    "contents_of",
    "contents_underway",
    "full_name",
    "paths_in",
    "push",
    "render_card",
    "stand_ins",
]
