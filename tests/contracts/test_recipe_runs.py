"""Every bundled recipe trains on a user's own file when its path is given; tiny encoders stand for those of the Hub."""

import json
import math
from pathlib import Path

import pytest

from tests.tiny import SENTENCES
from textcl.recipe import Recipe, load_recipe, train_recipe
from textcl.recipe.watcher import Silent
from textcl.shelf import names, recipes_folder
from textcl.types import Role

RECIPES = [name for name in names(recipes_folder()) if name != "quickstart"]  # which names its own data
COLUMNS = {"anchor": Role.ANCHOR, "positive": Role.POSITIVE, "negative": Role.NEGATIVE}


def own_file(recipe: Recipe, path: Path) -> Path:
    """A file of 24 rows with the columns that the recipe reads."""
    settings = recipe.data.sources[0].settings
    texts = [f"{text} {word}" for text in SENTENCES for word in ("now", "then", "again", "never", "once", "here")][:24]
    if recipe.data.sources[0].use == "TextLines":
        path.write_text("\n".join(texts) + "\n", encoding="utf-8")
        return path
    rows = []
    for number, text in enumerate(texts):
        row: dict[str, object] = {settings[column]: f"{text} {column}" for column in COLUMNS if settings.get(column)}
        row |= {settings[column]: number % 2 for column in ("score",) if settings.get(column)}
        row |= {settings[column]: number // 6 for column in ("label",) if settings.get(column)}
        rows.append(json.dumps(row))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def offline(name: str, tiny: Path) -> list[str]:
    """What stands for the Hub's encoders, and makes the run short."""
    recipe = load_recipe(name, ["data.sources.0.path=mine"])
    changes = [
        f"encoder.backbone={tiny}",
        "data.batch_size=8",
        "data.max_length=16",
        "training.steps=3",
        "training.epochs=null",
    ]
    if recipe.encoder.teacher is not None:
        changes.append(f"encoder.teacher={tiny}")
    if getattr(recipe.encoder, "documents", None) is not None:
        changes.append(f"encoder.documents.backbone={tiny}")
    if recipe.objective.use == "Matryoshka":
        changes.append("objective.dimensions=[16, 8]")
    return changes


@pytest.mark.parametrize("name", RECIPES)
def test_a_bundled_recipe_trains_on_a_users_file(name: str, tmp_path: Path, tiny_model_folder: Path) -> None:
    path = own_file(load_recipe(name, ["data.sources.0.path=mine"]), tmp_path / "mine")
    recipe = load_recipe(name, [f"data.sources.0.path={path}", *offline(name, tiny_model_folder)])
    outcome = train_recipe(recipe, tmp_path / "run", resume=False, watcher=Silent())
    log = [json.loads(line) for line in (outcome.folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3]
    assert all(math.isfinite(line["loss"]) and line["gradient_norm"] > 0 for line in log)
    assert log[0]["readings"]["effective_rank"] >= 1
    assert (outcome.folder / "model" / "modules.json").exists()
