"""The verbs together, and what a user sees when one of them fails."""

import os
import sys
from collections.abc import Sequence

import typer

from textcl.cli.augment import augment
from textcl.cli.bench import bench
from textcl.cli.check import check
from textcl.cli.clean import clean
from textcl.cli.compare import compare
from textcl.cli.encode import encode
from textcl.cli.evaluate import EvaluateCommand, evaluate
from textcl.cli.export import export
from textcl.cli.index import index
from textcl.cli.init import init
from textcl.cli.leaks import leaks
from textcl.cli.mine import mine
from textcl.cli.push import push
from textcl.cli.recipes import recipes
from textcl.cli.report import report
from textcl.cli.reproduce import reproduce
from textcl.cli.search import search
from textcl.cli.train import train
from textcl.errors import ElsewhereError, TextclError
from textcl.util.visible import visible_streams

# The files of the verbs import torch, transformers and the rooms above them inside their functions: those take seconds,
# and `textcl --help` should not.
app = typer.Typer(
    name="textcl",
    help="Train sentence encoders on your own text, score them, and use them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_VERBS = (
    init, recipes, check, train, report, push, evaluate, compare, reproduce, leaks, encode, export, index, search,
    bench, mine, clean,
)  # fmt: skip
for _verb in _VERBS:
    app.command(cls=EvaluateCommand if _verb is evaluate else None)(_verb)
app.add_typer(augment, name="augment")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0, 1 for an error, 2 for wrong usage, 130 when interrupted.

    An error that the user can mend is told in its own words, without a traceback; with TEXTCL_DEBUG=1 there is one.

    Args:
        arguments: What follows `textcl`; None: what the process was started with.
    """
    # Each shape of chunk gets kernels of its own, and oneDNN would keep 1,024 of them: hundreds of megabytes. 32 hold
    # what the layers of one chunk share. It is read when torch is first imported.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32")
    with visible_streams():
        _run(arguments)


def _run(arguments: Sequence[str] | None) -> None:
    try:
        app(args=arguments, prog_name="textcl")
    except TextclError as error:
        if os.environ.get("TEXTCL_DEBUG"):
            raise
        if isinstance(error, ElsewhereError):
            sys.exit(1)  # the process that failed says what it was
        first, *more = str(error).splitlines() or [type(error).__name__]
        print("\n".join([f"Error: {first}", *(f"       {line}" for line in more)]), file=sys.stderr)
        sys.exit(1)
