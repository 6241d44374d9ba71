"""Nothing outside `textcl/files` opens a user's text file, so that no verb reads one otherwise than the others."""

import ast
from collections.abc import Iterator
from pathlib import Path

import textcl

PACKAGE = Path(textcl.__file__).parent
FORMATS = {"gzip", "bz2", "lzma", "csv", "pyarrow.parquet"}  # modules that read what a user's file is
READERS = {"open", "read_text", "read_bytes", "memory_map", "ParquetFile", "read_table", "read_json", "read_csv"}
# What else opens files, by room or file, and which files those are.
OTHERS = {
    "files/": "the reader itself",
    "encoder/": "folders of models",
    "indexes/": "folders of indexes",
    "hub/": "runs that are published, and our templates",
    "report/": "runs that are reported",
    "export/": "folders of models",
    "training/": "checkpoints and logs of runs",
    "util/": "digests of files, whatever they hold, and our cache",
    "text/wordnet.py": "WordNet's own files, as Debian installs them",
    "translate/": "Apertium's modes, and folders of models",
    "benchmark/measure.py": "/proc, for the memory of this process",
    "lazy.py": "our own source code",
    "cli/recipes.py": "recipes that are bundled",
    "data/token_cache.py": "tokens in our cache",
    "data/sources/docstrings.py": "source code of installed packages",
    "data/sources/file_rows.py": "locations of rows in our cache",
    "data/sources/concatenation.py": "what `save_to_disk` of datasets says of a folder",
    "data/sources/remote.py": "the same of a folder at an address",
    "workflows/classifier.py": "folders of classifiers",
    "workflows/reproduce.py": "reports of runs",
    "workflows/sweep.py": "logs of runs side by side",
    "workflows/index_folder.py": "folders of indexes",
    "workflows/run/": "folders of runs",
}


def readings(source: str) -> Iterator[str]:
    """Yield what a module's code does that opens or reads a file; writing one is no reading."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in FORMATS)
        if isinstance(node, ast.ImportFrom) and node.module in FORMATS:
            yield node.module
        if isinstance(node, ast.Call) and _name(node.func) in READERS and not _writes(node) and not _is_class(node):
            yield f"{_name(node.func)}, line {node.lineno}"


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _writes(call: ast.Call) -> bool:
    modes = [given.value for given in call.args if isinstance(given, ast.Constant) and isinstance(given.value, str)]
    return any(mode[:1] in ("w", "a", "x") and len(mode) <= 3 for mode in modes)


def _is_class(call: ast.Call) -> bool:
    """Say whether `X.open(…)` makes an object of a class of ours, as indexes have it."""
    called = call.func
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id[:1].isupper()


def test_nothing_outside_files_opens_a_users_file() -> None:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if not name.startswith(tuple(OTHERS)):
            reading = list(readings(path.read_text(encoding="utf-8")))
            found |= {name: reading} if reading else {}
    assert found == {}, "read it through textcl.files, or say in OTHERS what it opens"


def test_what_else_opens_files_is_no_longer_list_than_needed() -> None:
    for name in OTHERS:
        files = PACKAGE.glob(f"{name}**/*.py" if name.endswith("/") else name)
        assert any(list(readings(path.read_text(encoding="utf-8"))) for path in files), f"{name} opens nothing any more"


def test_readers_are_told_from_writers() -> None:
    assert list(readings("import csv\nfrom gzip import open as o\npath.open('rb')\npath.read_text()\nopen(p)")) == [
        "csv", "gzip", "open, line 3", "read_text, line 4", "open, line 5",
    ]  # fmt: skip
    assert list(readings("path.open('w')\npath.open('wb')\nFlatIndex.open(folder)\npath.write_text('read_text')")) == []
