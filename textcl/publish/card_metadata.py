"""The head of a model card, by which the Hub lists, filters and links a model."""

from collections.abc import Mapping, Sequence
from typing import Any

from huggingface_hub import ModelCardData

from textcl.publish.base import base_models
from textcl.publish.components import component_names
from textcl.publish.eval_results import eval_results
from textcl.report import RunFiles, ScoreRow

_TAGS = ("sentence-transformers", "textcl", "sentence-similarity", "feature-extraction", "dense")


def card_metadata(files: RunFiles, rows: Sequence[ScoreRow], name: str) -> ModelCardData:
    """Return the metadata of a run's card; what is not known is left out.

    Args:
        files: Of the run folder.
        rows: The scores that the card shows.
        name: The model's id on the Hub.
    """
    hub = files.recipe.get("hub") or {}
    count = files.provenance.get("data", {}).get("rows")
    losses = component_names(files.recipe["objective"])
    return ModelCardData(
        language=list(hub.get("language") or ()) or None,
        license=hub.get("license"),
        library_name="sentence-transformers",
        pipeline_tag="sentence-similarity",
        tags=[*_TAGS, *(f"loss:{loss}" for loss in losses), *([] if count is None else [f"dataset_size:{count}"])],
        base_model=_one_or_all(base_models(files)),
        datasets=hub_datasets(files.recipe) or None,
        model_name=name.rpartition("/")[2],
        eval_results=eval_results(files.recipe, rows) or None,
    )


def hub_datasets(recipe: Mapping[str, Any]) -> list[str]:
    """Return the data sets on the Hub that a run was trained on: those of its sources, and those that it says."""
    sources = [source["id"] for source in recipe["data"]["sources"] if source.get("use") == "HubDataset"]
    said = (recipe.get("hub") or {}).get("datasets") or ()
    return list(dict.fromkeys([*sources, *said]))


def _one_or_all(models: list[str]) -> str | list[str] | None:
    return models[0] if len(models) == 1 else models or None
