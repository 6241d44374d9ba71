"""What the signature of a constructor says: names and the old ones, annotations, defaults, and which values fit."""

import inspect
import json
import math
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from inspect import Parameter
from typing import Any

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError
from torch import Tensor

from textcl.errors import found, one_of

Parameters = Mapping[str, Parameter]


def parameters_of(cls: type) -> Parameters:
    """Return the parameters of a constructor that can be named, annotations evaluated where that is possible."""
    kinds = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)
    return {name: p for name, p in _signature(cls).parameters.items() if p.kind in kinds}


def takes_any_name(cls: type) -> bool:
    """Say whether a constructor ends in `**settings`."""
    return any(p.kind is Parameter.VAR_KEYWORD for p in _signature(cls).parameters.values())


def is_required(parameter: Parameter) -> bool:
    """Say whether a parameter has no default."""
    return parameter.default is Parameter.empty


def annotation_of(parameter: Parameter) -> Any:
    """Return an annotation; `Any` where there is none, or one that names what cannot be imported."""
    annotation = parameter.annotation
    return Any if annotation is Parameter.empty or isinstance(annotation, str) else _without_tensors(annotation)


def _without_tensors(annotation: Any) -> Any:
    """Leave tensors out of what an annotation allows: no recipe has words for them."""
    origin, allowed = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        kept = tuple(_without_tensors(each) for each in allowed if each is not Tensor)
        return typing.Union[kept]  # noqa: UP007 (of a tuple)
    return tuple[tuple(map(_without_tensors, allowed))] if origin is tuple else annotation  # type: ignore[misc]  # made here


def fits(value: object, parameter: Parameter) -> bool:
    """Say whether a value from a recipe is what an annotation asks for; anything fits where that cannot be told."""
    if not _is_finite(value):
        return False  # no constructor has a use for NaN, and most compare it with a bound, which it passes
    try:
        converted(value, parameter)
    except ValidationError:
        return False
    return True


def _is_finite(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def takes_components(parameter: Parameter, kinds: Collection[type]) -> bool:
    """Say whether an annotation asks for a component of these kinds, or a list of them."""
    return _names(annotation_of(parameter), kinds)


def _names(annotation: object, kinds: Collection[type]) -> bool:
    return annotation in kinds or any(_names(part, kinds) for part in typing.get_args(annotation))


def converted(value: object, parameter: Parameter) -> Any:
    """Return a value from a recipe as its annotation wants it: a list as a tuple, a text as a Path.

    The result is `Any` because the annotation decides its type.

    Raises:
        ValidationError: It does not fit.
    """
    try:
        adapter = TypeAdapter(annotation_of(parameter))
    except (PydanticSchemaGenerationError, PydanticUserError):  # an annotation that pydantic does not know
        return value
    # as JSON, where a list may be a tuple and a text a Path, but "5" is no number
    return adapter.validate_json(json.dumps(value), strict=True)


def plain_default(parameter: Parameter) -> Any:
    """Return a default as YAML knows it: a tuple as a list, a member of an enumeration as its value.

    Raises:
        TypeError: There is no default, or YAML has no words for it.
    """
    return json.loads(json.dumps(parameter.default))


def _signature(cls: type) -> inspect.Signature:
    try:
        return inspect.signature(cls, eval_str=True)
    except NameError:
        return inspect.signature(cls)


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
