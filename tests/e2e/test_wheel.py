"""An installed wheel, far from the checkout, finds its recipes and suites."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds nothing but the installed wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder / "dist")]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = (folder / "dist").glob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "site")]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    return folder / "site"


def run(installed: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=installed.parent, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def test_it_is_the_wheel_that_runs(installed: Path) -> None:
    assert run(installed, "-c", "import textcl; print(textcl.__file__)").startswith(str(installed))


def test_it_needs_no_sentence_transformers_but_for_cross_encoders(installed: Path) -> None:
    code = "from importlib.metadata import requires; print(*requires('textcl'), sep='\\n')"
    needs = [line for line in run(installed, "-c", code).splitlines() if line.startswith("sentence-transformers")]
    assert needs
    assert all("extra ==" in line for line in needs)


def test_bundled_recipes_are_found_by_name(installed: Path) -> None:
    listed = run(installed, "-m", "textcl", "recipes")
    assert all(path.stem in listed for path in (CHECKOUT / "data_recipes").glob("*.yaml"))
    assert run(installed, "-m", "textcl", "recipes", "--show", "simcse").startswith("#")


def test_bundled_suites_and_their_data_are_found(installed: Path) -> None:
    code = "from textcl.evaluation.suites import load_suite; (task,) = load_suite('sts-smoke', None); print(task.name)"
    assert run(installed, "-c", code).strip() == "sts-smoke"


def test_the_page_of_a_run_is_made(installed: Path) -> None:
    folder = installed.parent / "run"
    folder.mkdir()
    (folder / "recipe.yaml").write_text("name: far-away\n")
    assert run(installed, "-m", "textcl", "report", str(folder)).strip() == str(folder / "report.html")
    assert '<h1 dir="auto">far-away</h1>' in (folder / "report.html").read_text()
