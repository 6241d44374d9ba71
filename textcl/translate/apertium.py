"""Apertium: translation by rules and dictionaries, an external program. Offline, fast on a CPU, always the same.

Many texts through a program that reads and writes one stream, so that each comes back to its location.

Before each text stands a paragraph that holds its number, written in private-use characters, which no dictionary knows
and so every program hands on. What comes back is cut at these numbers; each must be there, once, in order.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import product
from pathlib import Path

from textcl.errors import ModelError
from textcl.translate.engine import BEST, THREE_LETTERS, Decoding, MisalignedError, Translation, exact_code, short_code

_PACKAGES = {
    frozenset({"en", "eo"}): "apertium-eo-en",
    frozenset({"en", "es"}): "apertium-eng-spa",
    frozenset({"en", "ca"}): "apertium-eng-cat",
    frozenset({"en", "gl"}): "apertium-en-gl",
}
_QUOTED = re.compile(r"'([^']+)'")


def mode_names(source: str, target: str) -> Iterator[str]:
    """Yield what the mode of a direction may be called: pairs have codes of two letters or of three."""
    for codes in product(_codes(source), _codes(target)):
        yield "-".join(codes)


def install_hint(source: str = "en", target: str = "eo") -> str:
    """Say which Debian package has a pair, as far as it is known to translate well enough both ways."""
    package = _PACKAGES.get(frozenset({short_code(source), short_code(target)}))
    if package is None:
        known = ", ".join(sorted(code for pair in _PACKAGES for code in pair - {"en"}))
        return f"For English it has the pivots {known}; other languages need another engine, such as marian."
    return f"apt-get install --no-install-recommends apertium {package}"


def digest_of_mode(program: Path, mode: str) -> str:
    """Digest the pipeline of a mode and the files that it names; other dictionaries are another digest."""
    digest = hashlib.blake2b(digest_size=8)
    file = program.parent.parent / "share" / "apertium" / "modes" / f"{mode}.mode"
    if file.is_file():
        pipeline = file.read_text(encoding="utf-8")
        digest.update(pipeline.encode())
        for name in _QUOTED.findall(pipeline):
            digest.update(Path(name).read_bytes() if Path(name).is_file() else b"")
    return digest.hexdigest()


def _codes(language: str) -> tuple[str, ...]:
    short = exact_code(language)
    return (short, THREE_LETTERS[short]) if short in THREE_LETTERS else (language,)


_OPEN, _CLOSE, _ZERO = "\ue003", "\ue004", 0xE010
_NUMBER = re.compile(f"{_OPEN}([\ue010-\ue019]+){_CLOSE}")
_RESERVED = range(0xE000, 0xE01A)  # also those that stand for signs with a meaning to the program
_BLANKED = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0), *_RESERVED, *range(0xD800, 0xE000)], " ")


def one_line(text: str) -> str:
    """Return a text on one line, single spaces in it, without control characters and those that are used here."""
    return " ".join(text.translate(_BLANKED).split())


def joined(texts: Sequence[str]) -> str:
    """Write texts, each on one line, as one stream; blank lines keep a program from reading over their ends."""
    parts = (f"{_numbered(position)}\n\n{text}\n\n" for position, text in enumerate(texts))
    return "".join(parts) + f"{_numbered(len(texts))}\n"


def parted(stream: str, count: int) -> list[str]:
    """Cut what came back into texts.

    Raises:
        MisalignedError: A number is missing, doubled or out of order, or something stands outside of all texts.
    """
    before, *rest = _NUMBER.split(stream)
    if rest[::2] != [_digits(position) for position in range(count + 1)]:
        raise MisalignedError(f"{count} texts went in, and what came out is not numbered from 0 to {count}")
    *texts, after = rest[1::2]
    stray = f"{before}{after}".strip()
    if stray or any(_is_reserved(text) for text in texts):
        raise MisalignedError("something stands between the texts that came out")
    return [text.strip() for text in texts]


def _numbered(position: int) -> str:
    return f"{_OPEN}{_digits(position)}{_CLOSE}"


def _digits(position: int) -> str:
    return "".join(chr(_ZERO + int(digit)) for digit in str(position))


def _is_reserved(text: str) -> bool:
    return any(_OPEN <= character <= chr(_RESERVED[-1]) for character in text)


_CHARACTERS = "*#@"  # before a word that is unknown, cannot be inflected, or has no translation
_HIDDEN = {ord(character): chr(0xE000 + position) for position, character in enumerate(_CHARACTERS)}
_SHOWN = {ord(hidden): chr(character) for character, hidden in _HIDDEN.items()}
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
    batch = 2000
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
        return frozenset(_reported([self._found, "-l"]).split())

    def _mode(self, source: str, target: str) -> str:
        for name in mode_names(source, target):
            if name in self._modes:
                return name
        raise ModelError(
            f"Apertium has no data here that translates from {source!r} into {target!r}. {install_hint(source, target)}"
        )

    def _read_version(self, mode: str) -> str:
        version = _reported([self._found, "-V"]).strip()
        return f"{version}, {mode} {digest_of_mode(Path(self._found), mode)}"


def _reported(command: Sequence[str]) -> str:
    """Return what the program says of itself."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE).stdout  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _can_not_be_run(command[0], error) from error


def _through(command: Sequence[str], stream: str, patience: float) -> str:
    """Pass a stream through the program, which is a pipeline of many: all of them end with it."""
    try:
        process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise _can_not_be_run(command[0], error) from error
    try:
        written, _ = process.communicate(stream.encode(), timeout=patience)
    except subprocess.TimeoutExpired as error:
        raise MisalignedError(f"{command[0]} took more than {patience:.0f} seconds") from error
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode:
        raise MisalignedError(f"{command[0]} left with code {process.returncode}")
    return written.decode("utf-8", "replace")


def _can_not_be_run(program: str, error: Exception) -> ModelError:
    return ModelError(f"{program} cannot be run: {error}. Does `{program} -V` work in a shell?")


def _translation(marked: str) -> Translation:
    unknown = len(_MARK.findall(marked))
    return Translation(" ".join(_MARK.sub("", marked).split()).translate(_SHOWN), unknown)
