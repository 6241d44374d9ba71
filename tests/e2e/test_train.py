"""`textcl train` as a user runs it: what it leaves, how it stops and goes on, on one process and on two."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer

import textcl
from tests.e2e.conftest import environment, started, textcl_anew
from tests.e2e.conftest import textcl as run_textcl
from tests.recipe.minimal import write_pairs

TEXTS = ["a man plays the guitar", "two dogs run", "what is the value of a matrix?"]
Weights = dict[str, np.ndarray]


def simcse(backbone: Path, sentences: Path, out: Path, *more: str) -> list[str]:
    """The arguments of a SimCSE run of 20 steps on the tiny encoder: 7 steps an epoch."""
    return [
        "train", "simcse", f"data.sources.0.path={sentences}", f"encoder.backbone={backbone}", "data.batch_size=32",
        "training.epochs=null", "training.steps=20", "training.learning_rate=1e-3", "training.precision=float32",
        "--out", str(out), *more,
    ]  # fmt: skip


def weights(run: Path) -> Weights:
    return load_file(run / "model" / "model.safetensors")


def are_equal(one: Weights, other: Weights) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(value, other[name]) for name, value in one.items())


@pytest.fixture(scope="module")
def unbroken(backbone: Path, sentences: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("runs") / "unbroken"
    textcl_anew(*simcse(backbone, sentences, out))
    return out


def test_a_run_folder_holds_what_a_run_leaves(unbroken: Path) -> None:
    assert {"recipe.yaml", "run.json", "log.jsonl", "checkpoints", "model"} <= {
        path.name for path in unbroken.iterdir()
    }
    log = [json.loads(line) for line in (unbroken / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in log] == list(range(1, 21))
    assert log[-1]["loss"] < log[0]["loss"]
    assert json.loads((unbroken / "run.json").read_text())["data"]["rows"] == 203


def test_the_model_opens_in_both_libraries_with_the_same_vectors(unbroken: Path) -> None:
    ours = textcl.load(str(unbroken)).encode(TEXTS)
    theirs = SentenceTransformer(str(unbroken / "model"), device="cpu").encode(TEXTS)
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-6)


def test_a_checkpoint_opens_as_a_model_too(unbroken: Path) -> None:
    checkpoint = textcl.load(str(unbroken / "checkpoints" / "step-20" / "model"))
    np.testing.assert_allclose(checkpoint.encode(TEXTS), textcl.load(str(unbroken)).encode(TEXTS), atol=1e-6)


def test_the_resolved_recipe_repeats_the_run_bit_for_bit(unbroken: Path, tmp_path: Path) -> None:
    run_textcl("train", unbroken / "recipe.yaml", "--out", tmp_path / "again")
    assert are_equal(weights(tmp_path / "again"), weights(unbroken))


def test_a_run_killed_in_the_middle_of_an_epoch_goes_on_bit_for_bit_with_other_workers(
    backbone: Path, sentences: Path, unbroken: Path, tmp_path: Path
) -> None:
    arguments = simcse(backbone, sentences, tmp_path / "killed", "training.save_every=3")
    process = started(*arguments, "data.workers=2", output=tmp_path / "said")
    wait_for(tmp_path / "killed/checkpoints/step-9", process)
    workers = [int(worker) for worker in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    assert len(workers) == 2
    process.kill()
    process.join()
    assert not (tmp_path / "killed/model").exists()
    run_textcl(*arguments, "data.workers=0", "--resume")
    assert are_equal(weights(tmp_path / "killed"), weights(unbroken))
    assert not any(is_running(worker) for worker in workers)


def test_ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on(
    backbone: Path, sentences: Path, unbroken: Path, tmp_path: Path
) -> None:
    arguments = simcse(backbone, sentences, tmp_path / "stopped", "training.save_every=3")
    process = started(*arguments, output=tmp_path / "said")
    wait_for(tmp_path / "stopped/checkpoints/step-3", process)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: the workers get it too
    process.join(60)
    said = (tmp_path / "said").read_text()
    assert process.exitcode == 130
    assert "--resume" in said
    assert "Traceback" not in said
    with pytest.raises(ProcessLookupError):  # nobody is left of the group
        os.killpg(process.pid, 0)
    run_textcl(*arguments, "--resume")
    assert are_equal(weights(tmp_path / "stopped"), weights(unbroken))


def test_a_used_folder_is_not_overwritten(backbone: Path, sentences: Path, unbroken: Path) -> None:
    before = weights(unbroken)
    said = run_textcl(*simcse(backbone, sentences, unbroken), expect=1)
    assert "is not empty" in said
    assert "--resume" in said
    assert are_equal(weights(unbroken), before)


def test_dropout_views_without_dropout_are_refused(backbone: Path, sentences: Path, tmp_path: Path) -> None:
    said = run_textcl(*simcse(backbone, sentences, tmp_path / "out", "encoder.dropout=0"), expect=1)
    assert "encoder.dropout=0.1" in said
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def recipe(backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe over 41 pairs, 16 a batch: the last batch of an epoch has 9 rows, which two ranks share unequally."""
    folder = tmp_path_factory.mktemp("pairs")
    pairs = write_pairs(folder / "pairs.jsonl", 41)
    recipe = folder / "pairs.yaml"
    recipe.write_text(
        f"""
name: pairs
data: {{sources: [{{use: JsonLines, path: {pairs}}}], batch_size: 16, max_length: 32}}
encoder: {{backbone: {backbone}, dropout: 0.0}}
objective: {{use: InfoNCE, directions: [query_to_doc, doc_to_query], partition_mode: per_direction}}
training: {{steps: 6, learning_rate: 1.0e-3, precision: float32}}
"""
    )
    return recipe


@pytest.fixture(scope="module")
def one(recipe: Path) -> Path:
    """The folder of its run on one process."""
    run_textcl("train", recipe, "--out", recipe.parent / "one")
    return recipe.parent / "one"


LAUNCHERS = {
    "plain": [],
    "multi_gpu": ["--multi_gpu", "--main_process_port", "0"],
    "fsdp": ["--use_fsdp", "--fsdp_version", "2", "--fsdp_auto_wrap_policy", "TRANSFORMER_BASED_WRAP"],
    "fsdp of a file": ["--config_file", "fsdp2.yaml"],
}


@pytest.mark.parametrize(
    "launcher", ["plain", *(pytest.param(name, marks=pytest.mark.slow) for name in list(LAUNCHERS)[1:])]
)
def test_accelerate_launches_two_processes_that_do_what_one_does(
    recipe: Path, one: Path, backbone: Path, tmp_path: Path, launcher: str
) -> None:
    launch = [sys.executable, "-m", "accelerate.commands.accelerate_cli", "launch", "--num_processes", "2"]
    two = [*launch, *LAUNCHERS[launcher], "-m", "textcl", "train", str(recipe), "--out", str(tmp_path / "two")]
    page = (Path(__file__).parents[2] / "docs" / "several-processes.md").read_text()
    (tmp_path / "fsdp2.yaml").write_text(next(block for block in page.split("```") if "distributed_type" in block))
    done = subprocess.run(two, env=environment(), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert_same_run(one, tmp_path / "two", backbone)
    assert any(tmp_path.glob("two/checkpoints/*/part-1.pt")) is ("fsdp" in launcher)


@pytest.mark.slow
def test_two_machines_do_what_one_does(recipe: Path, one: Path, backbone: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    nodes = [
        subprocess.Popen(
            [
                sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc_per_node=1",
                "--rdzv_backend=c10d", "--rdzv_id=1", f"--rdzv_endpoint=127.0.0.1:{port}", "-m", "textcl",
                "train", str(recipe), "--out", str(tmp_path / "two"),
            ],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    said = [node.communicate(timeout=240)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], said
    assert_same_run(one, tmp_path / "two", backbone)


def assert_same_run(one: Path, two: Path, backbone: Path) -> None:
    """Compare a run of one process with one of two: the weights that have moved, and the losses."""
    assert json.loads((two / "run.json").read_text())["processes"] == 2
    alone, together = weights(one), weights(two)
    start = load_file(backbone / "model.safetensors")
    assert max(np.abs(alone[name] - start[name]).max() for name in alone) > 1e-3
    for name, value in alone.items():
        if name.endswith("key.bias"):
            continue  # moves no probability: its gradient is rounding noise, which AdamW scales up
        np.testing.assert_allclose(together[name], value, atol=2e-5, err_msg=name)
    losses = [[json.loads(line)["loss"] for line in (run / "log.jsonl").read_text().splitlines()] for run in (one, two)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


def wait_for(path: Path, process: BaseProcess) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert process.is_alive(), "the run ended before it could be interrupted"
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.005)


def is_running(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"
