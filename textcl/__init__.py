"""textcl trains sentence encoders on your own text by contrastive learning."""

from typing import TYPE_CHECKING

from textcl.lazy import lazy

if TYPE_CHECKING:
    from textcl.encoder.encoder import Encoder
    from textcl.encoder.opening import open_encoder as load
    from textcl.encoder.two_tower import TwoTower
    from textcl.recipe.load import load_recipe
    from textcl.recipe.schema import Recipe
    from textcl.types.text import Role
    from textcl.workflows.classifier import Classifier
    from textcl.workflows.classify import classify
    from textcl.workflows.cluster import cluster
    from textcl.workflows.evaluate import evaluate
    from textcl.workflows.index import index
    from textcl.workflows.merge import merge
    from textcl.workflows.mine import mine
    from textcl.workflows.pairs import pairs
    from textcl.workflows.search import Searcher
    from textcl.workflows.sweep import sweep
    from textcl.workflows.train import train

    __version__: str
else:
    _fetch, __dir__ = lazy(__name__)

    def __getattr__(name: str) -> object:
        """Fetch a public name from the room it lives in."""
        if name == "__version__":
            from importlib.metadata import version

            return version("textcl")
        return _fetch(name)


# No room of the package may have one of these names: its import would take the name's place.
__all__ = [
    "Classifier",
    "Encoder",
    "Recipe",
    "Role",
    "Searcher",
    "TwoTower",
    "__version__",
    "classify",
    "cluster",
    "evaluate",
    "index",
    "load",
    "load_recipe",
    "merge",
    "mine",
    "pairs",
    "sweep",
    "train",
]
