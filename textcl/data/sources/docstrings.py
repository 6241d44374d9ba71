"""Find an installed package's Python files and read the docstrings in them, without importing anything."""

import ast
import gc
import hashlib
import importlib.util
import json
import logging
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from functools import cached_property
from importlib.metadata import packages_distributions
from pathlib import Path

from textcl.data.sources.docstring_text import summary_and_prose
from textcl.errors import DataError, suggestion
from textcl.text.folding import identities
from textcl.types.text import Example
from textcl.util.atomic import new_file
from textcl.util.cache import cache_folder, fingerprint_of

SCANNER = 2  # raise it when the same files would give other pairs
_LEFT_OUT = frozenset({"test", "tests", "_tests", "_internal", "conftest.py"})
_LEFT_OUT |= {"vendor", "_vendor", "externals", "_external", "third_party", "_third_party"}

_Documented = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class DocumentedPair:
    """The summary of a function or class, and the prose below it."""

    location: str  # scipy.linalg._basic.solve
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
        for location, docstring in _docstrings(_parsed(file).body, module):
            if pair := summary_and_prose(docstring):
                yield DocumentedPair(location, *pair)


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
    """Yield the location and the docstring of each function and class, also in classes and in branches of a module."""
    for node in body:
        if isinstance(node, _Documented):
            location = f"{scope}.{node.name}"
            if docstring := ast.get_docstring(node, clean=False):
                yield location, docstring
            if isinstance(node, ast.ClassDef):
                yield from _docstrings(node.body, location)
        elif isinstance(node, ast.If | ast.Try):
            yield from _docstrings([*node.body, *node.orelse], scope)


_log = logging.getLogger(__name__)


def scanned(package: str) -> list[DocumentedPair]:
    """Return the pairs of an installed package, from the cache or from its files.

    Raises:
        DataError: The package is not installed.
    """
    root = package_root(package)
    files = python_files(root)
    cache = cache_folder("docstrings") / f"{package}-{_key(root, files)}.json"
    pairs = _read(cache)
    if pairs is None:
        pairs = list(documented_pairs(root, files))
        _write(cache, pairs)
    return pairs


def _key(root: Path, files: Sequence[Path]) -> str:
    """Digest the names, sizes and times of the files: another version, or an edit, is another key."""
    digest = hashlib.blake2b(f"{SCANNER} {root}".encode(), digest_size=8)
    for file in files:
        status = file.stat()
        digest.update(f"{file.relative_to(root)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _read(cache: Path) -> list[DocumentedPair] | None:
    """Read a scan; None where there is none, or it is broken and must be made again."""
    try:
        return [_pair(entry) for entry in json.loads(cache.read_bytes())]
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _pair(entry: object) -> DocumentedPair:
    if isinstance(entry, list) and len(entry) == 3 and all(isinstance(text, str) for text in entry):
        return DocumentedPair(*entry)
    raise ValueError("no pair")


def _write(cache: Path, pairs: Sequence[DocumentedPair]) -> None:
    try:
        with new_file(cache) as temporary:
            temporary.write_text(json.dumps([astuple(pair) for pair in pairs]), encoding="utf-8")
    except OSError as error:  # a home that is read-only or full: the scan is only slower next time
        _log.warning("The scan is not kept: %s cannot be written (%s).", cache, error.strerror or error)


class Docstrings:
    """Pairs from docstrings: the summary of a function or class is the anchor, the prose below it the positive.

    Nothing is imported or run: the files are parsed. Of pairs that share a summary or a prose only the first stays.
    The scan of a package is kept in the user's cache folder.

    Args:
        packages: Names of installed packages as one imports them, such as `sklearn`.

    Raises:
        DataError: No package is named, one is named twice or is not installed, or they hold no pairs.

    Example:
        data:
          sources:
            - {use: Docstrings, packages: [yaml, packaging]}
    """

    def __init__(self, packages: list[str]) -> None:
        if not packages:
            raise DataError("Docstrings: no packages named; list installed ones such as [scipy, sklearn].")
        if len(set(packages)) < len(packages):
            raise DataError(f"Docstrings: a package is named twice in {', '.join(packages)}; name each once.")
        pairs = (pair for package in packages for pair in scanned(package))
        self._pairs = list(_distinct(pairs))
        if not self._pairs:
            raise DataError(f"Docstrings: found no docstring with a summary and prose in {', '.join(packages)}.")

    @cached_property
    def fingerprint(self) -> str:
        """A digest of the texts."""
        return fingerprint_of(self[row] for row in range(len(self)))

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, row: int) -> Example:
        row = range(len(self))[row]
        pair = self._pairs[row]
        return Example(row=row, anchor=pair.summary, positives=(pair.prose,))

    def location(self, row: int) -> str:
        """Name the function or class."""
        return self._pairs[row].location


def _distinct(pairs: Iterable[DocumentedPair]) -> Iterator[DocumentedPair]:
    seen: set[int] = set()
    for pair in pairs:
        numbers = {int(number) for number in identities((pair.summary, pair.prose))}
        if seen.isdisjoint(numbers):
            seen |= numbers
            yield pair
