"""What a launch is set to is done, or refused in words that name what does it."""

import pytest
import torch

from tests.cli.running import run
from textcl.cli import launching
from textcl.cli.launching import refuse_launch_settings, refuse_repeated_work, torchrun_options
from textcl.errors import TextclError
from textcl.util import precision

EVERY = ("FSDP", "DEEPSPEED", "MEGATRON_LM", "PARALLELISM_CONFIG")


@pytest.mark.parametrize("setting", EVERY)
def test_shards_of_a_launch_are_refused_with_the_keys_that_bound_memory(
    setting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"ACCELERATE_USE_{setting}", "true")
    with pytest.raises(TextclError, match=r"training\.live_tokens"):
        refuse_launch_settings("auto", "training.precision")


def test_fsdp_of_a_launch_is_for_verbs_that_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    refuse_launch_settings("auto", "training.precision", trains=True)
    with pytest.raises(TextclError, match="set to FSDP, and textcl does not do that here"):
        refuse_launch_settings("auto", "--precision")


def test_a_compiler_of_a_launch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_DYNAMO_BACKEND", "INDUCTOR")
    with pytest.raises(TextclError, match="--dynamo_backend no"):
        refuse_launch_settings("auto", "training.precision")


@pytest.mark.parametrize("has_bf16", [True, False])
@pytest.mark.parametrize("chosen", ["auto", "bf16", "float32"])
@pytest.mark.parametrize("asked", ["no", "bf16", "fp16", "fp8"])
def test_the_precision_of_a_launch_is_the_one_that_is_used_or_refused(
    asked: str, chosen: str, has_bf16: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", asked)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(precision, "multiplies_in_bf16", lambda device: has_bf16)
    used = "bf16" if chosen == "bf16" or (chosen == "auto" and has_bf16) else "float32"
    if asked in ("no", used):
        refuse_launch_settings(chosen, "training.precision")
    else:
        with pytest.raises(TextclError, match=rf"mixed precision {asked}.*training\.precision"):
            refuse_launch_settings(chosen, "training.precision")


def test_settings_that_accelerate_writes_for_nothing_are_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"DYNAMO_BACKEND": "NO", "MIXED_PRECISION": "no", "USE_FSDP": "false"}.items():
        monkeypatch.setenv(f"ACCELERATE_{name}", value)
    refuse_launch_settings("float32", "training.precision")


@pytest.mark.parametrize("arguments", [["encode", "m", "t.txt"], ["mine", "m"], ["augment", "back-translate", "x"]])
def test_a_verb_whose_work_is_not_shared_refuses_several_processes(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    done = run(capsys, *arguments)
    assert done.code == 1
    assert f"each would do all the work of `textcl {arguments[0]}`" in done.err


def test_verbs_that_share_their_work_and_help_are_for_any_number_of_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for arguments in ([*launching._SHARING], ["mine", "--help"], ["--help"], []):
        refuse_repeated_work(arguments)
    monkeypatch.setenv("WORLD_SIZE", "1")
    refuse_repeated_work(["mine"])


def test_processes_of_one_machine_are_started_there() -> None:
    assert torchrun_options({"num_processes": 4}) == ["--standalone", "--nproc_per_node", "4"]
    assert torchrun_options({"num_processes": 1, "num_machines": 1}) == []


def test_machines_share_the_processes_and_meet_at_the_first() -> None:
    launch = {"num_processes": 4, "num_machines": 2, "machine_rank": 1, "main_process_ip": "10.0.0.1"}
    options = ["--nnodes", "2", "--node_rank", "1", "--master_addr", "10.0.0.1", "--master_port", "29500"]
    assert torchrun_options(launch) == [*options, "--nproc_per_node", "2"]
    assert "29511" in torchrun_options(launch | {"main_process_port": 29511})


@pytest.mark.parametrize(
    ("launch", "message"),
    [
        ({"num_processes": 3, "num_machines": 2}, "3 processes on 2 machines"),
        ({"num_processes": 2, "num_machines": 2, "machine_rank": 0}, "--main_process_ip"),
    ],
)
def test_machines_that_cannot_share_or_meet_are_refused(launch: dict[str, object], message: str) -> None:
    with pytest.raises(TextclError, match=message):
        torchrun_options(launch)
