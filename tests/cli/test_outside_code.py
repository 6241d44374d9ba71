"""What is said where a component of the user's own fails: its location, its name and its lines."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import Finished, run
from tests.recipe.minimal import minimal, write_recipe_file

OWN = """
import torch
from textcl.types import Augmentation, Example, InputAugmentation, Objective, Source


class Loud(Augmentation):
    def __init__(self, code: str = ""):
        self.code = code
        if code == "value":
            raise ValueError

    def __call__(self, text, rng):
        return shouted(text, self.code)


class Odd(Exception):
    def __init__(self, first, second):  # which cannot be sent from process to process
        super().__init__("odd")


def raises():
    raise Odd(1, 2)


def shouted(text, code):
    return eval(code, NAMES | {"text": text})


NAMES = {"raises": raises}


class Moved(InputAugmentation):
    def change(self, sequence, rng):
        return None


class Loss(Objective):
    def __init__(self, code: str):
        super().__init__()
        self.code, self.steps = code, 0

    def forward(self, batch):
        self.steps += 1
        return eval(self.code, {"batch": batch, "steps": self.steps, "torch": torch})


class Rows(Source):
    fingerprint = "rows"

    def __init__(self, code: str):
        self.code = code

    def __len__(self):
        return 9

    def __getitem__(self, row):
        return eval(self.code, {"row": row, "Example": Example})

    def location(self, row):
        return f"row {row}"
"""
LATER = "batch.views[0].sum() * 0 + (1 if steps < 3 else [][steps])"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of components."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr("textcl.recipe.consent.let_in", {})
    (tmp_path / "own_parts.py").write_text(OWN, encoding="utf-8")
    (tmp_path / "lines.txt").write_text("".join(f"the man sees {n} birds\n" for n in range(9)), encoding="utf-8")
    yield tmp_path / "own_parts.py"
    sys.modules.pop("own_parts", None)


def trained(capsys: pytest.CaptureFixture[str], model: Path, place: str, *more: str) -> Finished:
    raw = minimal(
        data={"sources": [{"use": "TextLines", "path": "lines.txt"}], "batch_size": 2, "max_length": 8, "workers": 0},
        encoder={"backbone": str(model)},
        training={"steps": 4, "save_every": 4},
    )
    recipe = write_recipe_file(Path(), raw)
    return run(capsys, "train", recipe, place, *more, "--out", "run", "--allow-code", "./own_parts.py")


def loud(code: str) -> str:
    return f"data.views=[{{role: anchor, augment: [{{use: 'own_parts:Loud', code: '{code}'}}]}}, {{role: positive}}]"


def line(own: Path, code: str) -> int:
    return 1 + next(n for n, text in enumerate(own.read_text().splitlines()) if code in text)


@pytest.mark.parametrize("workers", [0, 1])
def test_the_error_names_the_location_the_class_and_the_lines_of_the_user(
    capsys: pytest.CaptureFixture[str], own: Path, tiny_model_folder: Path, workers: int
) -> None:
    finished = trained(capsys, tiny_model_folder, loud("1 / 0"), f"data.workers={workers}")
    assert finished.code == 1
    assert finished.err.partition("Error: ")[2].splitlines() == [
        "data.views.0.augment.0: own_parts:Loud raised ZeroDivisionError: division by zero",
        f"       {own}, line {line(own, 'return shouted')}, in __call__: return shouted(text, self.code)",
        f'       {own}, line {line(own, "return eval(code")}, in shouted: return eval(code, NAMES | {{"text": text}})',
        "       It is code outside textcl. TEXTCL_DEBUG=1 shows the whole traceback.",
    ]


def test_an_error_that_no_process_can_send_keeps_its_name_and_its_lines(
    capsys: pytest.CaptureFixture[str], own: Path, tiny_model_folder: Path
) -> None:
    said = trained(capsys, tiny_model_folder, loud("raises()"), "data.workers=1").err.partition("Error: ")[2]
    assert said.startswith("data.views.0.augment.0: own_parts:Loud raised RuntimeError: Odd: odd\n")
    assert f"{own}, line {line(own, 'raise Odd')}, in raises: raise Odd(1, 2)\n" in said


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (loud("exit(0)"), "data.views.0.augment.0: own_parts:Loud raised SystemExit: 0"),
        (loud("open(text)"), "data.views.0.augment.0: own_parts:Loud raised FileNotFoundError: [Errno 2] No such file"),
        (loud("value"), "data.views.0.augment.0: own_parts:Loud raised ValueError"),
        (loud("len(text)"), "Loud returned 20, but an augmentation returns a text."),
        (
            "data.views=[{role: anchor, input: [{use: 'own_parts:Moved'}]}, {role: positive}]",
            "Moved returned None, but an input augmentation returns an InputSequence.",
        ),
        ("objective={use: 'own_parts:Loss', code: '{}[steps]'}", "objective: own_parts:Loss raised KeyError: 1"),
        ("objective={use: 'own_parts:Loss', code: 'None'}", "Loss returned None as its loss, but a loss is a tensor "),
        (
            "objective={use: 'own_parts:Loss', code: 'batch.views[0]'}",
            "Loss returned a tensor of (2, 16) as its loss, ",
        ),
        ("data.sources=[{use: 'own_parts:Rows', code: 'row.x'}]", "data.sources.0: own_parts:Rows raised AttributeErr"),
        (
            "data.sources=[{use: 'own_parts:Rows', code: 'str(row)'}]",
            "data.sources.0: row 0 of own_parts:Rows is '0', ",
        ),
    ],
)
def test_whatever_a_component_raises_or_returns_is_told(
    capsys: pytest.CaptureFixture[str], own: Path, tiny_model_folder: Path, place: str, said: str
) -> None:
    finished = trained(capsys, tiny_model_folder, place)
    assert finished.code == 1
    assert finished.err.partition("Error: ")[2].startswith(said)


def test_the_steps_before_it_are_kept_and_named(
    capsys: pytest.CaptureFixture[str], own: Path, tiny_model_folder: Path
) -> None:
    finished = trained(capsys, tiny_model_folder, f"objective={{use: 'own_parts:Loss', code: '{LATER}'}}")
    assert "objective: own_parts:Loss raised IndexError: list index out of range\n" in finished.err
    assert "The 2 steps before it are kept in run/checkpoints/step-2" in finished.err
    assert Path("run/checkpoints/step-2").is_dir()


def test_a_traceback_is_there_for_those_who_ask(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, own: Path, tiny_model_folder: Path
) -> None:
    monkeypatch.setenv("TEXTCL_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        trained(capsys, tiny_model_folder, loud("1 / 0"))
