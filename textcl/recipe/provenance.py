"""`run.json`: what a run was made with, so that it can be repeated."""

import json
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from textcl.atomic import new_file
from textcl.recipe.schema import Recipe
from textcl.types import Source

# What can change a number of a run.
PACKAGES = (
    "textcl",
    "torch",
    "transformers",
    "tokenizers",
    "sentence-transformers",
    "accelerate",
    "numpy",
    "scipy",
    "faiss-cpu",
    "pytrec-eval-terrier",
)  # fmt: skip


def write_provenance(path: Path, recipe: Recipe, source: Source, device: str, ranks: int) -> None:
    """Write the versions of the packages, the fingerprint of the data, the seed and the machine.

    Args:
        path: `run.json` of a run folder.
        recipe: What is run.
        source: What it trains on.
        device: Where it trains: `cpu`, `cuda`.
        ranks: On how many processes.
    """
    facts = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "data": {"rows": len(source), "fingerprint": source.fingerprint},
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
        "processes": ranks,
        "packages": versions(),
    }
    with new_file(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the versions of the packages that can change a number."""
    return {name: found for name in PACKAGES if (found := version_of(name)) is not None}


def version_of(package: str) -> str | None:
    """Return the version of a package, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:  # faiss comes under several names
        return None
