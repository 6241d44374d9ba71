"""textcl trains sentence encoders on your own text by contrastive learning."""

from typing import TYPE_CHECKING

from textcl.lazy import lazy

if TYPE_CHECKING:
    from textcl.encoder.encoder import Encoder
    from textcl.encoder.opening import open_encoder as load
    from textcl.encoder.two_tower import TwoTower
    from textcl.types.text import Role

    __version__: str
else:
    _fetch, __dir__ = lazy(__name__)

    def __getattr__(name: str) -> object:
        """Fetch a public name from the room it lives in."""
        if name == "__version__":
            from importlib.metadata import version

            return version("textcl")
        return _fetch(name)


__all__ = ["Encoder", "Role", "TwoTower", "__version__", "load"]
