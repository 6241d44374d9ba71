"""textcl trains sentence encoders on your own text by contrastive learning."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textcl.encoder.encoder import Encoder
    from textcl.encoder.opening import open_encoder as load
    from textcl.encoder.two_tower import TwoTower
    from textcl.types.text import Role

    __version__: str

__all__ = ["Encoder", "Role", "TwoTower", "__version__", "load"]

# Public name → where it lives. Looked up on first use, so that `import textcl` does not load torch.
_HOMES = {
    "Encoder": ("textcl.encoder", "Encoder"),
    "Role": ("textcl.types", "Role"),
    "TwoTower": ("textcl.encoder", "TwoTower"),
    "load": ("textcl.encoder", "open_encoder"),
}


def __getattr__(name: str) -> object:
    """Fetch a public name from the room it lives in."""
    if name == "__version__":
        return import_module("importlib.metadata").version("textcl")
    if name not in _HOMES:
        raise AttributeError(f"module 'textcl' has no attribute {name!r}")
    room, attribute = _HOMES[name]
    return getattr(import_module(room), attribute)


def __dir__() -> list[str]:
    return list(__all__)
