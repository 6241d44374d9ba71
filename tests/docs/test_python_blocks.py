"""Every Python block of the documentation compiles, and what it takes from textcl is there."""

import ast
import importlib
import inspect

import pytest

import textcl
from tests.docs.pages import Block, blocks


def missing(code: str) -> list[str]:
    """Return what a block imports or calls, and textcl or another package does not have."""
    tree = ast.parse(code)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    absent = [f"{node.module}.{item.name}" for node in imports for item in node.names if not _has(node, item.name)]
    used = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_textcl(node.value)]
    absent += [f"textcl.{node.attr}" for node in used if not hasattr(textcl, node.attr)]
    return absent + [name for call in ast.walk(tree) if isinstance(call, ast.Call) for name in _wrong_keywords(call)]


def _has(node: ast.ImportFrom, name: str) -> bool:
    return hasattr(importlib.import_module(str(node.module)), name)


def _is_textcl(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "textcl"


def _wrong_keywords(call: ast.Call) -> list[str]:
    """Return the keywords of a call of one of textcl's functions that the function does not take."""
    name = call.func
    if not (isinstance(name, ast.Attribute) and _is_textcl(name.value) and hasattr(textcl, name.attr)):
        return []
    known = inspect.signature(getattr(textcl, name.attr)).parameters
    return [f"textcl.{name.attr}({given.arg}=)" for given in call.keywords if given.arg not in known]


@pytest.mark.parametrize("block", blocks("python"), ids=str)
def test_a_python_block_compiles_and_names_what_exists(block: Block) -> None:
    assert missing(block.text) == []


def test_what_does_not_exist_is_found() -> None:
    code = "import textcl\nfrom textcl.types import Rolle\ntextcl.lode('x')\ntextcl.load('x', precison='auto')\n"
    assert missing(code) == ["textcl.types.Rolle", "textcl.lode", "textcl.load(precison=)"]
