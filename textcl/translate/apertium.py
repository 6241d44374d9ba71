"""Apertium: translation by rules and dictionaries, an external program. Offline, fast on a CPU, always the same."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path

from textcl.errors import ModelError
from textcl.translate.apertium_data import digest_of_mode, install_hint, mode_names
from textcl.translate.engine import BEST, Decoding, MisalignedError, Translation
from textcl.translate.marked_stream import joined, one_line, parted

_SIGNS = "*#@"  # before a word that is unknown, can not be inflected, or has no translation
_HIDDEN = {ord(sign): chr(0xE000 + position) for position, sign in enumerate(_SIGNS)}
_SHOWN = {ord(hidden): chr(sign) for sign, hidden in _HIDDEN.items()}
_MARK = re.compile(r"[*#@]+(?=\S)")
_PATIENCE = 60.0  # seconds for any call
_SLOWEST = 500  # characters a second; ten times that and more is usual


class Apertium:
    """Translates with an installed Apertium.

    It puts a sign before each word that it could not translate. The signs are counted and taken off; where the text
    itself has such characters, they go through as others and come back.

    Args:
        program: The name or path of the program.
    """

    name = "apertium"
    lot = 2000
    by_rules = True

    def __init__(self, program: str = "apertium") -> None:
        self._program = program
        self._version = cache(self._read_version)

    def version(self, source: str, target: str) -> str:
        """Return the program's version and a digest of the dictionaries and rules of this direction."""
        return self._version(self._mode(source, target))

    def translate(
        self, texts: Sequence[str], source: str, target: str, decoding: Decoding = BEST, seed: int = 0
    ) -> list[Translation]:
        """Translate texts in one call of the program."""
        if decoding != BEST:
            raise ValueError("Apertium translates by rules; it has nothing to decode.")
        stream = joined([one_line(text).translate(_HIDDEN) for text in texts])
        command = [self._found, "-f", "txt", self._mode(source, target)]
        found = _through(command, stream, _PATIENCE + len(stream) / _SLOWEST)
        return [_translation(text) for text in parted(found, len(texts))]

    @cached_property
    def _found(self) -> str:
        found = shutil.which(self._program)
        if found is None:
            raise ModelError(f"Apertium is not installed: there is no program {self._program!r}. {install_hint()}")
        return found

    @cached_property
    def _modes(self) -> frozenset[str]:
        return frozenset(_told([self._found, "-l"]).split())

    def _mode(self, source: str, target: str) -> str:
        for name in mode_names(source, target):
            if name in self._modes:
                return name
        raise ModelError(
            f"Apertium has no data here that translates from {source!r} into {target!r}. {install_hint(source, target)}"
        )

    def _read_version(self, mode: str) -> str:
        version = _told([self._found, "-V"]).strip()
        return f"{version}, {mode} {digest_of_mode(Path(self._found), mode)}"


def _told(command: Sequence[str]) -> str:
    """Return what the program says of itself."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE).stdout  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise _can_not_be_run(command[0], fault) from fault


def _through(command: Sequence[str], stream: str, patience: float) -> str:
    """Pass a stream through the program, which is a pipeline of many: all of them end with it."""
    try:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as fault:
        raise _can_not_be_run(command[0], fault) from fault
    try:
        written, _ = process.communicate(stream.encode(), timeout=patience)
    except subprocess.TimeoutExpired as fault:
        raise MisalignedError(f"{command[0]} took more than {patience:.0f} seconds") from fault
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode:
        raise MisalignedError(f"{command[0]} left with code {process.returncode}")
    return written.decode("utf-8", "replace")


def _can_not_be_run(program: str, fault: Exception) -> ModelError:
    return ModelError(f"{program} can not be run: {fault}. Does `{program} -V` work in a shell?")


def _translation(marked: str) -> Translation:
    unknown = len(_MARK.findall(marked))
    return Translation(" ".join(_MARK.sub("", marked).split()).translate(_SHOWN), unknown)
