"""The size of the house: how many modules it has, how long they are, how many of them a command needs."""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest

import textcl
from tests.cli.running import run
from tests.tiny import SENTENCES, tiny_encoder

PACKAGE = Path(textcl.__file__).parent
LINES = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}


NAMED = {"objectives", "augment", "data/sources", "evaluation/tasks", "cli", "workflows"}  # users look there by name


def test_machinery_fits_in_one_hundred_and_ninety_one_modules() -> None:
    """Objectives, augmentations, sources, tasks and verbs are a file each: they may grow, what they share may not."""
    rooms = [path.relative_to(PACKAGE).parent.as_posix() for path in LINES]
    assert len([room for room in rooms if room not in NAMED]) <= 191  # 300 when the house was built, 113 of them named


def test_the_median_module_has_at_least_ninety_five_lines() -> None:
    assert median(LINES.values()) >= 95


def test_no_module_has_more_than_three_hundred_and_fifty_lines() -> None:
    assert [str(path.relative_to(PACKAGE)) for path, lines in LINES.items() if lines > 350] == []


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny encoder."""
    folder = tmp_path_factory.mktemp("house") / "model"
    tiny_encoder().save(folder)
    return folder


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A text file, a sentence a line."""
    file = tmp_path_factory.mktemp("house") / "texts.txt"
    file.write_text("".join(f"{sentence} {number}\n" for number in range(9) for sentence in SENTENCES))
    return file


def python(*arguments: object) -> str:
    """Run python in a process of its own and return what it printed."""
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_training_without_tasks_runs_through_at_most_seventy_five_files(
    model: Path, texts: Path, tmp_path: Path
) -> None:
    ran = json.loads(
        python(
            "-m", "tests.contracts.files_that_run", "train", "simcse", f"data.sources.0.path={texts}",
            f"encoder.backbone={model}", "data.batch_size=16", "training.epochs=null", "training.steps=3",
            "--out", tmp_path / "run",
        )
    )  # fmt: skip
    assert {"cli/train.py", "training/loop.py", "objectives/info_nce.py"} <= set(ran)
    assert len(ran) <= 75, "\n".join(ran)


LOADED = """
import sys
from textcl.cli.app import main
try:
    main(sys.argv[1:])
except SystemExit as stop:
    assert not stop.code
print("loaded", *sys.modules)
"""
UNNEEDED_BY_SEARCH = {
    "sklearn", "datasets", "sentence_transformers", "pandas", "pyarrow", "matplotlib", "pytrec_eval", "faiss",
    *(f"textcl.{room}" for room in (
        "objectives", "augment", "training", "data", "evaluation", "mining", "cleaning", "export", "benchmark",
        "report.page", "hub", "recipe", "survey", "translate",
    )),
}  # fmt: skip


def test_a_search_loads_the_model_and_the_index_and_no_other_room(
    capsys: pytest.CaptureFixture[str], model: Path, texts: Path, tmp_path: Path
) -> None:
    run(capsys, "index", model, texts, "--out", tmp_path / "index")
    printed = python("-c", LOADED, "search", tmp_path / "index", "a man plays", "-k", 2).splitlines()[-1].split()
    assert printed[0] == "loaded"
    assert "textcl.workflows.search" in printed
    assert {name for name in UNNEEDED_BY_SEARCH if name in printed} == set()


def test_a_training_without_trackers_loads_none_of_them(model: Path, texts: Path, tmp_path: Path) -> None:
    printed = python(
        "-c", LOADED, "train", "simcse", f"data.sources.0.path={texts}", f"encoder.backbone={model}",
        "data.batch_size=16", "training.steps=1", "--out", tmp_path / "run",
    ).splitlines()[-1].split()  # fmt: skip
    assert "textcl.training.loop" in printed
    assert {"tensorboard", "trackio", "wandb", "mlflow", "optuna", "textcl.workflows.run.tracking"} & {
        *printed
    } == set()


@pytest.mark.parametrize("verb", ["--help", "recipes"])
def test_help_and_lists_wait_for_no_heavy_package(verb: str) -> None:
    printed = python("-c", LOADED, verb).splitlines()[-1].split()
    assert {"torch", "transformers", "numpy"} & set(printed) == set()
