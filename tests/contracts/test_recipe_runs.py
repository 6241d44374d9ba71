"""Every bundled recipe trains on a user's own file when its path is given; tiny encoders stand for those of the Hub."""

import json
import math
from pathlib import Path

import pytest

from tests.tiny import SENTENCES
from textcl.recipe.load import load_recipe
from textcl.recipe.section import Component
from textcl.types.text import Role
from textcl.util.installed import names, recipes_folder
from textcl.workflows.run.train import train_recipe

RECIPES = [name for name in names(recipes_folder()) if name != "quickstart"]  # which names its own data
COLUMNS = {"anchor": Role.ANCHOR, "positive": Role.POSITIVE, "negative": Role.NEGATIVE}


def paths(name: str) -> list[str]:
    """What a user must name of a recipe."""
    return [f"data.sources.{number}.source.path" for number in (0, 1)] if name == "mixed" else ["data.sources.0.path"]


def own_file(source: Component, path: Path) -> Path:
    """A file of 24 rows with the columns that a source of a recipe reads."""
    settings = source.settings
    texts = [f"{text} {word}" for text in SENTENCES for word in ("now", "then", "again", "never", "once", "here")][:24]
    if source.use == "TextLines":
        path.write_text("\n".join(texts) + "\n", encoding="utf-8")
        return path
    rows = []
    if source.use == "Documents":
        path = path.with_suffix(".jsonl")
        texts, rows = [], [json.dumps({"title": f"{text} title", "text": text}) for text in texts]
    for number, text in enumerate(texts):
        row: dict[str, object] = {settings[column]: f"{text} {column}" for column in COLUMNS if settings.get(column)}
        row |= scores_of(settings.get("score"), number)
        row |= {settings[column]: number // 6 for column in ("label",) if settings.get(column)}
        rows.append(json.dumps(row))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def scores_of(columns: str | list[str] | None, number: int) -> dict[str, object]:
    """The score of a row, or those of its positive and of its negative."""
    if isinstance(columns, list):
        return {columns[0]: 0.9, columns[1]: [number % 5 / 5]}
    return {columns: number % 2} if columns else {}


def offline(name: str, tiny: Path) -> list[str]:
    """What stands for the Hub's encoders, and makes the run short."""
    recipe = load_recipe(name, [f"{path}=mine" for path in paths(name)])
    changes = [
        f"encoder.backbone={tiny}",
        "data.batch_size=8",
        "data.max_length=16",
        "training.steps=3",
        "training.epochs=null",
    ]
    if recipe.encoder.teacher is not None:
        setting = "teacher" if isinstance(recipe.encoder.teacher, str) else "teacher.model"
        changes.append(f"encoder.{setting}={tiny}")
    if getattr(recipe.encoder, "documents", None) is not None:
        changes.append(f"encoder.documents.backbone={tiny}")
    if name == "documents":
        changes.append(f"data.sources.0.judge={tiny}")
    if recipe.objective.use == "Matryoshka":
        changes.append("objective.dimensions=[16, 8]")
    return changes


@pytest.mark.parametrize("name", RECIPES)
def test_a_bundled_recipe_trains_on_a_users_file(
    name: str, tmp_path: Path, tiny_model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    sources = load_recipe(name, [f"{path}=mine" for path in paths(name)]).data.sources
    files = [own_file(getattr(entry, "source", entry), tmp_path / str(row)) for row, entry in enumerate(sources)]
    given = [f"{path}={file}" for path, file in zip(paths(name), files, strict=True)]
    recipe = load_recipe(name, [*given, *offline(name, tiny_model_folder)])
    outcome = train_recipe(recipe, tmp_path / "run")
    log = [json.loads(line) for line in (outcome.folder / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == [1, 2, 3]
    assert all(math.isfinite(line["loss"]) and line["gradient_norm"] > 0 for line in log)
    assert log[0]["readings"]["effective_rank"] >= 1
    assert (outcome.folder / "model" / "modules.json").exists()
