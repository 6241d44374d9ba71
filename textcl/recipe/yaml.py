"""YAML as people mean it: `3e-5` is a number, a date stays text, and a key that stands twice is a fault."""

import re
from collections.abc import Hashable, Mapping
from typing import Any

import yaml

from textcl.errors import RecipeError

# YAML 1.1, which PyYAML reads, wants a dot and a sign in `3.0e-5`; everybody writes what YAML 1.2 allows.
_FLOAT = re.compile(
    r"^[-+]?(?:(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.inf|\.nan)$", re.I
)


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without its surprises."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        for position, key in enumerate(keys):
            if key in keys[:position]:
                raise yaml.constructor.ConstructorError(
                    problem=f"'{key}' stands here twice; keep one of them",
                    problem_mark=node.value[position][0].start_mark,
                )
        return super().construct_mapping(node, deep=deep)


class _Dumper(yaml.SafeDumper):
    """Writes shared values out twice, because anchors and aliases puzzle readers."""

    def ignore_aliases(self, data: object) -> bool:
        return True


for _side in (_Loader, _Dumper):  # the dumper must quote what the loader would read as a number
    _side.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":float"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _side.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))


def read_yaml(text: str, place: str) -> Any:
    """Return the value that a YAML text stands for.

    The result is `Any` because it is whatever a person typed.

    Args:
        text: The YAML.
        place: Where the text comes from, for messages.

    Raises:
        RecipeError: The text is no YAML; names the line.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a subclass of the safe loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise RecipeError(f"{place}{line}: the YAML cannot be read: {problem}.") from None


def write_yaml(value: Mapping[str, object]) -> str:
    """Return a mapping as YAML, keys in the order given, which `read_yaml` reads back to an equal value."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False)
