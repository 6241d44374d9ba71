"""Every YAML block of the documentation is a recipe, a part of one, or a suite, and loads."""

from pathlib import Path
from typing import Any

import pytest

from tests.docs.pages import Block, blocks
from textcl.evaluation.suites import read_suite
from textcl.files.yaml import read_yaml
from textcl.recipe.load import parse

_SECTIONS = {"name", "seed", "data", "encoder", "objective", "training", "evaluation", "hub"}


def recipe_of(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a whole recipe around a part of one: sections, the sources, or the changes of a view."""
    if "augment" in raw:
        raw = {"data": {"views": [{"role": "anchor"}, {"role": "positive", **raw}]}}
    if "sources" in raw:
        raw = {"data": raw}
    data = {"sources": [{"use": "TextLines", "path": "lines.txt"}], **raw.get("data", {})}
    encoder = {"backbone": "some/encoder", **raw.get("encoder", {})}
    return {"name": "part", **raw, "data": data, "encoder": encoder}


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_a_yaml_block_loads(block: Block, tmp_path: Path) -> None:
    raw = read_yaml(block.text, "block")
    if "tasks" in raw:
        file = tmp_path / "suite.yaml"
        file.write_text(block.text)
        read_suite(file)
    else:
        parse(recipe_of(raw))


def test_there_is_a_whole_recipe_among_them() -> None:
    whole = [block for block in blocks("yaml") if {"name", "data", "encoder"} <= set(read_yaml(block.text, "block"))]
    assert {block.page.name for block in whole} >= {"your-data.md", "README.md"}
