"""Whether a command ended as one may: it worked, or told in a line what is wrong and where."""

import re
import signal
from collections.abc import Sequence
from pathlib import Path

from tests.faults.commands import Outcome

_TELLS = re.compile(r"^(Error: |Usage: |Stopped\. |Interrupted\.|Aborted)", re.MULTILINE)
_RAISED = re.compile(r"^[\w.]+: .*|^[\w.]+(Error|Exception)$")


def fault_of(outcome: Outcome, names: Sequence[str] = (), must_fail: bool = False) -> str | None:
    """Say what is wrong with how a command ended; None: nothing.

    Args:
        outcome: How it ended.
        names: An error has to name one of these; empty: any error will do.
        must_fail: Whether it may not work.
    """
    if outcome.timed_out:
        return "it hangs"
    if outcome.code < 0:
        return f"killed by {signal.Signals(-outcome.code).name}"
    if "Traceback (most recent call last)" in outcome.err:
        raised = [line for line in outcome.err.splitlines() if _RAISED.match(line)]
        return f"traceback: {(raised or ['?'])[-1][:160]}"
    if outcome.code == 0:
        return "it worked" if must_fail else None
    if not _TELLS.search(outcome.err):
        return f"exit code {outcome.code} without an error"
    if names and not any(name in outcome.err for name in names):
        return f"the error names none of {', '.join(names)}: {outcome.said}"
    return None


def half_written(folder: Path) -> str | None:
    """Say which files a command has left half written; None: none."""
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob(".*.part"))
    return f"half written: {', '.join(left)}" if left else None


def steering(outcome: Outcome) -> str | None:
    """Say which control characters reached the screen; None: none but line ends and those of progress bars."""
    found = re.search(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", outcome.out + outcome.err)
    return f"the screen got the control character U+{ord(found[0]):04X}" if found else None
