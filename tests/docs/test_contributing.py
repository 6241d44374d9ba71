"""CONTRIBUTING shows the tree and the floors as they are."""

import re
import tomllib

from tests.docs.pages import CHECKOUT

TEXT = (CHECKOUT / "CONTRIBUTING.md").read_text("utf-8")
ROOM = CHECKOUT / "textcl"


def section(heading: str) -> str:
    return TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def test_the_tree_has_a_line_for_every_folder() -> None:
    files = [path for path in ROOM.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    folders = {f"{path.parent.relative_to(ROOM).as_posix()}/" for path in files} - {"./"}
    assert set(re.findall(r"^ {6}(\S+/) +\S", section("The tree"), re.MULTILINE)) == folders


def test_the_floors_are_those_that_are_checked() -> None:
    (contract,) = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = re.findall(r"^ {4}(\S.*)$", section("The floors"), re.MULTILINE)
    assert floors == [layer.replace("textcl.", "") for layer in contract["layers"]]
