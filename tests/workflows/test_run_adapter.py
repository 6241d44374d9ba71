"""Runs that train an adapter: what is kept on the way, gone on with, saved and said."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoModel

from tests.cli.running import run
from tests.recipe.minimal import errors_of, minimal, write_pairs
from tests.tiny import SENTENCES, tiny_encoder
from textcl.encoder.opening import open_encoder
from textcl.errors import RecipeError, TrainingError
from textcl.hub.card import render_card
from textcl.recipe.load import parse
from textcl.recipe.schema import Recipe
from textcl.workflows.export import export_target
from textcl.workflows.run.build import build_encoder
from textcl.workflows.run.prepare import plan
from textcl.workflows.run.train import train_recipe

ADAPTER = {"rank": 2, "alpha": 4, "dropout": 0.1}
DURING = {"during": {"suite": "sts-smoke", "every": 3, "keep_best_by": "sts-smoke/spearman"}}


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A recipe over 20 pairs, 8 a batch."""
    folder = tmp_path_factory.mktemp("models")
    tiny_encoder().save(folder / "bert")
    tiny_encoder("cls", kind="roberta").save(folder / "roberta")
    pairs = write_pairs(folder / "pairs.jsonl", 20)
    return minimal(
        data={
            "sources": [{"use": "JsonLines", "path": str(pairs)}],
            "max_length": 16,
            "batch_size": 8,
        },
        encoder={"backbone": str(folder / "bert"), "adapter": ADAPTER},
        training={"steps": 6, "learning_rate": 1e-2, "save_every": 3, "precision": "float32", "chunk_tokens": 64},
    )


KINDS: dict[str, dict[str, Any]] = {
    "InfoNCE": {},
    "MoCo": {"objective": {"use": "MoCo", "queue_size": 16, "hidden": 8, "projection": 8}},
    "BYOL": {"objective": {"use": "BYOL", "hidden": 8, "projection": 8}},
    "the best is kept": {"evaluation": DURING},
    "two towers": {"documents": "roberta"},
}


def recipe_of(raw: dict[str, Any], kind: str) -> Recipe:
    sections = dict(KINDS[kind])
    documents = sections.pop("documents", None)
    encoder = dict(raw["encoder"])
    if documents is not None:
        folder = Path(encoder["backbone"]).parent / documents
        encoder["documents"] = {"backbone": str(folder), "adapter": {"rank": 3, "targets": "all-linear"}}
    return parse({**raw, "encoder": encoder, **sections})


@pytest.fixture(scope="module", params=KINDS)
def finished(request: pytest.FixtureRequest, raw: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed, of every kind."""
    folder = tmp_path_factory.mktemp("runs") / request.param
    train_recipe(recipe_of(raw, request.param), folder)
    return folder


def state_of(folder: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(folder / "checkpoints" / "step-6" / "training.pt", weights_only=True)
    return state


def test_a_checkpoint_holds_the_adapter_and_no_weight_of_the_base(finished: Path) -> None:
    state = state_of(finished)
    held = [*state["encoder"], *state["target"]]
    assert held
    assert all(".lora_" in name for name in held)
    assert not (finished / "checkpoints" / "step-6" / "model").exists()


def test_a_checkpoint_has_twelve_bytes_for_each_number_that_is_trained(raw: dict[str, Any], tmp_path: Path) -> None:
    adapter = {"rank": 64, "targets": "all-linear"}
    recipe = parse({**raw, "encoder": {**raw["encoder"], "adapter": adapter}})
    train_recipe(recipe, tmp_path / "run")
    size = sum(path.stat().st_size for path in (tmp_path / "run" / "checkpoints" / "step-6").iterdir())
    numbers = plan(recipe).trained  # each is kept with two moments, float32
    assert 12 * numbers < size < 12 * numbers + 65536


def test_a_run_goes_on_bit_for_bit(finished: Path, raw: dict[str, Any], tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(finished, broken)
    for gone in ("checkpoints/step-6", "model"):
        shutil.rmtree(broken / gone)
    train_recipe(recipe_of(raw, finished.name), broken, resume=True)
    own, other = state_of(finished), state_of(broken)
    for part in ("encoder", "objective", "target"):
        assert all(torch.equal(value, other[part][name]) for name, value in own[part].items()), part
    files = [path.relative_to(finished) for path in (finished / "model").rglob("*.safetensors")]
    assert len(files) == (4 if finished.name == "two towers" else 2)
    assert all((finished / file).read_bytes() == (broken / file).read_bytes() for file in files)


def test_the_model_is_the_base_with_what_the_adapter_has_learnt(finished: Path, raw: dict[str, Any]) -> None:
    towers = [finished / "model"]
    bases = [Path(raw["encoder"]["backbone"])]
    if finished.name == "two towers":
        towers = [finished / "model" / f"{route}_0_Transformer" for route in ("query", "document")]
        bases.append(bases[0].parent / "roberta")
    for base, tower in zip(bases, towers, strict=True):
        over = PeftModel.from_pretrained(AutoModel.from_pretrained(base), tower / "adapter").merge_and_unload()
        found, began = load_file(tower / "model.safetensors"), load_file(base / "model.safetensors")
        for name, weight in found.items():
            torch.testing.assert_close(over.state_dict()[name], weight, atol=1e-6, rtol=0)
        changed = {name for name in found if not torch.equal(found[name], began[name])}
        assert changed
        assert changed < set(found)


def test_an_export_elsewhere_has_the_adapter_beside_the_merged_model(finished: Path, tmp_path: Path) -> None:
    export_target(str(finished), tmp_path / "out")
    adapters = sorted(path.relative_to(finished / "model") for path in (finished / "model").rglob("adapter/*"))
    assert len(adapters) >= 2
    for path in adapters:
        assert (tmp_path / "out" / path).read_bytes() == (finished / "model" / path).read_bytes()


def test_the_run_ends_with_its_best_model(raw: dict[str, Any], tmp_path: Path) -> None:
    train_recipe(recipe_of(raw, "the best is kept"), tmp_path / "run")
    best, model = open_encoder(tmp_path / "run" / "best" / "model"), open_encoder(tmp_path / "run")
    np.testing.assert_array_equal(best.encode(SENTENCES), model.encode(SENTENCES))


def test_a_plan_counts_what_is_trained(raw: dict[str, Any], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    found = plan(parse(raw))
    assert found.trained == 2 * 2 * 2 * (16 + 16)  # layers, query and value, rank, channels in and out
    path = tmp_path / "mine.yaml"
    path.write_text(json.dumps(raw))
    assert f"{found.parameters:,} parameters, 256 of them trained" in run(capsys, "check", path).out


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"rank": 0}, "encoder.adapter.rank: found 0, but it must be at least 1."),
        ({"alpha": 0}, "encoder.adapter.alpha: found 0, but it must be above 0.0."),
        ({"dropout": 1.0}, "encoder.adapter.dropout: found 1.0, but it must be below 1.0."),
        ({"targets": []}, "encoder.adapter.targets: found [], but it must hold at least 1."),
        ({"targets": 3}, "encoder.adapter.targets: found 3, but it must be a list."),
        ({"targets": [3]}, "encoder.adapter.targets.0: found 3, but it must be text, in quotes: '3'."),
    ],
)
def test_a_bad_setting_is_one_line(settings: dict[str, Any], error: str, tmp_path: Path) -> None:
    encoder = {"backbone": "some/encoder", "adapter": settings}
    assert errors_of(tmp_path, minimal(encoder=encoder)) == [error]


def test_a_misspelt_setting_is_told_with_those_there_are(tmp_path: Path) -> None:
    encoder = {"backbone": "some/encoder", "adapter": {"r": 2}}
    assert errors_of(tmp_path, minimal(encoder=encoder)) == [
        "encoder.adapter.r: encoder.adapter has no such setting. It takes rank, alpha, targets, dropout."
    ]


def test_a_layer_that_the_backbone_lacks_is_told_with_its_location(raw: dict[str, Any]) -> None:
    encoder = {**raw["encoder"], "adapter": {"targets": ["q_proj"]}}
    with pytest.raises(RecipeError, match=r"^encoder\.adapter\.targets: found 'q_proj', but no linear layer"):
        build_encoder(parse({**raw, "encoder": encoder}))
    encoder = {**raw["encoder"], "documents": {"adapter": {"targets": ["q_proj"]}}}
    with pytest.raises(RecipeError, match=r"^encoder\.documents\.adapter\.targets: found 'q_proj'"):
        build_encoder(parse({**raw, "encoder": encoder}))


def test_the_card_says_where_the_adapter_lies(finished: Path) -> None:
    card = render_card(finished, "me/mine")
    folder = (
        "query_0_Transformer/adapter` and `document_0_Transformer/adapter"
        if finished.name == "two towers"
        else "adapter"
    )
    assert f"It lies alone in `{folder}`, for" in card
    assert "| adapter | LoRA of rank 2, alpha 4, on queries and values |" in card


HALF = {"weights": "bf16", "adapter": None}
LION = {"recompute": True, "optimiser": {"use": "Lion"}}


def half_of(raw: dict[str, Any], **training: Any) -> Recipe:
    return parse({**raw, "encoder": {**raw["encoder"], **HALF}, "training": {**raw["training"], **LION, **training}})


def test_a_run_in_bf16_goes_on_bit_for_bit_and_is_saved_so(raw: dict[str, Any], tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    train_recipe(half_of(raw), whole)
    shutil.copytree(whole, broken)
    for gone in ("checkpoints/step-6", "model"):
        shutil.rmtree(broken / gone)
    train_recipe(half_of(raw), broken, resume=True)
    own, other = (load_file(folder / "model" / "model.safetensors") for folder in (whole, broken))
    began = load_file(Path(raw["encoder"]["backbone"]) / "model.safetensors")
    assert {weight.dtype for weight in own.values()} == {torch.bfloat16}
    assert all(torch.equal(weight, other[name]) for name, weight in own.items())
    assert not any(torch.equal(weight, began[name].bfloat16()) for name, weight in own.items())
    assert "| optimiser | Lion |" in render_card(whole, "me/mine")


def test_a_run_goes_on_with_its_own_optimiser_alone(raw: dict[str, Any], tmp_path: Path) -> None:
    train_recipe(half_of(raw, steps=3), tmp_path / "run")
    with pytest.raises(TrainingError, match=r"began with another recipe: training\.optimiser differ"):
        train_recipe(half_of(raw, optimiser={"use": "AdamW"}), tmp_path / "run", resume=True)


def test_a_backbone_that_cannot_compute_layers_anew_is_told_with_its_location(
    raw: dict[str, Any], tmp_path: Path
) -> None:
    tiny_encoder(kind="mpnet").save(tmp_path / "mpnet")
    changed = {**raw, "encoder": {"backbone": str(tmp_path / "mpnet")}, "training": {"steps": 1, "recompute": True}}
    with pytest.raises(RecipeError, match=r"^training\.recompute: the architecture 'mpnet' cannot"):
        build_encoder(parse(changed))
