"""`run.json`: what a run was made with, so that it can be repeated."""

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from textcl.atomic import new_file
from textcl.encoder.places import find_on_hub
from textcl.recipe.batching import wanted_shares
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


def write_provenance(
    path: Path, recipe: Recipe, source: Source, sizes: Sequence[int], start: str, device: str, ranks: int
) -> None:
    """Write the versions of the packages, the fingerprint of the data, what is tuned, the seed and the machine.

    Args:
        path: `run.json` of a run folder.
        recipe: What is run.
        source: What it trains on.
        sizes: Rows of each of the recipe's sources.
        start: The fingerprint of the encoder that training begins with.
        device: Where it trains: `cpu`, `cuda`.
        ranks: On how many processes.
    """
    facts = {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "data": data_facts(source) | _mix(recipe, sizes),
        "base_models": base_models(recipe),
        "encoder": start,
        **machine_facts(device, ranks),
    }
    with new_file(path) as temporary:
        temporary.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def data_facts(source: Source) -> dict[str, object]:
    """Return what tells one set of training data from another."""
    return {"rows": len(source), "fingerprint": source.fingerprint}


def _mix(recipe: Recipe, sizes: Sequence[int]) -> dict[str, object]:
    """Return the rows of each source and the fraction that it has of the rows drawn; of a single source nothing."""
    if len(sizes) == 1:
        return {}
    each = zip(recipe.data.names, sizes, wanted_shares(recipe, sizes), strict=True)
    return {"sources": [{"name": name, "rows": size, "share": share} for name, size, share in each]}


def base_models(recipe: Recipe) -> list[dict[str, str]]:
    """Return the models on the Hub whose weights a run starts from, with their commits; folders and packages have none.

    Raises:
        ModelError: There is no such model.
    """
    section = recipe.encoder
    towers = [(section.backbone, section.random_init)]
    if section.documents is not None:
        is_random = section.documents.random_init
        backbone = section.documents.backbone or section.backbone
        towers.append((backbone, section.random_init if is_random is None else is_random))
    names = dict.fromkeys(backbone for backbone, is_random in towers if not is_random)
    return [asdict(model) for model in map(find_on_hub, names) if model is not None]


def machine_facts(device: str, ranks: int) -> dict[str, Any]:
    """Return what runs the code here, the arguments as above. `Any`: its facts are of many kinds."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": device,
        "processes": ranks,
        "packages": versions(),
    }


def versions() -> dict[str, str]:
    """Return the versions of the packages that can change a number."""
    return {name: found for name in PACKAGES if (found := version_of(name)) is not None}


def version_of(package: str) -> str | None:
    """Return the version of a package, None where it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:  # faiss comes under several names
        return None
