"""The verbs together, and what a user sees when one of them fails."""

import errno
import logging
import os
import pkgutil
import sys
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from textcl.cli.launching import refuse_repeated_work
from textcl.errors import ElsewhereError, TextclError
from textcl.util.visible import one_line, visible_streams

# The help shows the verbs in this order, and then any other.
_ORDER = (
    "init", "recipes", "check", "train", "sweep", "report", "push", "evaluate", "compare", "reproduce", "leaks",
    "encode", "export", "index", "search", "bench", "mine", "clean", "augment", "classify", "cluster", "pairs", "merge",
)  # fmt: skip


class _Verbs(Mapping[str, TyperCommand | TyperGroup]):
    """The commands by their names. Each is a file of this folder with a function of its own name.

    A file is imported when its command is called for: `textcl search` does not wait for the options of the others.
    """

    def __getitem__(self, name: str) -> TyperCommand | TyperGroup:
        command = _command(name.replace("-", "_"))
        if command is None:
            raise KeyError(name)
        return command

    def __iter__(self) -> Iterator[str]:
        names = [file.replace("_", "-") for file in _files() if _command(file) is not None]
        return iter(sorted(names, key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER)))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class _Group(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast(MutableMapping[str, Any], _Verbs())  # which nobody changes

    def invoke(self, ctx: Any) -> Any:
        """Run a verb. Of a file that ends too soon click would say "Aborted!", and no more."""
        try:
            return super().invoke(ctx)
        except EOFError as error:
            raise RuntimeError(f"A file ended too soon: {error}") from error


app = _Group(
    name="textcl",
    help="Train sentence encoders on your own text, score them, and use them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@cache
def _files() -> tuple[str, ...]:
    return tuple(file.name for file in pkgutil.iter_modules([str(Path(__file__).parent)]) if file.name != "app")


@cache
def _command(file: str) -> TyperCommand | TyperGroup | None:
    """Return the command of a file; None where the file has no function of its name."""
    module = import_module(f"textcl.cli.{file}") if file in _files() else None
    verb = getattr(module, file, None)
    if isinstance(verb, typer.Typer):
        return typer.main.get_group(verb)
    if not callable(verb):
        return None
    one = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    one.command(cls=getattr(module, "COMMAND", None))(verb)
    command = typer.main.get_command(one)
    assert isinstance(command, TyperCommand)
    return command


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0, 1 for an error, 2 for wrong usage, 130 when interrupted.

    An error that the user can mend is told in its own words, without a traceback; with TEXTCL_DEBUG=1 there is one.

    Args:
        arguments: What follows `textcl`; None: what the process was started with.
    """
    # Each shape of chunk gets kernels of its own, and oneDNN would keep 1,024 of them: hundreds of megabytes. 32 hold
    # what the layers of one chunk share. It is read when torch is first imported.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    if arguments is None:
        _speak_utf8()
    with visible_streams(), _indented_warnings():
        _run(arguments)


_INDENT = "       "  # of the lines that follow the first of an error or a warning: no name in them begins one


class _Indented(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).replace("\n", f"\n{_INDENT}")


@contextmanager
def _indented_warnings() -> Iterator[None]:
    """Let no name in a warning begin a line that looks like an error or a result."""
    handler = logging.lastResort  # what prints warnings where nobody has set up the log
    before = None if handler is None else handler.formatter
    if handler is not None:
        handler.setFormatter(_Indented())
    try:
        yield
    finally:
        if handler is not None:
            handler.setFormatter(before)


def _speak_utf8() -> None:
    """Start again in the UTF-8 mode of Python where file names would be ASCII: recipes and data name others."""
    if sys.getfilesystemencoding() == "ascii" and os.environ.get("PYTHONUTF8") != "1":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (our own command line)


def _run(arguments: Sequence[str] | None) -> None:
    try:
        words = sys.argv[1:] if arguments is None else arguments
        _refuse_other_bytes(words)
        refuse_repeated_work(words)
        app.main(args=None if arguments is None else list(arguments), prog_name="textcl")
    except (Exception, SystemExit) as error:
        said = str(error) or type(error).__name__ if isinstance(error, TextclError) else _of_others(error)
        if isinstance(error, RuntimeError) and "home directory" in str(error):  # of pathlib, for ~nobody
            said = _NO_HOME.format(", ".join(word for word in arguments or sys.argv[1:] if "~" in word) or "a path")
        if said is None or os.environ.get("TEXTCL_DEBUG"):
            raise
        if not isinstance(error, ElsewhereError):  # the process that failed says what it was
            first, *more = said.splitlines()
            print("\n".join([f"Error: {first}", *(f"{_INDENT}{line}" for line in more)]), file=sys.stderr)
        sys.exit(1)


def _refuse_other_bytes(words: Sequence[str]) -> None:
    """Refuse what no recipe can name, no tokenizer reads and no file of text holds.

    Raises:
        TextclError: A word of the command line is not UTF-8.
    """
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError as error:
            raise TextclError(
                f"{word[:80]!a} on the command line is not UTF-8 at character {error.start + 1}. Rename the file, or "
                "write the text in UTF-8."
            ) from error


def _of_others(error: BaseException) -> str | None:
    """Return what is to be said of an error of no class of ours; None: it is a fault of ours, or an exit."""
    consent = sys.modules.get("textcl.recipe.consent")  # without which no code of others has run
    said = consent.outside_failure(error) if consent is not None and consent.let_in else None
    return said or (_of_the_machine(error) if isinstance(error, Exception) else None)


_NO_HOME = "{}: found a path that begins with ~ and the name of a user who has no home folder here."
_NO_MEMORY = (
    "allocate memory", "out of memory", "not enough memory", "bad_alloc", "start new thread", "map segment",
    "failed to allocate", "could not create a primitive", "could not create a memory",  # the last two are oneDNN's
)  # fmt: skip
_WAYS_OUT = {
    errno.EACCES: "Ask for access to it, or name another.",
    errno.EMFILE: "Raise how many a process may have: ulimit -n 4096.",
    errno.ENOSPC: "Make room on the disk and in the folder for temporary files, then run it again.",
}


def _of_the_machine(error: Exception) -> str | None:
    """Return what the machine refused wherever that was, and the way out; None for any other error, a fault of ours."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
        return _MEMORY
    if isinstance(error, SystemError):  # of code in C that got no memory for its error either
        return f"Python says '{error}', as it does where memory has run out. {_MEMORY}"
    if isinstance(error, OSError) and error.errno is not None:
        location = "" if error.filename is None else f"{error.filename}: "
        return f"{location}{error.strerror or error}. {_WAYS_OUT.get(error.errno, '')}".strip()
    if isinstance(error, RuntimeError | ImportError) and any(words in str(error) for words in _NO_MEMORY):
        return _MEMORY
    for number, way_out in _WAYS_OUT.items():  # of a library in another language, which keeps the system's words alone
        if os.strerror(number) in str(error):
            return f"{one_line(str(error))}. {way_out}"
    return None


_MEMORY = "There is not enough memory. Close other programs, or take smaller batches, a smaller model or fewer texts."
