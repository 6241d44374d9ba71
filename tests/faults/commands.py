"""Commands in forks of this process, which holds everything imported: one costs what its own work costs."""

import importlib
import os
import pkgutil
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import scipy.stats
import torch
import transformers.models.bert.modeling_bert
import transformers.models.bert.tokenization_bert

import textcl
from textcl.cli.app import main
from textcl.errors import TextclError

LIMIT = 60.0  # seconds of a command
_MEMORY = 4 << 30  # bytes of addresses of a command, beyond those that are taken already
_BY_IMPORT = (scipy.stats, transformers.models.bert)

torch.set_num_threads(1)  # a fork must find no threads
for _module in pkgutil.walk_packages(textcl.__path__, "textcl."):
    if not _module.name.endswith("__main__"):
        importlib.import_module(_module.name)


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int  # negative: the signal that killed it
    out: str
    err: str
    timed_out: bool = False

    @property
    def said(self) -> str:
        """The last lines that it wrote, for a report."""
        return " ⏎ ".join((self.err.strip() or self.out.strip()).splitlines()[-3:])[-500:]


class Command:
    """A command on its way, in a group of processes of its own.

    Args:
        work: What it does; the words behind `textcl` stand for that command line.
        folder: Where it runs.
        before: Called in its process first.
        typed: What it finds on its standard input.
    """

    def __init__(
        self,
        work: Sequence[str] | Callable[[], object],
        folder: Path,
        before: Callable[[], object] | None = None,
        typed: bytes = b"",
    ) -> None:
        self._began = time.monotonic()
        self._streams = [tempfile.TemporaryFile() for _ in range(3)]  # noqa: SIM115 (read when it has ended)
        self._streams[0].write(typed)
        self._streams[0].seek(0)
        self.pid = os.fork()
        if not self.pid:
            _become(work, folder, before, self._streams)
        self._status: int | None = None

    def has_ended(self) -> bool:
        """Say whether it is over."""
        if self._status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._status = status if pid else None
        return self._status is not None

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to it and what it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def wait(self, limit: float = LIMIT) -> Outcome:
        """Wait until it ends, and kill it so many seconds after its start."""
        is_late = False
        while not self.has_ended():
            time.sleep(0.003)
            if time.monotonic() - self._began > limit and not is_late:
                is_late = True
                self.kill()
        self.kill()  # what it has left running
        out, err = (_content(stream) for stream in self._streams[1:])
        return Outcome(os.waitstatus_to_exitcode(self._status or 0), out, err, is_late)


def run(
    work: Sequence[str] | Callable[[], object],
    folder: Path,
    before: Callable[[], object] | None = None,
    typed: bytes = b"",
    limit: float = LIMIT,
) -> Outcome:
    """Run a command to its end; the arguments are those of `Command`, `limit` its seconds."""
    return Command(work, folder, before, typed).wait(limit)


def _content(stream: IO[bytes]) -> str:
    stream.seek(0)
    content = stream.read()
    stream.close()
    return content.decode("utf-8", "replace")


def _become(
    work: Sequence[str] | Callable[[], object],
    folder: Path,
    before: Callable[[], object] | None,
    streams: Sequence[IO[bytes]],
) -> None:
    """Be the command, and never return."""
    code = 70
    try:
        os.setsid()
        for number, stream in enumerate(streams):
            os.dup2(stream.fileno(), number)
        sys.stdin, sys.stdout = os.fdopen(0, "r", closefd=False), os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)
        os.chdir(folder)
        _bound_memory()
        if before is not None:
            before()
        code = _exit_code(work)
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _bound_memory() -> None:
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + _MEMORY, taken + _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _exit_code(work: Sequence[str] | Callable[[], object]) -> int:
    try:
        if callable(work):
            work()
        else:
            main(list(work))
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    except TextclError as error:  # of Python: what the command line prints in its place
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0
