"""The encoder of a first recipe knows the script of the texts, or the recipe says that it does not."""

import json
from pathlib import Path

import pytest

from textcl.workflows.init import ENGLISH, MULTILINGUAL, begin


@pytest.mark.parametrize(
    ("first", "second", "backbone", "said"),
    [
        ("a dog runs", "an animal moves", ENGLISH, False),
        ("ሰላም ዓለም", "ዛሬ ጥሩ ነው", MULTILINGUAL, False),
        ("ދިވެހި ބަސް", "މާލެ ރަށް", MULTILINGUAL, True),
    ],
)
def test_the_encoder_knows_the_script_or_the_recipe_says_so(
    tmp_path: Path, first: str, second: str, backbone: str, said: bool
) -> None:
    rows = [{"anchor": f"{first} {number}", "positive": f"{second} {number}"} for number in range(8)]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")

    recipe = begin(file, tmp_path / "r.yaml").text

    assert backbone in recipe
    assert ("does not know the script" in recipe) == said
