"""Differences of two models task by task, where both were scored on the same items."""

from collections.abc import Callable, Mapping

from textcl.errors import DataError
from textcl.evaluation.difference import Difference
from textcl.evaluation.items import Result
from textcl.evaluation.significance import differences


def compared(
    others: Mapping[str, Result],
    results: Mapping[str, Result],
    names: tuple[str, str],
    on_task: Callable[[str], None] | None = None,
) -> dict[str, dict[str, Difference]]:
    """Return `results` minus `others` of each metric of each task that both hold.

    Args:
        others: Outcomes of one model by task.
        results: Outcomes of another.
        names: What the two are called in messages, in this order.
        on_task: Called with a task's name before it is compared.

    Raises:
        DataError: A task's items are not the same on both sides.
    """
    shared = [task for task in results if task in others]
    for task in shared:
        refuse_other_items(task, (others[task].items, results[task].items), names)
        its, own = others[task].sample, results[task].sample
        if type(its) is not type(own) or its.size != own.size:
            raise DataError(f"{task}: {names[0]} and {names[1]} are of different versions of textcl; score both again.")
    found = {}
    for task in shared:
        if on_task is not None:
            on_task(task)
        found[task] = differences(others[task].sample, results[task].sample)
    return found


def refuse_other_items(task: str, digests: tuple[str, str], names: tuple[str, str]) -> None:
    """Raise where two outcomes of a task are not of the same items, so that no difference can be paired."""
    if digests[0] != digests[1]:
        first, second = (digest[:8] for digest in digests)
        raise DataError(
            f"{task}: {names[0]} and {names[1]} are of different data under one name (digests {first} and {second}). "
            "A difference is taken item by item: score both models on the same data, with one version of textcl."
        )
