"""The docstrings of installed packages as a source."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from textcl.data.sources import docstrings as cache_module
from textcl.data.sources.docstrings import Docstrings
from textcl.errors import DataError

PROSE = "The prose of {} is long enough, and it is of the kind that stays in the data."
MODULE = '''
"""The module's own docstring is no row.

It has prose, and it is long enough to be kept if it were a row of the data."""
raise RuntimeError("a scan must not import")

class Machine:
    """Build a machine of parts.

    {machine}
    """

    def run(self):
        """Run the whole machine once.

        {run}
        """
        def inner():
            """Look inside of the machine.

            {inner}
            """

if True:
    async def later():
        """Run the machine at a later time.

        {later}
        """

def again():
    """run the  whole machine once.

    {again}
    """

def same_prose():
    """Say the same in the prose.

    {run}
    """
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An importable package `machinery_under_test`, and an empty cache folder."""
    root = tmp_path / "site" / "machinery_under_test"
    (root / "tests").mkdir(parents=True)
    names = ("machine", "run", "inner", "later", "again")
    text = MODULE.format(**{name: PROSE.format(name) for name in names})
    (root / "__init__.py").write_text(text, encoding="utf-8")
    (root / "part.py").write_text(text.replace("machine", "gadget"), encoding="utf-8")
    (root / "tests" / "case.py").write_text(text.replace("machine", "case"), encoding="utf-8")
    (root / "test_it.py").write_text(text.replace("machine", "test"), encoding="utf-8")
    (root / "broken.py").write_text('def f(:\n    """Not Python at all."""', encoding="utf-8")
    monkeypatch.syspath_prepend(str(root.parent))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    yield root
    assert "machinery_under_test" not in sys.modules


def cached(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "textcl" / "docstrings").iterdir())


def locations(source: Docstrings) -> list[str]:
    return [source.location(row).removeprefix("machinery_under_test.") for row in range(len(source))]


def test_functions_and_classes_give_pairs_without_repeats_and_tests(package: Path):
    source = Docstrings([package.name])
    # `again` repeats a summary; `same_prose`, `part.Machine.run` and `part.later` repeat a prose.
    assert locations(source) == ["Machine", "Machine.run", "later", "part.Machine", "part.again"]
    assert source[1].anchor == "Run the whole machine once."
    assert source[1].positives == (PROSE.format("run"),)


def test_a_second_scan_is_read_from_the_cache(package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    first = Docstrings([package.name])
    assert len(cached(tmp_path)) == 1
    monkeypatch.setattr(cache_module, "documented_pairs", lambda root, files: pytest.fail("scanned again"))
    assert Docstrings([package.name]).fingerprint == first.fingerprint


@pytest.mark.parametrize(
    "content", [b"", b"[[1, 2", b'[["a", "b"]]', b"[1]", b"null", b"\xff", b'[["a", "b", 3]]', b'["abc"]']
)
def test_a_broken_cache_file_is_built_again(package: Path, tmp_path: Path, content: bytes):
    first = Docstrings([package.name])
    (file,) = cached(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(content)
    assert Docstrings([package.name]).fingerprint == first.fingerprint
    assert file.read_bytes() == whole


def test_an_edited_package_is_scanned_again(package: Path):
    first = Docstrings([package.name])
    with (package / "part.py").open("a", encoding="utf-8") as file:
        file.write(f'\ndef added():\n    """Add one more function.\n\n    {PROSE.format("added")}\n    """\n')
    second = Docstrings([package.name])
    assert locations(second)[-1] == "part.added"
    assert second.fingerprint != first.fingerprint


def test_a_cache_that_can_not_be_written_costs_only_time(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        assert len(Docstrings([package.name])) == 5
    assert "The scan is not kept" in caplog.text


@pytest.mark.parametrize(
    ("packages", "message"),
    [
        ([], "no packages named"),
        (["yaml", "yaml"], "a package is named twice in yaml, yaml"),
        (["yamll"], r"'yamll' is not installed\. Did you mean 'yaml'\? Install it, or take it off the list"),
        (["yaml.nodes"], "'yaml.nodes' is no top-level package; name one such as 'yaml'"),
        (["sys"], "'sys' is a single module, not a package"),
    ],
)
def test_packages_that_can_not_be_read_are_named(packages: list[str], message: str):
    with pytest.raises(DataError, match=message):
        Docstrings(packages)


def test_packages_without_documented_functions_are_refused(package: Path):
    for file in package.rglob("*.py"):
        file.write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="found no docstring with a summary and prose in machinery_under_test"):
        Docstrings([package.name])


def test_a_real_package_gives_hundreds_of_clean_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("networkx", reason="needs networkx")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    source = Docstrings(["networkx"])
    texts = [text for row in range(len(source)) for text in (source[row].anchor, *source[row].positives)]
    assert len(source) > 500
    assert not [text for text in texts if "`" in text or ":func:" in text or ">>>" in text or "\n" in text]
