"""Scores as the Hub reads them from a model card: its `model-index`."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from huggingface_hub import EvalResult, ModelCardData

from textcl.evaluation.kind import Hub
from textcl.evaluation.kinds import hub_type, metric_named
from textcl.evaluation.suites import read_suite
from textcl.hub.recipe_parts import base_models, component_names, sources_of
from textcl.report.page_data import RunFiles
from textcl.report.score_rows import ScoreRow
from textcl.util import installed as shelf

_DIGITS = 4  # of a share, which is 2 of a percentage


def eval_results(recipe: Mapping[str, Any], rows: Sequence[ScoreRow]) -> list[EvalResult]:
    """Return the scores of the tuned model, 0 to 1, the interval in each metric's name.

    What is no score (alignment, a threshold) or does not exist is left out.

    Args:
        recipe: Of the run; it names the suites.
        rows: The scores, before and after the run.
    """
    known = dict(_sets(recipe.get("evaluation") or {}))
    tasks: dict[str, list[str]] = {}
    for row in rows:
        tasks.setdefault(row.task, []).append(row.metric)
    return [
        _result(row, hub_type(tasks[row.task]), known.get(row.task))
        for row in rows
        if _is_score(row.metric) and not math.isnan(row.scores[-1].value)
    ]


def _is_score(name: str) -> bool:
    metric = metric_named(name)
    return metric.is_share and metric.better == "higher"


def _result(row: ScoreRow, task: str, hub: Hub | None) -> EvalResult:
    score = row.scores[-1]
    interval = "" if math.isnan(score.low) else f", 95 % interval {score.low:.{_DIGITS}f} to {score.high:.{_DIGITS}f}"
    return EvalResult(
        task_type=task,
        task_name=task.replace("-", " ").capitalize(),
        # A set of the user's own has no id. Results of one type are listed as one set, so it must not be the same word.
        dataset_type=row.task if hub is None else hub.id,
        dataset_name=row.task,
        dataset_config=None if hub is None else hub.config,
        dataset_split=None if hub is None else hub.split,
        dataset_revision=None if hub is None else hub.revision,
        metric_type=row.metric,
        metric_name=f"{row.metric}{interval}",
        metric_value=round(score.value, _DIGITS),
    )


def _sets(evaluation: Mapping[str, Any]) -> Iterator[tuple[str, Hub]]:
    """Yield the tasks whose sets came from the Hub; a folder of local files may hold other ones."""
    if evaluation.get("data_dir") is not None:
        return
    bundled = shelf.names(shelf.suites_folder())
    for name in evaluation.get("after") or ():
        if name in bundled:
            for entry in read_suite(shelf.suites_folder() / f"{name}.yaml").tasks:
                hub = getattr(entry, "hub", None)  # tasks of two sets have none of their own
                if hub is not None:
                    yield entry.name, hub


_TAGS = ("sentence-transformers", "textcl", "sentence-similarity", "feature-extraction", "dense")


def card_metadata(files: RunFiles, rows: Sequence[ScoreRow], name: str) -> ModelCardData:
    """Return the metadata of a run's card; what is not known is left out.

    Args:
        files: Of the run folder.
        rows: The scores that the card shows.
        name: The model's id on the Hub.
    """
    hub = files.recipe.get("hub") or {}
    count = (files.provenance.get("data") or {}).get("rows")
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
    sources = [source["id"] for source in sources_of(recipe) if source.get("use") == "HubDataset"]
    said = (recipe.get("hub") or {}).get("datasets") or ()
    return list(dict.fromkeys([*sources, *said]))


def _one_or_all(models: list[str]) -> str | list[str] | None:
    return models[0] if len(models) == 1 else models or None
