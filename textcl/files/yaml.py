"""YAML as people mean it, and no larger than it looks: `3e-5` is a number, a date stays text, a key stands once."""

import re
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.scanner import ScannerError

from textcl.errors import RecipeError

# YAML 1.1, which PyYAML reads, wants a dot and a sign in `3.0e-5`; everybody writes what YAML 1.2 allows.
_FLOAT = re.compile(
    r"^[-+]?(?:(?:[0-9][0-9_]*\.[0-9_]*|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+|\.inf|\.nan)$", re.I
)
# YAML 1.1 reads 1:30 as 90 and 020 as 16; everybody writes what YAML 1.2 takes for a number.
_INT = re.compile(r"^(?:[-+]?(?:0|[1-9][0-9_]*)|0b[01_]+|0x[0-9a-fA-F_]+)$")
_BACKSLASH = r"A path with \ stands between single quotes, as in 'C:\new\data.csv'."
_OF_PATHS = ("unknown escape", "U+0007", "U+0008", "U+000B", "U+000C")  # what \\a, \\b, \\v and \\f become
_LARGEST_FILE = 1_000_000  # bytes; what the largest takes to read is seconds
DEEPEST = 50  # lists and mappings inside one another
_MOST_VALUES = 100_000  # with those that aliases repeat
_LONGEST_NUMBER = 400  # characters; the largest float has 309 digits
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")  # control, half a character


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without its surprises, and with bounds: strangers write YAML too."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._size = 0
        self._sizes: dict[int, int] = {}  # of each whole node

    def fetch_more_tokens(self) -> None:
        """Read on; PyYAML takes some escapes and numbers for possible that Python does not."""
        try:
            super().fetch_more_tokens()
        except (ValueError, OverflowError) as error:
            mark = self.get_mark()
            raise ScannerError(problem="an escape or a number that stands for nothing", problem_mark=mark) from error

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        is_alias = self.check_event(yaml.AliasEvent)
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        self._depth += 1
        if self._depth > DEEPEST:
            raise ConstructorError(problem=f"more than {DEEPEST} levels inside one another", problem_mark=mark)
        before = self._size
        node = super().compose_node(parent, index)
        if is_alias and id(node) not in self._sizes:
            raise ConstructorError(problem="an alias stands inside what it is the name of", problem_mark=mark)
        self._size += self._sizes[id(node)] if is_alias else 1
        if self._size > _MOST_VALUES:
            what = "its aliases (*name) grow to" if is_alias else "it holds"
            raise ConstructorError(problem=f"{what} more than {_MOST_VALUES:,} values", problem_mark=mark)
        self._sizes.setdefault(id(node), self._size - before)
        self._depth -= 1
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Return the value of a node; `Any` because it is whatever a person typed."""
        if isinstance(node, yaml.ScalarNode):
            _refuse_scalar(node)
        try:
            return super().construct_object(node, deep)
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as error:
            kind = node.tag.rpartition(":")[2]
            raise ConstructorError(
                problem=f"found {str(node.value)[:40]!r}, which is no {kind}", problem_mark=node.start_mark
            ) from error

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise ConstructorError(problem="a key is a list or a mapping", problem_mark=key.start_mark)
            if key.value in keys:
                raise ConstructorError(
                    problem=f"{key.value[:80]!r} stands here twice; keep one of them", problem_mark=key.start_mark
                )
            keys.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _refuse_scalar(node: yaml.ScalarNode) -> None:
    """Refuse what no setting is made of: numbers of many digits, control characters, halves of a character."""
    if node.tag.endswith((":int", ":float")) and len(node.value) > _LONGEST_NUMBER:
        raise ConstructorError(problem=f"a number of {len(node.value):,} characters", problem_mark=node.start_mark)
    odd = _UNPRINTABLE.search(node.value)
    if odd:
        raise ConstructorError(
            problem=f"a text holds the character U+{ord(odd[0]):04X}, which nobody can see",
            problem_mark=node.start_mark,
        )


class _Dumper(yaml.SafeDumper):
    """Writes shared values out twice, because anchors and aliases puzzle readers."""

    def ignore_aliases(self, data: object) -> bool:
        return True


for _side in (_Loader, _Dumper):  # the dumper must quote what the loader would read as a number
    _side.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":float", ":int"))]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _side.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
    _side.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))


def read_yaml_file(path: Path) -> Any:
    """Return the value that a YAML file stands for; `Any` as for `read_yaml`.

    Raises:
        RecipeError: The file cannot be read, or is no YAML; names the line.
    """
    return read_yaml(read_yaml_text(path, str(path)), str(path))


def read_yaml_text(path: Path, location: str) -> str:
    """Return the text of a YAML file; `location` is what messages call it.

    Raises:
        RecipeError: It cannot be read, is too large, or is no file of UTF-8 text.
    """
    try:
        if path.exists() and not path.is_file():
            raise RecipeError(f"{location}: it is no file, and cannot be read.")
        if not path.stat().st_size:  # files of the kernel have no size, and some have no end
            return ""
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        if len(content) > _LARGEST_FILE:
            raise RecipeError(
                f"{location}: it has more than {_LARGEST_FILE // 1_000_000} MB, and is no file of settings."
            )
        return content.decode().removeprefix("\ufeff")
    except (OSError, ValueError) as error:
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise RecipeError(f"{location}: it cannot be read: {reason}.") from None


def read_yaml(text: str, location: str) -> Any:
    """Return the value that a YAML text stands for.

    The result is `Any` because it is whatever a person typed.

    Args:
        text: The YAML.
        location: Where the text comes from, for messages.

    Raises:
        RecipeError: The text is no YAML, or larger than it looks; names the line.
    """
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a subclass of the safe loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        way_out = f" {_BACKSLASH}" if any(word in problem for word in _OF_PATHS) else ""
        raise RecipeError(f"{location}{line}: the YAML cannot be read: {problem}.{way_out}") from None
    except RecursionError:
        raise RecipeError(f"{location}: the YAML cannot be read: it holds too much inside one another.") from None


def write_yaml(value: Mapping[str, object]) -> str:
    """Return a mapping as YAML, keys in the order given, which `read_yaml` reads back to an equal value."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100, default_flow_style=False)
