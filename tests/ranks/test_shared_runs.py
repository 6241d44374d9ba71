"""Runs of a recipe whose processes share the weights out: models, the best on the way, checkpoints, kills."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from safetensors.numpy import load_file
from torch.multiprocessing.spawn import ProcessExitedException

from tests.forks import on_ranks
from tests.recipe.minimal import minimal, write_pairs
from tests.tiny import tiny_encoder
from textcl.errors import RecipeError
from textcl.recipe.load import parse
from textcl.training import parts
from textcl.training.shards import ShardSettings, settings_of_launch
from textcl.util.precision import Precision
from textcl.workflows.run.train import train_recipe

DURING = {"during": {"suite": "sts-smoke", "every": 2, "keep_best_by": "sts-smoke/spearman"}}
ADAPTER = {"adapter": {"rank": 2, "alpha": 4}}
KINDS: dict[str, dict[str, Any]] = {
    "the best is kept": {"evaluation": DURING},
    "an adapter and a moving average": {
        "encoder": ADAPTER,
        "evaluation": DURING,
        "objective": {"use": "MoCo", "queue_size": 16, "hidden": 8, "projection": 8},
    },
    "layers computed anew": {"training": {"recompute": True, "optimiser": {"use": "Lion"}, "learning_rate": 1e-4}},
}
EARLY = {
    "data": {"held_out": 6},
    "training": {"learning_rate": 1e-12, "save_every": 3},
    "evaluation": {"during": {"tasks": "held-out", "every": 2, "patience": 1}},
}
HALF = {"encoder": {"weights": "bf16"}}
KILLED = "killed while it writes"


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A recipe over 21 pairs, 8 a batch."""
    folder = tmp_path_factory.mktemp("models")
    tiny_encoder(dropout=0.0).save(folder / "bert")
    pairs = write_pairs(folder / "pairs.jsonl", 21)
    return minimal(
        data={
            "sources": [{"use": "JsonLines", "path": str(pairs)}],
            "max_length": 16,
            "batch_size": 8,
            "workers": 0,
        },
        encoder={"backbone": str(folder / "bert")},
        training={"steps": 6, "learning_rate": 1e-3, "save_every": 2, "precision": "float32", "chunk_tokens": 64},
    )


def of_kind(raw: dict[str, Any], changes: dict[str, Any], shard: str = "none") -> dict[str, Any]:
    joined = {key: {**raw.get(key, {}), **value} for key, value in {**changes}.items()}
    recipe = {**raw, **joined}
    return {**recipe, "training": {**recipe["training"], "shard": shard}}


def _process(rank: int, recipes: dict[str, dict[str, Any]], folder: Path, resume: bool) -> None:
    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE="2", LOCAL_WORLD_SIZE="2")
    meeting = "again" if resume else "meeting"
    dist.init_process_group("gloo", init_method=f"file://{folder}/{meeting}", rank=rank, world_size=2)
    if KILLED in recipes and rank == 1 and not resume:
        parts._write_part = _half_a_part
    for name, recipe in recipes.items():
        train_recipe(parse(recipe), folder / name, resume=resume)
    dist.destroy_process_group()


_written = parts._write_part


def _half_a_part(folder: Path, *rest: Any) -> None:
    """Write a part, and die in the middle of that of step 4."""
    _written(folder, *rest)
    if "step-4" in folder.name:
        file = folder / "part-1.pt"
        file.write_bytes(file.read_bytes()[:100])
        os._exit(9)


def of_two(recipes: dict[str, dict[str, Any]], folder: Path, resume: bool = False) -> None:
    on_ranks(_process, recipes, folder, resume)


@pytest.fixture(scope="module")
def two(raw, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs of two processes that share the weights, by the name of their kind."""
    folder = tmp_path_factory.mktemp("two")
    recipes = {name: of_kind(raw, changes, "full") for name, changes in KINDS.items()}
    of_two({**recipes, "half": of_kind(raw, HALF, "full"), "early": of_kind(raw, EARLY, "full")}, folder)
    return folder


def run_of(folder: Path) -> dict[str, Any]:
    log = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    scores = folder / "evaluations.jsonl"
    return {
        "losses": [line["loss"] for line in log],
        "norms": [line["gradient_norm"] for line in log],
        "scores": [json.loads(line) for line in scores.read_text().splitlines()] if scores.exists() else [],
    }


def assert_same(found: Path, alone: Path) -> None:
    one, other = run_of(found), run_of(alone)
    np.testing.assert_allclose(one["losses"], other["losses"], atol=1e-5)
    np.testing.assert_allclose(one["norms"], other["norms"], rtol=1e-3)
    assert [line["step"] for line in one["scores"]] == [line["step"] for line in other["scores"]]
    weights, wanted = (load_file(folder / "model" / "model.safetensors") for folder in (found, alone))
    for name, value in wanted.items():
        if not name.endswith("key.bias"):  # no vector depends on it, so what moves it is noise
            np.testing.assert_allclose(weights[name], value, atol=3e-4, err_msg=name)


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_leave_the_run_of_one(raw, two: Path, tmp_path: Path, kind: str) -> None:
    train_recipe(parse(of_kind(raw, KINDS[kind])), tmp_path / "alone")
    assert_same(two / kind, tmp_path / "alone")
    assert {path.name for path in (two / kind / "checkpoints").iterdir()} == {"step-4", "step-6"}
    files = {path.name for path in (two / kind / "checkpoints" / "step-6").iterdir()}
    assert files == {"manifest.json", "training.pt", "part-0.pt", "part-1.pt"}


def test_all_processes_end_a_run_early_after_the_same_step_and_keep_it(raw, two: Path) -> None:
    assert [line["step"] for line in run_of(two / "early")["scores"]] == [2, 4]
    checkpoint = two / "early" / "checkpoints" / "step-4"
    assert {path.name for path in checkpoint.iterdir()} == {"manifest.json", "training.pt", "part-0.pt", "part-1.pt"}
    assert "after step 4 of 6" in json.loads((two / "early" / "run.json").read_text())["stopped_early"]


def test_weights_in_bf16_are_shared_out_too(raw, two: Path) -> None:
    """They are rounded at random, so the runs are not those of one process: the losses fall, and stay near them."""
    losses = run_of(two / "half")["losses"]
    assert np.isfinite(losses).all()
    assert (two / "half" / "model" / "model.safetensors").stat().st_size < 100_000


def test_a_process_that_dies_while_it_writes_its_part_loses_nothing_of_earlier_checkpoints(
    raw, two: Path, tmp_path: Path
) -> None:
    recipes = {KILLED: of_kind(raw, KINDS["the best is kept"], "full")}
    with pytest.raises(ProcessExitedException):
        of_two(recipes, tmp_path)
    checkpoints = tmp_path / KILLED / "checkpoints"
    assert [path.name for path in checkpoints.glob("step-*")] == ["step-2"]
    of_two(recipes, tmp_path, resume=True)
    assert_same(tmp_path / KILLED, two / "the best is kept")
    assert {path.name for path in checkpoints.iterdir()} == {"step-4", "step-6"}


def refusal(raw: dict[str, Any], tmp_path: Path, **changes: Any) -> str:
    """What a run says that is refused before it writes anything."""
    with pytest.raises(RecipeError) as caught:
        train_recipe(parse(of_kind(raw, changes, changes.get("training", {}).get("shard", "full"))), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    return str(caught.value)


def test_optimisers_that_see_matrices_whole_are_refused(raw, tmp_path: Path) -> None:
    said = refusal(raw, tmp_path, training={"optimiser": {"use": "Adafactor"}})
    assert said.startswith("training.optimiser: found Adafactor, which must see matrices whole")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"FSDP_VERSION": "1"}, "training.shard: the launch sets fsdp_version to 1, and textcl does not do that"),
        ({"FSDP_AUTO_WRAP_POLICY": "SIZE_BASED_WRAP"}, "training.shard: the launch sets fsdp_auto_wrap_policy to SIZE"),
        ({"FSDP_ACTIVATION_CHECKPOINTING": "true"}, "training.recompute: found false, but the launch sets"),
        (
            {"FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP", "FSDP_TRANSFORMER_CLS_TO_WRAP": "GPTLayer"},
            "training.shard: this backbone has no layers of the class GPTLayer",
        ),
    ],
)
def test_settings_of_a_launch_with_fsdp_are_done_or_refused(
    raw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], words: str
) -> None:
    for name, value in {"ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2", **settings}.items():
        monkeypatch.setenv(name, value)
    assert refusal(raw, tmp_path, training={"shard": "none"}).startswith(words)


def test_settings_of_a_launch_with_fsdp_are_taken_up(monkeypatch: pytest.MonkeyPatch) -> None:
    own = settings_of_launch(is_hybrid=True, recomputes=True, precision=Precision.FLOAT32)
    assert own == ShardSettings(hybrid=True)
    asked = {
        "ACCELERATE_USE_FSDP": "true", "FSDP_VERSION": "2", "FSDP_RESHARD_AFTER_FORWARD": "false",
        "FSDP_OFFLOAD_PARAMS": "true", "FSDP_AUTO_WRAP_POLICY": "TRANSFORMER_BASED_WRAP",
        "FSDP_TRANSFORMER_CLS_TO_WRAP": "BertLayer,BertEmbeddings", "FSDP_ACTIVATION_CHECKPOINTING": "true",
    }  # fmt: skip
    for name, value in asked.items():
        monkeypatch.setenv(name, value)
    found = settings_of_launch(is_hybrid=False, recomputes=True, precision=Precision.BF16)
    assert found == ShardSettings(
        reshard_after_forward=False, offload=True, layers=("BertLayer", "BertEmbeddings"), precision=Precision.BF16
    )
