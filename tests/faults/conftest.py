"""What every kind of fault finds: things to break, and figures at the end."""

from pathlib import Path

import pytest

from tests.faults.campaign import SEED, TRIED


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that is going to be broken."""
    from tests.faults.material import lay_out

    return lay_out(tmp_path_factory.mktemp("faults") / "base")


def pytest_report_header() -> str:
    """Name the seed before anything can fail."""
    return f"faults: FAULTS_SEED={SEED}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cases of each kind were tried."""
    if TRIED:
        tried = ", ".join(f"{count} {kind}" for kind, count in TRIED.items())
        terminalreporter.write_line(f"faults tried with FAULTS_SEED={SEED}: {tried}")
