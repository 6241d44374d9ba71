"""Pydantic's findings in our words: the location, what was found, what would be right."""

import typing
from collections.abc import Callable

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from textcl.errors import found, one_of, suggestion
from textcl.recipe.schema import Recipe
from textcl.recipe.section import OWN_ERROR, Component

# What a value must be, by pydantic's name of the error; the words may use the limits that it was measured against.
_MUST_BE = {
    "int_type": "be a whole number",
    "int_from_float": "be a whole number",
    "float_type": "be a number",
    "finite_number": "be a finite number",
    "bool_type": "be true or false",
    "dict_type": "be a mapping",
    "tuple_type": "be a list",
    "model_type": "be a mapping of settings",
    "greater_than": "be above {gt}",
    "greater_than_equal": "be at least {ge}",
    "less_than": "be below {lt}",
    "less_than_equal": "be at most {le}",
    "too_short": "hold at least {min_length}",
    "string_too_short": "not be empty",
    "string_pattern_mismatch": "be letters, digits, '.', '_' and '-', with no blank or slash",
}
Path = list[int | str]


def errors(error: ValidationError) -> list[str]:
    """Return a line for each error that pydantic found in a recipe."""
    return [_line(details) for details in error.errors(include_url=False) if not _is_echo(details)]


def _is_echo(details: ErrorDetails) -> bool:
    """Say whether a list is called too short only because its entries have errors, which are listed already."""
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def _line(details: ErrorDetails) -> str:
    path = list(details["loc"])
    return f"{_location(path) or 'the recipe'}: {_SAYINGS.get(details['type'], _unfit)(details, path)}"


def _location(path: Path) -> str:
    """Return a location as the recipe writes it, without pydantic's own marks."""
    return ".".join(str(part) for part in path if not _is_mark(part))


def _is_mark(part: int | str) -> bool:
    return str(part).startswith(("<", "["))


def _unfit(details: ErrorDetails, path: Path) -> str:
    right = _MUST_BE.get(details["type"], "be something else").format(**details.get("ctx", {}))
    if details["type"] == "model_type" and _model_at(path) is Component:
        value = details["input"]
        right = f"be a component, as in {{use: {value if isinstance(value, str) else 'Name'}}}"
    return f"found {found(details['input'])}, but it must {right}."


def _no_text(details: ErrorDetails, path: Path) -> str:
    value = details["input"]
    quoted = f", in quotes: '{value}'" if isinstance(value, int | float) else ""
    return f"found {found(value)}, but it must be text{quoted}."


def _unknown(details: ErrorDetails, path: Path) -> str:
    *parents, name = path
    model = _model_at(parents)
    known = list(model.model_fields) if model else []
    section = _location(parents) or "a recipe"
    return f"{section} has no such setting. It takes {', '.join(known)}.{suggestion(str(name), known)}"


def _missing(details: ErrorDetails, path: Path) -> str:
    model = _model_at(path[:-1])
    assert model is not None, "only models can miss a field"
    return f"missing. Give {model.model_fields[str(path[-1])].description}."


def _no_choice(details: ErrorDetails, path: Path) -> str:
    known = [part.strip(" '") for part in str(details["ctx"]["expected"]).replace(" or ", ",").split(",")]
    value = details["input"]
    close = suggestion(value, known) if isinstance(value, str) else ""
    return f"found {found(value)}, but it must be {one_of(known)}.{close}"


def _own_words(details: ErrorDetails, path: Path) -> str:
    return f"{details['msg']}."


_SAYINGS: dict[str, Callable[[ErrorDetails, Path], str]] = {
    "extra_forbidden": _unknown,
    "missing": _missing,
    "string_type": _no_text,
    "enum": _no_choice,
    "literal_error": _no_choice,
    OWN_ERROR: _own_words,
}


def _model_at(path: Path) -> type[BaseModel] | None:
    """Return the model that a location of a recipe is read by."""
    annotation: object = Recipe
    for part in path:
        if _is_mark(part):
            annotation = _tagged(annotation, str(part)) or annotation
        elif isinstance(part, str):
            model = _model_in(annotation)
            field = model.model_fields.get(part) if model else None
            annotation = field.annotation if field else None
    return _model_in(annotation)


def _tagged(annotation: object, tag: str) -> object | None:
    """Return the one of several kinds that pydantic's mark says a value was read as."""
    inner = typing.get_args(annotation)
    if Tag(tag) in inner:
        return annotation
    return next(filter(None, (_tagged(part, tag) for part in inner)), None)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model inside an annotation such as `tuple[Component, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_model_in, typing.get_args(annotation))), None)
