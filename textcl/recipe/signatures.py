"""What the signature of a constructor says: names, annotations, defaults, and which values fit."""

import inspect
import json
import math
import typing
from collections.abc import Collection, Mapping
from inspect import Parameter
from typing import Any

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError

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
    return Any if annotation is Parameter.empty or isinstance(annotation, str) else annotation


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
