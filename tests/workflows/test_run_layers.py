"""Runs whose objective reads more than one vector of a text: several layers, or its words."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import SENTENCES, tiny_encoder
from textcl.encoder.opening import open_encoder
from textcl.errors import RecipeError
from textcl.recipe.load import load_recipe
from textcl.workflows.run.prepare import prepare
from textcl.workflows.run.train import train_recipe

NESTED = "{use: Matryoshka, objective: {use: InfoNCE}, dimensions: [16, 4]}"
LAYERS = f"{{use: AdaptiveLayers, objective: {NESTED}, layers: [0, 1]}}"


@pytest.fixture
def sentences(tmp_path: Path) -> Path:
    path = tmp_path / "sentences.txt"
    path.write_text("\n".join(f"{text} {word}" for text in SENTENCES for word in ("now", "then", "again")))
    return path


def recipe(name: str, sentences: Path, model: Path, *changes: str) -> Any:
    short = ("data.batch_size=8", "data.max_length=16", "data.workers=0", "training.learning_rate=1e-3")
    given = (f"data.sources.0.path={sentences}", f"encoder.backbone={model}", "encoder.layers=null")
    return load_recipe(name, [*given, *short, *changes])


def log_of(folder: Path) -> list[dict]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def test_several_layers_are_trained_and_one_encoder_is_saved(
    sentences: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    trained = train_recipe(recipe("simcse", sentences, tiny_model_folder, f"objective={LAYERS}"), tmp_path / "run")
    first = log_of(trained.folder)[0]
    assert list(first["terms"]) == ["last layer", "layer 0", "layer 1", "divergence"]
    assert first["loss"] == pytest.approx(sum(first["terms"].values()), rel=1e-5)
    assert open_encoder(trained.folder / "model", device="cpu").encode(["a dog"]).shape == (1, 16)


def test_a_run_with_several_layers_goes_on_where_it_stopped(
    sentences: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    changes = (f"objective={LAYERS}", "training.save_every=2", "training.epochs=2")
    whole = train_recipe(recipe("simcse", sentences, tiny_model_folder, *changes), tmp_path / "run")
    expected = log_of(whole.folder)
    for path in (whole.folder / "checkpoints").iterdir():
        if path.name == "step-6":
            shutil.rmtree(path)
    again = train_recipe(recipe("simcse", sentences, tiny_model_folder, *changes), tmp_path / "run", resume=True)
    assert [line["loss"] for line in log_of(again.folder)] == [line["loss"] for line in expected]


def test_a_decoder_learns_to_write_sentences_and_is_not_saved(
    sentences: Path, tiny_model_folder: Path, tmp_path: Path
) -> None:
    trained = train_recipe(recipe("tsdae", sentences, tiny_model_folder, "training.epochs=6"), tmp_path / "run")
    losses = [line["loss"] for line in log_of(trained.folder)]
    assert sum(losses[-3:]) < 0.95 * sum(losses[:3])
    saved = {path.name for path in (trained.folder / "model").rglob("*")}
    assert not any("decoder" in name for name in saved)
    assert open_encoder(trained.folder / "model", device="cpu").encode(["a dog"]).shape == (1, 16)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            (f"objective={LAYERS.replace('[0, 1]', '[2]')}",),
            r"^objective\.layers: found 2, but the encoder has 2 layers",
        ),
        ((f"objective={LAYERS}", "training.shard=full"), r"^training\.shard: an objective that reads several layers"),
        ((f"objective={{use: Sum, objectives: [{LAYERS}]}}",), r"^objective: found AdaptiveLayers inside another"),
        (("objective={use: TSDAE}", "encoder.pooling=cls+mean"), r"^objective: found vectors of 32 numbers"),
        (("objective={use: TSDAE}", "training.shard=full"), r"^objective: found training\.shard, but a decoder reads"),
    ],
)
def test_what_does_not_fit_is_refused_before_training(
    sentences: Path, tiny_model_folder: Path, changes: tuple[str, ...], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        prepare(recipe("simcse", sentences, tiny_model_folder, *changes), "cpu")


def test_a_backbone_without_a_decoder_is_refused(sentences: Path, tmp_path: Path) -> None:
    tiny_encoder(kind="distilbert").save(tmp_path / "distilbert")
    with pytest.raises(
        RecipeError, match=r"^objective: found the backbone DistilBertModel, of which transformers has no"
    ):
        prepare(recipe("tsdae", sentences, tmp_path / "distilbert"), "cpu")
