"""Settings of components that had another name in an earlier version: refused, with what to write now."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from textcl.recipe.messages import found, one_of


@dataclass(frozen=True, slots=True)
class Renamed:
    """What a setting is called now; the same name where only its values have others."""

    name: str
    values: Mapping[object, str] = field(default_factory=dict)  # old value → new one; those not listed are as before


# Component → its old settings. One that is renamed is added here: recipes of earlier runs name it.
RENAMED: dict[str, dict[str, Renamed]] = {
    "InfoNCE": {
        "directions": Renamed(
            "directions",
            {
                "anchor_to_candidates": "query_to_doc",
                "anchor_to_anchors": "query_to_query",
                "positive_to_anchors": "doc_to_query",
                "positive_to_candidates": "doc_to_doc",
            },
        ),
        "shares_softmax": Renamed("partition_mode", {True: "joint", False: "per_direction"}),
        "hardness": Renamed("hardness_strength"),
        "hardened": Renamed(
            "hardness_mode",
            {
                "other_rows": "in_batch_negatives",
                "own_negatives": "hard_negatives",
                "all": "all_negatives",
            },
        ),
    },
    "MoCo": {"queue_rows": Renamed("queue_size")},
    "SwAV": {"iterations": Renamed("sinkhorn_iterations")},
}


def renamed_line(component: str, name: str, value: object, location: str) -> str | None:
    """Say what a setting of an earlier version is called now.

    Args:
        component: What the recipe uses: a name that textcl lists, or `my_package.module:Class`.
        name: The setting, as the recipe writes it.
        value: Its value there.
        location: Where the component stands in the recipe.

    Returns:
        A line of an error; None: neither the name nor the value is of an earlier version.
    """
    module, _, own_name = component.rpartition(":")
    renamed = RENAMED.get(own_name, {}).get(name)
    if renamed is None or not f"{module or 'textcl'}.".startswith("textcl."):
        return None
    old = _old_values(value, renamed)
    if renamed.name == name:
        changed = ", ".join(f"{found(each)} is now {renamed.values[each]}" for each in old)
        return f"{location}.{name}: {changed}. Write {name}: {_translated(value, renamed)}." if old else None
    if renamed.values and not old:
        return f"{location}.{name}: is now {renamed.name}, which is {one_of(renamed.values.values())}."
    return f"{location}.{name}: is now {renamed.name}. Write {renamed.name}: {_translated(value, renamed)}."


def _old_values(value: object, renamed: Renamed) -> list[object]:
    """Return the values of an earlier version, of one value or of a list."""
    values = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str | bool) and each in renamed.values]


def _translated(value: object, renamed: Renamed) -> str:
    """Return a value as a recipe writes it now."""
    if isinstance(value, list):
        return f"[{', '.join(_translated(each, renamed) for each in value)}]"
    if isinstance(value, str | bool):
        return renamed.values.get(value, str(value))
    return found(value)
