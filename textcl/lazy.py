"""A package that loads what it offers only when it is asked for: `import textcl.objectives` costs nothing."""

import ast
import importlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path


def lazy(package: str) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package whose names are imported on first use.

    The names and their modules are what the package's own file imports under `if TYPE_CHECKING:`, where type checkers
    and editors read them too, so that they are written once (as in scientific-python's lazy_loader). A package has:

        if TYPE_CHECKING:
            from textcl.objectives.angle import AnglE
        else:
            __getattr__, __dir__ = lazy(__name__)

    Args:
        package: The package's `__name__`.
    """
    module = sys.modules[package]
    file = Path(str(module.__file__))

    def fetch(name: str) -> object:
        if name not in _typed_imports(file):
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home, attribute = _typed_imports(file)[name]
        found: object = getattr(importlib.import_module(home), attribute)
        setattr(module, name, found)
        return found

    def names() -> list[str]:
        return sorted({*vars(module), *_typed_imports(file)})

    return fetch, names


@cache
def _typed_imports(file: Path) -> dict[str, tuple[str, str]]:
    """Return the module of each name that a file imports under `if TYPE_CHECKING:`, and its name there."""
    blocks = [statement for statement in ast.parse(file.read_bytes()).body if isinstance(statement, ast.If)]
    imports = [
        line
        for block in blocks
        if ast.unparse(block.test) == "TYPE_CHECKING"
        for line in block.body
        if isinstance(line, ast.ImportFrom)
    ]
    return {alias.asname or alias.name: (str(line.module), alias.name) for line in imports for alias in line.names}
