"""How a verb that computes sets up its process, becomes several where that was asked for, and ends when it is stopped.

`accelerate launch --num_processes N` on a machine without a GPU: it starts one process, and here the others join. On
GPUs accelerate starts N processes itself. On CPUs, where it would want MPI, it starts one and says nothing; a run of
two processes would silently be a run of one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from textcl.errors import TextclError

if TYPE_CHECKING:
    from textcl.workflows.run.folder import Outcome

_STARTED = (
    "LOCAL_RANK",
    "WORLD_SIZE",
    "PMI_SIZE",
    "OMPI_COMM_WORLD_SIZE",
    "MV2_COMM_WORLD_SIZE",
)  # torchrun's and MPI's


# What `accelerate launch` may be set to and textcl does not do: the variable it sets, and its name.
_NOT_DONE = {
    "ACCELERATE_USE_FSDP": "FSDP",
    "ACCELERATE_USE_DEEPSPEED": "DeepSpeed",
    "ACCELERATE_USE_MEGATRON_LM": "Megatron-LM",
    "ACCELERATE_USE_PARALLELISM_CONFIG": "a parallelism of other kinds than data",
}
_SHARING = ("train", "reproduce", "evaluate", "index")  # the verbs whose work several processes share


def refuse_repeated_work(arguments: Sequence[str]) -> None:
    """Refuse a launch of several processes for a verb that would do all its work in each of them.

    Args:
        arguments: What follows `textcl`.

    Raises:
        TextclError: The processes would not share the work.
    """
    count = os.environ.get("WORLD_SIZE", "1")
    verb = next((word for word in arguments if not word.startswith("-")), "")
    if count.isdecimal() and int(count) > 1 and verb and verb not in _SHARING and "--help" not in arguments:
        raise TextclError(
            f"{count} processes were launched, and each would do all the work of `textcl {verb}`. Start it alone, "
            f"without torchrun or accelerate launch. {', '.join(_SHARING)} share theirs."
        )


def refuse_launch_settings(precision: str, named: str, *, trains: bool = False) -> None:
    """Refuse what a launch is set to and textcl would not do.

    Args:
        precision: What the encoder multiplies in: float32, bf16 or auto.
        named: How the user sets it: `training.precision` in a recipe, `--precision` on the command line.
        trains: Whether the verb trains, and so can share weights out.

    Raises:
        TextclError: Names the setting, and what to do instead.
    """
    for variable, name in _NOT_DONE.items():
        is_done = trains and variable == "ACCELERATE_USE_FSDP"
        if os.environ.get(variable, "").lower() in ("1", "true", "yes") and not is_done:
            raise TextclError(
                f"accelerate launch is set to {name}, and textcl does not do that here. Launch without it (`accelerate "
                "config`). What saves memory in training are training.shard, encoder.adapter, encoder.weights, "
                "training.recompute and training.live_tokens of the recipe."
            )
    if os.environ.get("ACCELERATE_DYNAMO_BACKEND", "NO").upper() != "NO":
        raise TextclError(
            "accelerate launch is set to compile with dynamo, and textcl does not do that. Launch with "
            "--dynamo_backend no."
        )
    asked = os.environ.get("ACCELERATE_MIXED_PRECISION", "no").lower()
    if asked != "no" and not _is_done(asked, precision):
        raise TextclError(
            f"accelerate launch is set to mixed precision {asked}, and this would run in {precision}. textcl takes it "
            f"from {named}: bf16, fp16, float32 or auto, which is bf16 where the hardware is fast at it. Launch "
            f"with --mixed_precision no{f', and set {named} to {asked}' if asked in ('bf16', 'fp16') else ''}."
        )


def _is_done(asked: str, precision: str) -> bool:
    """Say whether the precision that a launch is set to is what the encoder multiplies in."""
    from textcl.util.precision import best_device, resolve

    return asked == resolve(precision, best_device()).value


def prepare_to_train() -> None:
    """Set up the process, before torch is first imported, and become several if several were asked for."""
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")  # torch: large tensors in huge pages, with far fewer page faults
    start_missing_processes()


def start_missing_processes() -> None:
    """Become torchrun with as many processes as `accelerate launch` was asked for, if it left them out.

    Raises:
        TextclError: It was asked for several, and how many cannot be found out, or they cannot be shared out.
    """
    wants_several = "ACCELERATE_MIXED_PRECISION" in os.environ and "MASTER_ADDR" in os.environ
    if not wants_several or any(name in os.environ for name in _STARTED):
        return
    launch = _launch()
    if launch is None:
        raise TextclError(
            "accelerate launch started one process of several, as it does on CPUs. Start them with "
            f"torchrun --standalone --nproc_per_node N -m textcl {' '.join(sys.argv[1:])}"
        )
    options = torchrun_options(launch)
    if options:
        command = [sys.executable, "-m", "torch.distributed.run", *options, "-m", "textcl", *sys.argv[1:]]
        os.execv(sys.executable, command)  # noqa: S606 (our own command line)


def torchrun_options(launch: Mapping[str, object]) -> list[str]:
    """Return what torchrun is started with for what `accelerate launch` was asked for; nothing for one process.

    Args:
        launch: `num_processes` of all machines, `num_machines`, `machine_rank`, `main_process_ip` and
            `main_process_port`, as its options and its configuration file have them.

    Raises:
        TextclError: The machines cannot have equally many processes, or do not know where they meet.
    """
    processes, machines = (int(str(launch.get(name) or 1)) for name in ("num_processes", "num_machines"))
    if processes % machines:
        raise TextclError(
            f"accelerate launch: {processes} processes on {machines} machines; --num_processes is of all machines "
            "together, and must be a multiple of --num_machines."
        )
    here = ["--nproc_per_node", str(processes // machines)]
    if machines == 1:
        return ["--standalone", *here] if processes > 1 else []
    address = launch.get("main_process_ip")
    if not address:
        raise TextclError("accelerate launch: several machines want --main_process_ip, the address of the first.")
    nodes = ["--nnodes", str(machines), "--node_rank", str(launch.get("machine_rank") or 0)]
    port = str(launch.get("main_process_port") or 29500)  # accelerate's own
    return [*nodes, "--master_addr", str(address), "--master_port", port, *here]


_ASKED = ("num_processes", "num_machines", "machine_rank", "main_process_ip", "main_process_port")


def _launch() -> dict[str, object] | None:
    """Return what the `accelerate launch` that started this process was asked for; None without one."""
    import psutil
    from accelerate.commands.config.config_args import default_config_file, load_config_from_file
    from accelerate.commands.launch import launch_command_parser

    parent = psutil.Process().parent()
    words = parent.cmdline() if parent else []
    if "launch" not in words:
        return None
    arguments, _ = launch_command_parser().parse_known_args(words[words.index("launch") + 1 :])
    written = None
    if arguments.config_file or Path(default_config_file).is_file():
        written = load_config_from_file(arguments.config_file)
    asked = {name: getattr(arguments, name, None) for name in _ASKED}
    return {name: getattr(written, name, None) if value is None else value for name, value in asked.items()}


@contextmanager
def reporting_stops(folder: Path) -> Iterator[None]:
    """Leave with 130 where the run in a folder is stopped, and say how it goes on."""
    from textcl.training.loop import Stopped

    try:
        yield
    except Stopped as stopped:
        typer.echo(str(stopped), err=True)
        raise typer.Exit(130) from None
    except KeyboardInterrupt:
        typer.echo(f"Interrupted. Checkpoints, if there are any, are in {folder / 'checkpoints'}.", err=True)
        raise typer.Exit(130) from None


def show_outcome(outcome: Outcome) -> None:
    """Print the scores before and after a run side by side, and where its model lies; on the first process only."""
    from textcl.cli.screen import results
    from textcl.distributed import join_ranks
    from textcl.report.tables import comparison_table

    if not join_ranks().is_main:
        return
    if outcome.difference:
        results().print(comparison_table(outcome.before, outcome.after, outcome.difference))
    print(f"The model is in {outcome.folder / 'model'}")
