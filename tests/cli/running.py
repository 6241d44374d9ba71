"""Run the command line in this process, as a user would."""

from dataclasses import dataclass

import pytest

from textcl.cli.app import main


@dataclass(frozen=True)
class Finished:
    """What a command left: its exit code and what it wrote."""

    code: int
    out: str
    err: str


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> Finished:
    """Run `textcl ARGUMENTS`."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    written = capsys.readouterr()
    code = left.value.code
    assert code is None or isinstance(code, int)
    return Finished(code or 0, written.out, written.err)
