"""Find an installed package's Python files and read the docstrings in them, without importing anything."""

import ast
import gc
import importlib.util
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

from textcl.data.docstring_prose import summary_and_prose
from textcl.errors import DataError, suggestion

SCANNER = 2  # raise it when the same files would give other pairs
_LEFT_OUT = frozenset({"test", "tests", "_tests", "_internal", "conftest.py"})
_LEFT_OUT |= {"vendor", "_vendor", "externals", "_external", "third_party", "_third_party"}

_Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class DocumentedPair:
    """The summary of a function or class, and the prose below it."""

    place: str  # scipy.linalg._basic.solve
    summary: str
    prose: str


def package_root(package: str) -> Path:
    """Return the folder of an installed package.

    Raises:
        DataError: No such package is installed, or it is no folder of Python files.
    """
    if not package.isidentifier():
        top = package.split(".")[0]
        raise DataError(f"Docstrings: '{package}' is no top-level package; name one such as '{top or 'scipy'}'.")
    spec = importlib.util.find_spec(package)
    if spec is None:
        close = suggestion(package, packages_distributions())
        raise DataError(
            f"Docstrings: package '{package}' is not installed.{close} Install it, or take it off the list."
        )
    if not spec.submodule_search_locations:
        raise DataError(f"Docstrings: '{package}' is a single module, not a package; take it off the list.")
    return Path(next(iter(spec.submodule_search_locations)))


def python_files(root: Path) -> list[Path]:
    """Return the Python files under a package's folder, sorted, without its tests and vendored packages."""
    files = (file for file in root.rglob("*.py") if not file.name.startswith("test_"))
    return sorted(file for file in files if _LEFT_OUT.isdisjoint(file.relative_to(root).parts))


def documented_pairs(root: Path, files: list[Path]) -> Iterator[DocumentedPair]:
    """Read the docstrings of all functions and classes that have a summary and prose below it, file by file."""
    for file in files:
        inner = file.relative_to(root.parent).with_suffix("").parts
        module = ".".join(inner[:-1] if inner[-1] == "__init__" else inner)
        for place, docstring in _docstrings(_parsed(file).body, module):
            if pair := summary_and_prose(docstring):
                yield DocumentedPair(place, *pair)


def _parsed(file: Path) -> ast.Module:
    source = file.read_bytes()
    if b'"""' not in source and b"'''" not in source:
        return ast.Module([], [])
    with warnings.catch_warnings(), _no_collection():
        warnings.simplefilter("ignore")  # of other people's escapes
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError):  # a file for another Python, or a template
            return ast.Module([], [])


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector out of a block: it doubles the time of a parse, and a tree has no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _docstrings(body: list[ast.stmt], scope: str) -> Iterator[tuple[str, str]]:
    """Yield the place and the docstring of each function and class, also in classes and in branches of a module."""
    for node in body:
        if isinstance(node, _Documented):
            place = f"{scope}.{node.name}"
            if docstring := ast.get_docstring(node, clean=False):
                yield place, docstring
            if isinstance(node, ast.ClassDef):
                yield from _docstrings(node.body, place)
        elif isinstance(node, ast.If | ast.Try):
            yield from _docstrings([*node.body, *node.orelse], scope)
