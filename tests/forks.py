"""Processes that have everything imported: each is a fork of a server, which runs nothing itself and has no threads."""

import os
import sys
from collections.abc import Callable, Mapping
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import torch.multiprocessing as mp

METHOD = "forkserver"
FORKS = get_context(METHOD)
FORKS.set_forkserver_preload([
    "pytest",
    "torch.distributed.optim",
    "transformers.models.bert.modeling_bert",
    "textcl.benchmark.measure",
    "textcl.cli.app",
    "textcl.cli.launching",
    "textcl.cli.push",
    "textcl.translate.seq2seq",
    "textcl.workflows.back_translate",
    "textcl.workflows.index",
    "textcl.workflows.run.build",
    "textcl.workflows.train",
    "tests.contracts.objectives",
    "tests.tiny",
    "tests.training.test_loop",
])  # fmt: skip


def on_ranks(process: Callable[..., None], *arguments: object, count: int = 2) -> None:
    """Run `process(rank, *arguments)` on this many ranks, each a process, and wait for all."""
    mp.start_processes(process, arguments, nprocs=count, start_method=METHOD)


def started(
    function: Callable[..., object], *arguments: object, output: Path, environment: Mapping[str, str]
) -> BaseProcess:
    """Start `function(*arguments)` in a process and a session of its own; what it prints goes to a file."""
    process = FORKS.Process(target=_apart, args=(function, arguments, output, dict(environment)))
    process.start()
    return process


def _apart(function: Callable[..., object], arguments: tuple[object, ...], output: Path, environment: dict[str, str]):
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    with output.open("wb") as file:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(file.fileno(), stream.fileno())
    function(*arguments)
